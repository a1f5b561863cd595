"""The workbench: navigation, and the one place that shows what went wrong."""

from collections.abc import Callable

import streamlit as st

from rag.errors import NoIndexError, RagError
from workbench.widgets.errors import show_error, show_first_steps

# Pages have no icons: Streamlit fetches the one of the page that is open from elsewhere, for the browser's tab.
# The default page lives at `/`: an address of its own would open a dialog that makes it inert.
PAGES = {
    "Answers": [
        st.Page("views/home.py", title="Home", default=True),
        st.Page("views/ask.py", title="Ask", url_path="ask"),
    ],
    "Documents": [
        st.Page("views/corpus.py", title="Corpus", url_path="corpus"),
        st.Page("views/chunks.py", title="Chunks", url_path="chunks"),
    ],
    "Tuning": [
        st.Page("views/eval_sets.py", title="Eval sets", url_path="eval_sets"),
        st.Page("views/experiment.py", title="Experiment", url_path="experiment"),
        st.Page("views/compare.py", title="Compare", url_path="compare"),
    ],
}


def show(draw: Callable[[], None]) -> None:
    """Draw a page, or what went wrong; where nothing is indexed the first steps, which may go wrong too."""
    try:
        draw()
    except NoIndexError:
        show(show_first_steps)
    except RagError as error:
        show_error(error)


st.set_page_config(page_title="Plumbline", page_icon="🔎", layout="wide")
show(st.navigation(PAGES).run)
