"""Whether every part works, in words and colour, and what to do where one does not."""

from collections.abc import Mapping

import streamlit as st

from rag.api.view import visible

_PARTS = {"database": "Database", "store": "Search index", "model": "Model of meaning"}


def show_health(health: Mapping[str, str]) -> None:
    """Show each part as working, or with what is wrong."""
    with st.container(horizontal=True, key="home_health"):
        for part, said in health.items():
            name = _PARTS.get(part, part.capitalize())
            if said == "ok":
                st.badge(f"{name}: works", icon=":material/check:", color="green")
            else:
                st.badge(f"{name}: does not work", icon=":material/error:", color="red")
    for part, said in health.items():
        if said != "ok":
            st.error(f"{_PARTS.get(part, part.capitalize())}: what to do", icon=":material/build:")
            st.text(visible(said))
    if any(said != "ok" for said in health.values()):
        st.markdown("`plumbline doctor` shows versions, addresses and limits.")
