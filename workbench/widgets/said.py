"""What people said of answers, each with a way to ask the question again."""

from collections.abc import Sequence

import streamlit as st

from rag.api.view import visible
from rag.database.feedback import Feedback, Rating
from workbench.widgets.times import ago

_RATINGS: dict[Rating | None, str] = {"up": "right", "down": "wrong", None: "no thumb"}
_WIDTHS = (5, 2, 4, 2, 2)


def show_said(said: Sequence[Feedback]) -> None:
    """Show what was said, the latest first."""
    if not said:
        st.caption("Nothing yet. Below each answer on the ask page there are thumbs, and a place for the right words.")
        return
    for each in said:
        columns = st.columns(_WIDTHS, vertical_alignment="center")
        columns[0].text(visible(each.question))
        columns[1].text(_RATINGS[each.rating])
        columns[2].text(visible(each.comment))
        columns[3].text(ago(each.at))
        with columns[4]:
            address = {"q": each.question}
            st.page_link("views/ask.py", label="Ask it", icon=":material/search:", query_params=address)
