"""What pages are made of. Text of documents is shown inert: labels and Markdown hold our own words alone."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import streamlit as st

from rag.answers import Answer, Citation, Notice, Status, Trace, TracedHit
from rag.api.view import shown, visible
from rag.types import Document

AROUND_CHARS = 600  # of the source, before and after a quote
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


def show_answer(answer: Answer) -> None:
    """Show the answer or the reason for none, how sure it is, and what its reader must know."""
    label, colour = _BADGES[answer.status]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=colour)  # type: ignore[arg-type]  # a Literal of Streamlit's
        st.caption(_facts(answer))
    if answer.reason:
        st.warning(answer.reason.detail, icon=":material/help:")
    else:
        st.html(
            f'<div style="font-size:1.2rem;line-height:1.6;white-space:pre-wrap" dir="auto">{shown(answer.text)}</div>'
        )
    for notice in answer.notices:
        _show_notice(notice)


def show_citation(citation: Citation, document: Document, api_url: str) -> None:
    """Show a quote, where it stands, and the source around it."""
    with st.container(border=True):
        st.html(
            f'<div style="font-weight:600" dir="auto">[{citation.marker}] {shown(citation.title)}</div>'
            f'<div style="margin:.5rem 0;white-space:pre-wrap" dir="auto">“{shown(citation.quote)}”</div>'
            f'<div style="opacity:.7;font-size:.85rem" dir="auto">{shown(_place(citation))}</div>'
        )
        with st.expander(f"Source {citation.marker} around the quote", key=f"ask_source_{citation.marker}"):
            st.html(_around(document.text, citation.start, citation.end))
            if api_url:
                st.link_button(
                    "Open the whole document", _address(api_url, citation), key=f"ask_open_{citation.marker}"
                )


def show_times(timings_ms: Mapping[str, float]) -> None:
    """Show how long each stage took."""
    rows = [{"stage": stage, "ms": took, "share": took} for stage, took in timings_ms.items()]
    share = st.column_config.ProgressColumn("", min_value=0, max_value=max(timings_ms.values()), format=" ")
    columns = {
        "stage": st.column_config.TextColumn("Stage"),
        "ms": st.column_config.NumberColumn("Milliseconds", format="%.1f"),
        "share": share,
    }
    st.dataframe(rows, column_config=columns, hide_index=True, key="ask_times")


def show_leg(name: str, trace: Trace) -> None:
    """Show what one leg found, best first."""
    known = {candidate.chunk_id: candidate for candidate in trace.candidates}
    rows = [
        {"rank": rank, "score": score, **_source(known[chunk_id]), "chunk": chunk_id}
        for rank, (chunk_id, score) in enumerate(trace.legs[name], 1)
        if chunk_id in known
    ]
    _show_rows(rows, f"ask_leg_{name}", "This leg found nothing.")


def show_candidates(candidates: Sequence[TracedHit]) -> None:
    """Show the fused ranking, and what became of each candidate."""
    rows = [
        {"rank": rank, "score": each.score, **each.scores, "fate": each.fate, **_source(each), "chunk": each.chunk_id}
        for rank, each in enumerate(candidates, 1)
    ]
    _show_rows(rows, "ask_candidates", "No candidate was left.")


def show_sentences(trace: Trace) -> None:
    """Show the sentences that were read, the quoted ones first, with fit, support and what became of them."""
    known = {candidate.chunk_id: candidate for candidate in trace.candidates}
    rows = [
        {
            "score": each.score,
            "support": each.support,
            "fate": each.fate,
            "text": visible(each.text),
            "document": visible(known[each.chunk_id].title) if each.chunk_id in known else "",
            "place": f"{each.start}:{each.end}",
        }
        for each in sorted(trace.sentences, key=lambda each: (each.fate != "quoted", -each.score))
    ]
    _show_rows(rows, "ask_sentences", "No sentence was read.")


def _show_rows(rows: Sequence[Mapping[str, object]], key: str, nothing: str) -> None:
    if not rows:
        st.caption(nothing)
        return
    numbers = [name for name, value in rows[0].items() if isinstance(value, float)]
    columns = {name: st.column_config.NumberColumn(name.capitalize(), format="%.3f") for name in numbers}
    columns |= {name: st.column_config.TextColumn(name.capitalize()) for name in rows[0] if name not in numbers}
    columns["text"] = st.column_config.TextColumn("Text", width="large")
    st.dataframe(rows, column_config=columns, hide_index=True, key=key)


def _show_notice(notice: Notice) -> None:
    with st.container(border=True):
        st.badge(_NOTICES[notice.kind], icon=":material/info:", color="orange")
        st.text(visible(notice.detail))


def _facts(answer: Answer) -> str:
    facts = [answer.answered_by, f"answerability {answer.answerability:.2f}", f"{answer.timings_ms['total']:.0f} ms"]
    facts += [f"revision {answer.revision}", f"generation {answer.generation}", f"bundle {answer.bundle}"]
    return " · ".join(facts)


def _source(candidate: TracedHit) -> dict[str, str]:
    return {"document": visible(candidate.title), "uri": visible(candidate.uri)}


def _place(citation: Citation) -> str:
    page = [f"page {citation.page}"] if citation.page else []
    return " · ".join([citation.uri, *page, " › ".join(citation.heading_path)]).rstrip(" ·")


def _around(text: str, start: int, end: int) -> str:
    before, after = text[max(start - AROUND_CHARS, 0) : start], text[end : end + AROUND_CHARS]
    opening, closing = "… " * (start > AROUND_CHARS), " …" * (end + AROUND_CHARS < len(text))
    inside = f"{opening}{shown(before)}<mark>{shown(text[start:end])}</mark>{shown(after)}{closing}"
    return f'<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55" dir="auto">{inside}</div>'


def _address(api_url: str, citation: Citation) -> str:
    version, span = quote(citation.version, safe=""), f"start={citation.start}&end={citation.end}"
    return f"{api_url}/v1/documents/{quote(citation.document_id, safe='')}/view?version={version}&{span}#span"
