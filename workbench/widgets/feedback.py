"""Thumbs up or down on an answer, and where the right one stands."""

from uuid import uuid4

import streamlit as st

from rag.answers import Answer
from rag.api.view import visible
from rag.database.feedback import Feedback, Rating, RightSpan, feedback_on, span_of
from rag.database.records import VersionId
from rag.side_by_side import Ranked
from workbench import state
from workbench.asking import Asked, Side

_RATINGS: tuple[Rating, Rating] = ("down", "up")
_CHOICES = 30  # chunks to begin from
_SHOWN_CHARS = 70  # of a chunk, in the list


def show_feedback(asked: Asked, side: Side, key: str) -> None:
    """Ask whether an answer is right, and keep what is said."""
    answer = side.answered.answer
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text("Is this answer right?")
        thumb = st.feedback("thumbs", key=f"{key}_thumbs_{answer.id}")
        more = st.toggle("Show the right place", thumb == 0, key=f"{key}_more_{answer.id}_{thumb == 0}")
    rating = _RATINGS[thumb] if thumb is not None else None
    if rating and _said(answer) is None:
        _keep(feedback_on(answer, asked.question, asked.caller, rating, ""), side)
    elif (said := _said(answer)) and said.rating != rating:
        _keep(feedback_on(answer, asked.question, asked.caller, rating, said.comment, said.span), side)
    if more:
        _show_form(asked, side, rating, key)
    if said := _said(answer):
        _show_said(said, asked)


def _show_form(asked: Asked, side: Side, rating: Rating | None, key: str) -> None:
    with st.container(border=True):
        start = _choose_start(side, key)
        place = f"{key}_words_{start[1].id if start else side.answered.answer.id}"
        words = st.text_area(
            "The right words, exactly as they stand in the document", start[1].text if start else "", key=place
        )
        st.caption("Cut the text down to the words that answer the question, or paste them from a source.")
        comment = st.text_area("Comment", key=f"{key}_comment_{side.answered.answer.id}", height=68)
        if st.button("Keep this", key=f"{key}_keep", type="primary"):
            _keep_place(asked, side, rating, (words, comment), start)


def _choose_start(side: Side, key: str) -> Ranked | None:
    ranking = dict(enumerate(side.ranking[:_CHOICES], 1))
    rank = st.selectbox(
        "Begin from a chunk that was found",
        [0, *ranking],
        key=f"{key}_start_{side.answered.answer.id}",
        format_func=lambda each: _label(each, ranking[each]) if each else "None of these: paste the words",
    )
    return ranking.get(rank)


def _label(rank: int, found: Ranked) -> str:
    hit, chunk = found
    return visible(f"{rank}. {hit.title}: {' '.join(chunk.text.split())[:_SHOWN_CHARS]}")


def _keep_place(asked: Asked, side: Side, rating: Rating | None, said: tuple[str, str], start: Ranked | None) -> None:
    words, comment = said
    span = _located(asked, side, words, start) if words.strip() else None
    if words.strip() and span is None:
        st.warning(
            "These words stand in none of the documents that were found, not exactly so. Copy them from a source, "
            "with the same spelling and spaces.",
            icon=":material/search_off:",
        )
    elif not (span or comment.strip() or rating):
        st.warning("There is nothing to keep yet: choose a thumb, give the words, or comment.")
    else:
        _keep(feedback_on(side.answered.answer, asked.question, asked.caller, rating, comment, span), side)


def _located(asked: Asked, side: Side, words: str, start: Ranked | None) -> RightSpan | None:
    """Return where the words stand: near the chunk that they were taken from, else in the best document with them."""
    near = start[1].start if start else 0
    ranking = [start] if start else []
    versions = dict.fromkeys((hit.document_id, hit.version) for hit, _ in [*ranking, *side.ranking])
    for at, (document_id, version) in enumerate(versions):
        document = state.service().reader.document(document_id, version, asked.caller.roles).document
        if span := span_of(document, words, near if at == 0 else 0):
            return span
    return None


def _keep(said: Feedback, side: Side) -> None:
    kept = state.keep_feedback(said, _ids().setdefault(said.request_id, uuid4().hex), _shown(side))
    st.session_state[f"said_{said.request_id}"] = kept


def _shown(side: Side) -> set[VersionId]:
    """Return all that the page shows of documents: a comment may hold words of any of it."""
    cited = {(each.document_id, each.version) for each in side.answered.answer.citations}
    return cited | {(each.document_id, each.version) for each in side.answered.trace.candidates}


def _said(answer: Answer) -> Feedback | None:
    found: Feedback | None = st.session_state.get(f"said_{answer.id}")
    return found


def _ids() -> dict[str, str]:
    ids: dict[str, str] = st.session_state.setdefault("feedback_ids", {})  # by request
    return ids


def _show_said(said: Feedback, asked: Asked) -> None:
    st.success(_thanks(said), icon=":material/check:")
    if said.span and said.span.quote:
        st.text(visible(f"“{said.span.quote}”"))
    st.page_link(
        "views/eval_sets.py",
        label="Make a case of it",
        query_params={"question": asked.question},
        icon=":material/add_task:",
    )


def _thanks(said: Feedback) -> str:
    place = f" The right place is kept: characters {said.span.start:,} to {said.span.end:,}." if said.span else ""
    return f"Your feedback is kept.{place}"
