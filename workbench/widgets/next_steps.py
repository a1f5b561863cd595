"""The things that people do next, a button each."""

import streamlit as st

from workbench import beginnings, overview
from workbench.widgets.folder_form import show_folder_form

_PAGES = {
    "Look at the documents": ("views/corpus.py", ":material/description:"),
    "Compare two settings": ("views/experiment.py", ":material/compare_arrows:"),
}


def show_next_steps() -> None:
    """Show what to do next; what takes time is begun as a job."""
    with st.container(horizontal=True, key="home_next"):
        if st.button("Ask a question", key="home_ask", type="primary", icon=":material/search:"):
            st.switch_page("views/ask.py")
        if st.button("Refresh all sources", key="home_refresh", icon=":material/refresh:"):
            beginnings.refresh_all()
            st.rerun()
        with st.popover("Add a folder", icon=":material/create_new_folder:", key="home_add"):
            show_folder_form("home", "A folder or file on the machine where this runs", "Index it", overview.roles())
        for label, (page, icon) in _PAGES.items():
            if st.button(label, key=f"home_{page}", icon=icon):
                st.switch_page(page)
