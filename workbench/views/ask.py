"""Ask a question, read the answer with its sources, and see what each stage did."""

from functools import cache
from uuid import uuid4

import streamlit as st

from rag.types import Request
from workbench import state
from workbench.widgets.answers import (
    show_answer,
    show_candidates,
    show_citation,
    show_leg,
    show_sentences,
    show_times,
)

LEGS = {"dense": "By meaning", "lexical": "By words"}

st.title("Ask")
service = state.service()
question = st.text_input(
    "Question",
    key="q",
    bind="query-params",
    placeholder="How many weeks of parental leave are there?",
    max_chars=state.settings().question.max_chars,
)
if not question:
    st.caption("The answer quotes your documents. Its address can be shared: it holds the question.")
    st.stop()

answered = service.pipeline.answer(Request(uuid4().hex, question, state.caller()))
show_answer(answered.answer)

if answered.answer.citations:
    st.subheader("Sources")
shown_document = cache(state.document)
for citation in answered.answer.citations:
    show_citation(citation, shown_document(citation.document_id, citation.version), state.api_url())

st.subheader("How this came about")
trace = answered.trace
legs = [name for name in LEGS if name in trace.legs]
times, *searched, fused, read = st.tabs(
    [
        "Times",
        *(f"{LEGS[name]} ({len(trace.legs[name])})" for name in legs),
        f"Fused ({len(trace.candidates)})",
        f"Sentences ({len(trace.sentences)})",
    ],
    key="ask_stages",
)
with times:
    show_times(trace.timings_ms or answered.answer.timings_ms)
for tab, name in zip(searched, legs, strict=True):
    with tab:
        show_leg(name, trace)
with fused:
    show_candidates(trace.candidates)
with read:
    show_sentences(trace)
