"""A source on a page: its text, inert, scrolled to the marked span."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from rag.answers import Citation
from rag.api.view import Piece, Span, overlaps, pieces_of, tag_of, visible
from rag.types import Document
from workbench import state

AROUND_CHARS = 3000  # of the source, before and after a quote; the rest is shown when asked for
WHOLE_CHARS = 400_000  # at most: a browser takes a second for them
_HERE = Path(__file__)
_PANE = st.components.v2.component(
    "plumbline_source",
    html='<div class="pane" tabindex="0" role="region"></div>',
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


def show_source(citation: Citation, key: str, turn: int = 0) -> None:
    """Show what is cited, with the quote marked and in sight. turn: another one scrolls to it again."""
    document = state.document(citation.document_id, citation.version)
    span = Span(citation.start, citation.end)
    st.text(visible(f"[{citation.marker}] {citation.title}"), width="stretch")
    st.caption(_facts(citation))
    window = _window(document, span, key)
    pieces = [_shown(document, piece, span, window) for piece in pieces_of(document) if overlaps(piece, window)]
    _PANE(
        key=f"{key}_pane",
        data={
            "id": f"{document.id}:{document.version}:{span.start}:{span.end}:{window.start}:{window.end}:{turn}",
            "label": f"Source {citation.marker}",
            "pieces": list(_paged(pieces)),
            "more_before": window.start > 0,
            "more_after": window.end < len(document.text),
        },
    )
    if address := state.api_url():
        st.link_button("Open the document by itself", _address(address, citation), key=f"{key}_open", type="tertiary")


def _window(document: Document, span: Span, key: str) -> Span:
    """Return what is shown of a document; a long one begins with what stands around the quote."""
    start, end = max(span.start - AROUND_CHARS, 0), min(span.end + AROUND_CHARS, len(document.text))
    if (start, end) == (0, len(document.text)):
        return Span(start, end)
    whole = st.toggle("Show the whole document", key=f"{key}_whole")
    reach = max((WHOLE_CHARS - (span.end - span.start)) // 2, AROUND_CHARS) if whole else AROUND_CHARS
    return Span(max(span.start - reach, 0), min(span.end + reach, len(document.text)))


def _shown(document: Document, piece: Piece, span: Span, window: Span) -> dict[str, str | int]:
    tag, style = tag_of(piece.block)
    first, last = max(piece.start, window.start), min(piece.end, window.end)
    start, end = (max(first, span.start), min(last, span.end)) if overlaps(piece, span) else (last, last)
    parts = {"before": (first, start), "inside": (start, end), "after": (end, last)}
    texts = {name: visible(document.text[at:to]) for name, (at, to) in parts.items()}
    return {"tag": tag, "style": style, "page": (piece.block and piece.block.page) or 0, **texts}


def _paged(pieces: list[dict[str, str | int]]) -> Iterator[dict[str, str | int]]:
    """Yield pieces with their page where it begins; 0 elsewhere."""
    page: str | int = 0
    for piece in pieces:
        yield {**piece, "page": piece["page"] if piece["page"] != page else 0}
        page = piece["page"] or page


def _facts(citation: Citation) -> str:
    """Return our own words alone: a caption reads Markdown."""
    page = f"Page {citation.page} · " if citation.page else ""
    return f"{page}characters {citation.start:,} to {citation.end:,} · version {citation.version[:12]}"


def _address(api_url: str, citation: Citation) -> str:
    version, span = quote(citation.version, safe=""), f"start={citation.start}&end={citation.end}"
    return f"{api_url}/v1/documents/{quote(citation.document_id, safe='')}/view?version={version}&{span}#span"
