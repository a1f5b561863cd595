"""The workbench: navigation, and the one place that shows what went wrong."""

import streamlit as st

from rag.errors import RagError
from workbench.widgets import show_error

# The default page lives at `/`: an address of its own would open a dialog that makes it inert.
PAGES = [
    st.Page("views/home.py", title="Home", icon=":material/home:", default=True),
    st.Page("views/ask.py", title="Ask", icon=":material/search:", url_path="ask"),
]

st.set_page_config(page_title="Plumbline", layout="wide")
page = st.navigation(PAGES)
try:
    page.run()
except RagError as error:
    show_error(error)
