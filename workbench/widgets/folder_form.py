"""A folder of one's own, and who may read it: then it is indexed."""

from collections.abc import Sequence

import streamlit as st

from rag.api.view import visible
from workbench import beginnings

_PUBLIC = "public"


def show_folder_form(key: str, label: str, button: str, roles: Sequence[str] = ()) -> None:
    """Ask for a folder and its readers, and begin to index it; roles: that are known."""
    with st.form(f"{key}_folder", border=False):
        path = st.text_input(label, key=f"{key}_path")
        readers = st.multiselect(
            "Who may read it",
            list(dict.fromkeys([_PUBLIC, *roles])),
            [_PUBLIC],
            key=f"{key}_roles",
            accept_new_options=True,
            format_func=visible,
            placeholder="Choose roles, or type a new one",
            help="Roles. `public` is for everybody; take it away for documents that only some may read.",
        )
        if st.form_submit_button(button, key=f"{key}_index"):
            beginnings.index_folder(path, readers)
            st.rerun()
