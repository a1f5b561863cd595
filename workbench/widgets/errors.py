"""What pages show where there is nothing to show: the error, or the first step."""

import streamlit as st

from rag.api.view import visible
from rag.errors import RagError
from workbench import beginnings, state
from workbench.example import HANDBOOK
from workbench.widgets.folder_form import show_folder_form
from workbench.widgets.jobs import show_job


def show_error(error: RagError) -> None:
    """Show what went wrong and what to do."""
    st.error(error.title, icon=":material/error:")
    st.text(visible(str(error)))


def show_first_steps() -> None:
    """Show how to get something indexed, and do it at a click."""
    st.info("Nothing is indexed yet.", icon=":material/folder_open:")
    last = next((job for job in state.jobs().book.list("index", limit=1) if job.state != "done"), None)
    if last:
        show_job(last)
    if HANDBOOK.exists() and st.button(
        "Index the example handbook", key="first_example", type="primary", disabled=bool(last and not last.ended)
    ):
        beginnings.index_example()
        st.rerun()
    show_folder_form("first", "Or a folder of yours, on the machine where this runs", "Index this folder")
    st.markdown("On the command line:")
    st.code("plumbline index build PATH", language=None)
