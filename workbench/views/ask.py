"""Ask a question, read the answer beside its sources, see why it came out so, and what another bundle would say."""

import streamlit as st

from workbench import asking, state
from workbench.asking import Asked
from workbench.widgets.asked import show_one, show_two
from workbench.widgets.bundles import choose_bundles
from workbench.widgets.limits import choose_limits

st.title("Ask")
known = asking.bundles()
question = st.text_input(
    "Question",
    key="q",
    bind="query-params",
    placeholder="How many weeks of parental leave are there?",
    max_chars=state.settings().question.max_chars,
)
where, roles = choose_limits()
a, b = choose_bundles(known)
if not question:
    st.caption("The answer quotes your documents. Its address can be shared: it holds the question and the bundles.")
    st.stop()

asked = Asked(question, where, roles)
if b:
    show_two(asked, a, b, known)
else:
    show_one(asked, a, known)
