"""An answer on a page: its text with markers, its citations, and what its reader must know.

Text of documents is shown inert: labels and Markdown hold our own words alone.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag.answers import Answer, Citation, Notice, Status
from rag.api.view import visible

_BADGES: dict[Status, tuple[str, str]] = {
    "answered": ("Answered", "green"),
    "partial": ("Answered in part", "orange"),
    "abstained": ("Not answered", "orange"),
    "refused": ("Refused", "red"),
    "queued": ("Queued", "blue"),
    "in_review": ("In review", "blue"),
}
_NOTICES = {
    "degraded": "Part of the service was not available",
    "stale": "The index is behind its sources",
    "conflict": "Sources disagree",
    "shortened": "The question was shortened",
}
_CHOSEN = "ask_chosen"
_HERE = Path(__file__)
_ANSWER = st.components.v2.component(
    "plumbline_answer",
    html='<p class="answer" dir="auto"></p><div class="cards"></div>',
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The citation that a person looks at; a click more on the same one is another turn."""

    answer_id: str
    marker: int
    turn: int = 0


def chosen_in(*answers: Answer) -> tuple[Citation, int] | None:
    """Return the citation that was clicked, or the first there is, with its turn; None where nothing is cited."""
    cited = [(answer.id, citation) for answer in answers for citation in answer.citations]
    chosen = st.session_state.get(_CHOSEN)
    for answer_id, citation in cited:
        if chosen and (answer_id, citation.marker) == (chosen.answer_id, chosen.marker):
            return citation, chosen.turn
    return (cited[0][1], 0) if cited else None


def show_answer(answer: Answer, key: str, chosen: Citation | None) -> None:
    """Show the answer or the reason for none, how sure it is, and what its reader must know."""
    label, colour = _BADGES[answer.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=colour)  # type: ignore[arg-type]  # a Literal of Streamlit's
        st.caption(f"answerability {answer.answerability:.2f} · {answer.timings_ms['total']:.0f} ms")
    if answer.reason:
        st.warning(answer.reason.detail, icon=":material/help:")
    else:
        _show_text(answer, key, chosen)
    for notice in answer.notices:
        _show_notice(notice)
    st.caption(_facts(answer))


def _show_text(answer: Answer, key: str, chosen: Citation | None) -> None:
    def choose() -> None:
        before, marker = st.session_state.get(_CHOSEN), st.session_state[key].marker
        st.session_state[_CHOSEN] = Chosen(answer.id, int(marker), before.turn + 1 if before else 1)

    _ANSWER(
        key=key,
        data={
            "sentences": [
                {"text": visible(each.text), "markers": list(each.citations)}
                for each in answer.sentences
                if each.citations
            ],
            "citations": [_card(each) for each in answer.citations],
            "chosen": chosen.marker if chosen in answer.citations and chosen else 0,
        },
        on_marker_change=choose,
    )


def _card(citation: Citation) -> dict[str, str | int]:
    return {
        "marker": citation.marker,
        "title": visible(citation.title),
        "quote": f"“{visible(citation.quote)}”",
        "place": visible(_place(citation)),
    }


def _show_notice(notice: Notice) -> None:
    with st.container(border=True):
        st.badge(_NOTICES[notice.kind], icon=":material/info:", color="orange")
        st.text(visible(notice.detail))


def _facts(answer: Answer) -> str:
    facts = [answer.answered_by, f"revision {answer.revision}", f"generation {answer.generation}"]
    return " · ".join([*facts, f"bundle {answer.bundle}"])


def _place(citation: Citation) -> str:
    page = [f"page {citation.page}"] if citation.page else []
    return " · ".join([citation.uri, *page, " › ".join(citation.heading_path)]).rstrip(" ·")
