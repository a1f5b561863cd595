"""A text with its chunks drawn over it, for two index configs in columns that scroll together."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from indexing.rechunking import Rechunked
from rag.config import IndexConfig
from rag.types import Document
from workbench.chunked import DrawnSpan
from workbench.widgets.chunk_choices import choose_case
from workbench.widgets.chunk_drawing import drawing
from workbench.widgets.chunk_pieces import part_at, parts, rows

_CODE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_FRAME = """
<div class="frame">
  <div class="heads"><div></div><div class="B"></div></div>
  <div class="scroll" tabindex="0" role="region" aria-label="The text with the chunks of A and B">
    <div class="rows"></div>
  </div>
  <div class="about" aria-live="polite"></div>
</div>
"""
_LEGEND = (
    "Tints alternate from chunk to chunk, and a number with a bar stands where each begins. Hatched: in two chunks. "
    "Pale: in none. Between two lines: a span of the eval set, dashed where chunks split it."
)
_draw = st.components.v2.component("plumbline_chunk_text", html=_FRAME, css=_STYLE, js=_CODE)


def show_text(document: Document, a: Rechunked, b: Rechunked, spans: Sequence[DrawnSpan]) -> None:
    """Show one part of a document, at first that of the case that is chosen, and a way to the others."""
    all_parts = parts(rows(document.text, document.blocks))
    with st.container(horizontal=True):
        case = choose_case(spans) if spans else ""
        begin = next((each.span.start for each in spans if each.span.case_id == case), 0)
        default = part_at(all_parts, begin) + 1
        part = all_parts[_choose_part(len(all_parts), default, f"{document.id} {case}") - 1]
    drawn = drawing(document.text, part, a.chunks, b.chunks, spans, case)
    _draw(key="chunks_text", data={**drawn, "heads": [_head("A", a.config), _head("B", b.config)]})
    st.caption(_LEGEND)


def _head(name: str, index: IndexConfig) -> str:
    overlap = f", overlap {index.overlap_tokens}" if index.overlap_tokens else ""
    context = "" if index.context_line else ", no context line"
    return f"{name}: {index.strategy}, {index.chunk_tokens} tokens{overlap}{context}"


def _choose_part(count: int, default: int, subject: str) -> int:
    """Return the number of the part to be shown, from 1. It stands in the address; another subject begins anew."""
    if count == 1:
        st.query_params.pop("part", None)
        return 1
    new = "chunks_part" not in st.session_state
    if new or st.session_state.get("chunks_subject") != subject:
        asked = st.query_params.get("part", "")[:6] if new else ""
        st.session_state["chunks_part"] = min(max(int(asked), 1), count) if asked.isdecimal() else default
        st.session_state["chunks_subject"] = subject
    number = st.number_input(f"Part (of {count})", 1, count, key="chunks_part", width=200)
    st.query_params["part"] = str(number)
    return int(number)
