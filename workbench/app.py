"""The workbench: navigation, and the one place that shows what went wrong."""

import streamlit as st

from rag.errors import RagError
from workbench.widgets import show_error

# Pages have no icons: Streamlit fetches the one of the page that is open from elsewhere, for the browser's tab.
# The default page lives at `/`: an address of its own would open a dialog that makes it inert.
PAGES = [
    st.Page("views/home.py", title="Home", default=True),
    st.Page("views/ask.py", title="Ask", url_path="ask"),
]

st.set_page_config(page_title="Plumbline", page_icon="🔎", layout="wide")
page = st.navigation(PAGES)
try:
    page.run()
except RagError as error:
    show_error(error)
