"""Figures of two chunkings side by side: in a table, chunk by chunk, and span by span."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import streamlit as st

from indexing.rechunking import ChunkFigures
from rag.api.view import visible
from rag.types import Chunk
from workbench.chunked import DrawnSpan
from workbench.widgets.charts import download
from workbench.widgets.chunk_choices import look_at
from workbench.widgets.tables import Cell, as_csv, show_table

_SHOWN_CHARS = 80  # of a text in a table
_LABELS = {
    "side": " ",
    "mean": "Mean tokens",
    "median": "Median tokens",
    "smallest": "Smallest",
    "largest": "Largest",
    "limit": "Limit",
    "full": "Full (95 % of limit)",
    "oversized": "Over limit",
    "repeated": "Tokens repeated",
    "whole": "Spans whole (%)",
}
_SPAN_COLUMNS = {
    "case": st.column_config.TextColumn("Case"),
    "chunks_a": st.column_config.NumberColumn("Chunks in A"),
    "chunks_b": st.column_config.NumberColumn("Chunks in B"),
    "share_a": st.column_config.NumberColumn("Most in one, A (%)", format="%.0f"),
    "share_b": st.column_config.NumberColumn("Most in one, B (%)", format="%.0f"),
    "question": st.column_config.TextColumn("Question", width="large"),
    "span": st.column_config.TextColumn("Span begins", width="large"),
}
_FORMATS = {"mean": "%.1f", "median": "%.1f", "whole": "%.1f"}


def show_figures(a: ChunkFigures, b: ChunkFigures, spans: Sequence[DrawnSpan]) -> None:
    """Show the figures of A and B, and what B has more."""
    rows = figure_rows(a, b, spans)
    show_table(rows, "chunks_figures", labels=_LABELS, formats=_FORMATS)


def figure_rows(a: ChunkFigures, b: ChunkFigures, spans: Sequence[DrawnSpan]) -> list[dict[str, Cell]]:
    """Return a row for A, for B, and for B less A."""
    left = _figures(a, [each.a.whole for each in spans])
    right = _figures(b, [each.b.whole for each in spans])
    more = {name: right[name] - left[name] for name in left}
    return [{"side": name, **row} for name, row in (("A", left), ("B", right), ("B − A", more))]  # a minus


def show_spans(spans: Sequence[DrawnSpan]) -> None:
    """Show the spans that A or B splits; choosing one lets its case be looked at."""
    split = [each for each in spans if each.split]
    if split:
        rows = [{name: _shown(value) for name, value in span_row(each).items()} for each in split]
        choose = partial(_look_at_chosen, [each.span.case_id for each in split])
        st.dataframe(
            rows,
            column_config=_SPAN_COLUMNS,
            hide_index=True,
            key="chunks_split",
            on_select=choose,
            selection_mode="single-row",
        )
    elif spans:
        st.caption("Neither A nor B splits a span: one chunk holds each of them whole.")
    if spans:
        download("chunks_spans_csv", "CSV of all spans", partial(_span_csv, spans), "spans.csv", "text/csv")


def span_row(each: DrawnSpan) -> dict[str, Cell]:
    """Return what is told of a span."""
    span = each.span
    return {
        "case": span.case_id,
        "chunks_a": each.a.chunks,
        "chunks_b": each.b.chunks,
        "share_a": 100 * each.a.share,
        "share_b": 100 * each.b.share,
        "question": span.question,
        "span": _begin(span.text),
    }


def show_chunks(side: str, chunks: Sequence[Chunk]) -> None:
    """Show every chunk of one side."""
    show_table([chunk_row(number, each) for number, each in enumerate(chunks, 1)], f"chunks_of_{side}")
    download(f"chunks_csv_{side}", "CSV", partial(_chunk_csv, chunks), f"chunks_{side}.csv", "text/csv")


def chunk_row(number: int, chunk: Chunk) -> dict[str, Cell]:
    """Return what is told of a chunk."""
    return {
        "number": number,
        "tokens": chunk.tokens,
        "characters": chunk.end - chunk.start,
        "start": chunk.start,
        "end": chunk.end,
        "text": _begin(chunk.text),
        "context": chunk.context,
    }


def _chunk_csv(chunks: Sequence[Chunk]) -> bytes:
    return as_csv([chunk_row(number, each) | {"text": each.text} for number, each in enumerate(chunks, 1)])


def _span_csv(spans: Sequence[DrawnSpan]) -> bytes:
    return as_csv([span_row(each) | {"start": each.span.start, "end": each.span.end} for each in spans])


def _figures(figures: ChunkFigures, whole: Sequence[bool]) -> dict[str, float]:
    shares = {"whole": 100 * sum(whole) / len(whole)} if whole else {}
    return {**asdict(figures), **shares}


def _look_at_chosen(cases: Sequence[str]) -> None:
    chosen = st.session_state["chunks_split"].selection.rows
    look_at(cases[chosen[0]] if chosen else "")


def _shown(value: Cell) -> Cell:
    return visible(value) if isinstance(value, str) else value


def _begin(text: str) -> str:
    line = " ".join(text[: 2 * _SHOWN_CHARS].split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"
