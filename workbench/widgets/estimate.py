"""What an experiment will take, before its start; and beside what it took, afterwards."""

from collections.abc import Sequence

import streamlit as st

from evals.batch import Batch, forecasts_of
from evals.evalset import EvalSet
from evals.forecast import Forecast
from evals.run import Run
from workbench import state
from workbench.widgets.tables import Row, show_table
from workbench.widgets.times import duration

_LABELS = {
    "bundle": "Bundle",
    "index": "Index",
    "parse": "To parse",
    "chunks": "Chunks",
    "embed": "To embed",
    "cached": "Embedded before",
    "ask": "To ask",
    "answered": "Asked before",
    "seconds": "Time (s)",
    "size": "MB",
}
_FORMATS = {"seconds": "%.0f", "size": "%.1f"}


def forecast_of(batch: Batch, eval_set: EvalSet) -> tuple[Forecast, ...]:
    """Return what the bundles of a batch will take. Raises NoIndexError, UsageError and what models raise."""
    return forecasts_of(batch, eval_set, state.estimator())


def show_forecasts(forecasts: Sequence[Forecast]) -> None:
    """Show what each bundle will take, and all together."""
    seconds, size = (sum(getattr(each, name) for each in forecasts) for name in ("seconds", "new_bytes"))
    embedded, asked = (sum(getattr(each, name) for each in forecasts) for name in ("to_embed", "to_ask"))
    columns = st.columns(4)
    columns[0].metric("Time, about", duration(seconds), border=True)
    columns[1].metric("Texts to embed", f"{embedded:,}", border=True)
    columns[2].metric("Questions to ask", f"{asked:,}", border=True)
    columns[3].metric("New on disk, about", f"{size / 1e6:,.1f} MB", border=True)
    show_table([_row(each) for each in forecasts], "experiment_estimate", labels=_LABELS, formats=_FORMATS)
    st.caption(_said(forecasts))


def show_outcome(forecasts: Sequence[Forecast], runs: Sequence[Run], seconds: Sequence[float | None]) -> None:
    """Show what was told before the start beside what came; runs and their seconds in the order of the forecasts."""
    rows = [_compared(*each) for each in zip(forecasts, runs, seconds, strict=True)]
    show_table(rows, "experiment_outcome", formats=_OUTCOME_FORMATS, labels=_OUTCOME_LABELS)


_OUTCOME_LABELS = {
    "bundle": "Bundle",
    "embed": "To embed, told",
    "embedded": "Embedded",
    "chunks_told": "Chunks, told",
    "chunks": "Chunks",
    "told": "Time, told (s)",
    "took": "Time (s)",
    "size_told": "Index, told (MB)",
    "size": "Index (MB)",
}
_OUTCOME_FORMATS = {"told": "%.1f", "took": "%.1f", "size_told": "%.1f", "size": "%.1f"}


def _row(each: Forecast) -> Row:
    return {
        "bundle": each.name,
        "index": _index(each),
        "parse": each.documents - each.parsed_before,
        "chunks": each.chunks,
        "embed": each.to_embed,
        "cached": max(each.texts - each.to_embed, 0),
        "ask": each.to_ask,
        "answered": each.questions + each.floors - each.to_ask,
        "seconds": each.seconds,
        "size": each.index_bytes / 1e6,
    }


def _index(each: Forecast) -> str:
    if each.indexed:
        return "there already"
    return f"that of {each.same_index_as}" if each.same_index_as else "to be made"


def _said(forecasts: Sequence[Forecast]) -> str:
    sampled = [each for each in forecasts if not each.exact]
    counted = "Texts, vectors and questions are counted, none is guessed."
    if sampled:
        few = min(each.sampled for each in sampled)
        counted = f"Texts are estimated from a sample of {few:,} of {sampled[0].documents:,} documents."
    return f"{counted} Time is told by what earlier runs took on this machine, else by a short sample."


def _compared(told: Forecast, run: Run, seconds: float | None) -> Row:
    return {
        "bundle": told.name,
        "embed": told.to_embed,
        "embedded": int(run.stages.get("embed_chunks", {}).get("computed", 0)),
        "chunks_told": told.chunks,
        "chunks": int(run.index.get("chunks", 0)),
        "told": told.seconds,
        "took": seconds,
        "size_told": told.index_bytes / 1e6,
        "size": run.index.get("bytes", 0.0) / 1e6,
    }
