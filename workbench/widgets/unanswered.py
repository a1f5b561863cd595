"""Questions that got no answer, each with a way to ask it and to make a case of it."""

from collections.abc import Sequence

import streamlit as st

from rag.api.view import visible
from rag.database.unanswered import Unanswered
from workbench.widgets.times import ago

_SAID = {"abstained": "no answer", "refused": "refused", "nothing_found": "nothing found"}
_WIDTHS = (5, 3, 2, 2, 2)


def show_unanswered(questions: Sequence[Unanswered]) -> None:
    """Show the questions, the latest first, with how often they were asked."""
    if not questions:
        st.caption(
            "None in the last 24 hours. They come from the query log of the API: what is asked here is not logged."
        )
        return
    for number, each in enumerate(questions):
        columns = st.columns(_WIDTHS, vertical_alignment="center")
        columns[0].text(visible(each.question))
        columns[1].text(f"{_SAID[each.status]}, {each.times} ×" if each.times > 1 else _SAID[each.status])
        columns[2].text(ago(each.last_at))
        with columns[3]:
            if st.button("Ask it", key=f"home_ask_{number}", type="tertiary", icon=":material/search:"):
                st.switch_page("views/ask.py", query_params={"q": each.question})
        with columns[4]:
            if st.button("Make a case", key=f"home_case_{number}", type="tertiary", icon=":material/add_task:"):
                st.switch_page("views/eval_sets.py", query_params={"question": each.question})
