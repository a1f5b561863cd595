"""The ask page once a question is asked: one answer, or two side by side."""

from collections.abc import Sequence

import streamlit as st

from evals.bundle_shelf import KnownBundle, bundle_named
from rag.api.view import visible
from rag.errors import RagError
from workbench import asking
from workbench.asking import Asked, Side
from workbench.widgets.answers import chosen_in, show_answer
from workbench.widgets.errors import show_error
from workbench.widgets.feedback import show_feedback
from workbench.widgets.side_by_side import show_moves
from workbench.widgets.sources import show_source
from workbench.widgets.traces import show_why


def show_one(asked: Asked, name: str, known: Sequence[KnownBundle]) -> None:
    """Show the answer at the left, its source at the right, and below why it came out so."""
    side = _ask(asked, name, known)
    left, right = st.columns(2, gap="medium")
    chosen = chosen_in(side.answered.answer)
    with left:
        show_answer(side.answered.answer, "ask_answer", chosen[0] if chosen else None)
        show_feedback(asked, side, "ask_feedback")
    with right:
        if chosen:
            show_source(chosen[0], "ask_source", chosen[1])
        else:
            st.caption("An answer would have its source here. What was read, and why it was not enough, stands below.")
    st.subheader("Why this answer")
    show_why(side, "ask")


def show_two(asked: Asked, a: str, b: str, known: Sequence[KnownBundle]) -> None:
    """Show two answers to one question, what moved between them, a source of either, and why they came out so."""
    columns = st.columns(2, gap="medium", border=True)
    sides = {"A": _tried(asked, a, known), "B": _tried(asked, b, known)}
    whole = {name: side for name, side in sides.items() if isinstance(side, Side)}
    chosen = chosen_in(*(side.answered.answer for side in whole.values()))
    for column, (name, side) in zip(columns, sides.items(), strict=True):
        with column:
            st.markdown(f"**{name}**")
            st.text(visible(_described(a if name == "A" else b, known)))
            if isinstance(side, Side):
                show_answer(side.answered.answer, f"ask_answer_{name}", chosen[0] if chosen else None)
                show_feedback(asked, side, f"ask_feedback_{name}")
            else:
                show_error(side)
    if chosen:
        st.subheader("Source")
        show_source(chosen[0], "ask_source", chosen[1])
    if len(whole) == len(sides):
        st.subheader("What moved")
        show_moves(whole["A"], whole["B"])
    if whole:
        st.subheader("Why this answer")
        name = st.segmented_control("Of", list(whole), default=next(iter(whole)), required=True, key="ask_why")
        show_why(whole[name or next(iter(whole))], "ask")


def _ask(asked: Asked, name: str, known: Sequence[KnownBundle]) -> Side:
    bundle = bundle_named(name, known)
    return asking.ask(asked, bundle, serving=bundle.digest == known[0].bundle.digest)


def _tried(asked: Asked, name: str, known: Sequence[KnownBundle]) -> Side | RagError:
    """Return an answer, or why this side has none: the other one is shown all the same."""
    try:
        return _ask(asked, name, known)
    except RagError as error:
        return error


def _described(name: str, known: Sequence[KnownBundle]) -> str:
    digest, *changes = name.split(";")
    found = next((each.name for each in known if each.bundle.digest == digest), "not known here")
    return f"{found} · {digest}" if not any(changes) else f"{found}, with {', '.join(changes)}"
