"""What the compare page shows of runs: read and compared once, for what is finished never changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from evals.charts import Drawings, drawings_of
from evals.comparability import Across
from evals.comparison import compare_tables
from evals.evalset import Reference
from evals.findings import Comparison
from evals.heat_map import HeatMap, heat_map_of
from evals.read_places import ReadDocument, gold_of
from evals.run import CaseResult
from evals.run_table import saved_tables
from evals.runs import FinishedRun
from rag.database.releases import Release, current_release, former_release
from rag.errors import NoIndexError, NotFoundError
from rag.types import Document
from workbench import state

_KEPT, _CASES = 8, 64  # comparisons, and cases of runs


@dataclass(frozen=True, slots=True)
class Wanted:
    """A comparison that is asked for."""

    runs: tuple[str, ...]  # ids; the first is what the others are compared with
    metrics: tuple[str, ...] = ()  # that decide; none: the headline of the runs
    across: tuple[Across, ...] = ()  # what may differ nevertheless


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with its charts; None where there is nothing to draw."""

    found: Comparison
    drawings: Drawings | None = None
    heat_map: HeatMap | None = None


def compared(wanted: Wanted, finished: Sequence[FinishedRun]) -> Compared:
    """Return the comparison. Raises NotFoundError for a run that is not there, UsageError for an unknown metric."""
    begun = {run.id: run.begun for run in finished}
    if absent := [id_ for id_ in wanted.runs if id_ not in begun]:
        raise NotFoundError(f"There is no finished run {absent[0]!r}. Choose from the table above.")
    stamps = tuple((id_, begun[id_]) for id_ in wanted.runs)
    return _compared(str(state.settings().home), stamps, wanted)


def case_of(run: FinishedRun, case_id: str) -> CaseResult:
    """Return what one question got in a run. Raises NotFoundError."""
    return _case(str(state.settings().home), run.id, run.begun, case_id)


def truth_of_case(run: FinishedRun, case: CaseResult) -> tuple[Reference, ...]:
    """Return a case's spans, where its set is still there and asks the same."""
    path = Path(run.set_path)
    return _truth(run.set_path, path.stat().st_mtime_ns if path.exists() else 0, case.id, case.question)


def documents_now() -> ReadDocument:
    """Return what reads a document's present version, where it is indexed here and the caller may read it."""
    return _document_now if state.is_indexed() else lambda _: None


def _document_now(document_id: str) -> Document | None:
    try:
        return state.service().reader.document(document_id, None, state.caller().roles).document
    except (NotFoundError, NoIndexError):
        return None


def served() -> tuple[Release | None, Release | None]:
    """Return what serves, and what served before it."""
    database = state.runs().database
    if not database.exists:
        return None, None
    with database.read() as connection:
        return current_release(connection), former_release(connection)


@st.cache_resource(max_entries=_KEPT, show_spinner="Comparing the runs")
def _compared(home: str, stamps: tuple[tuple[str, int], ...], wanted: Wanted) -> Compared:  # noqa: ARG001  # the cache's key
    tables = saved_tables(state.runs(), [id_ for id_, _ in stamps])
    found = compare_tables(tables, metrics=wanted.metrics, across=wanted.across)
    return Compared(found, drawings_of(found), heat_map_of(found)) if found.comparable else Compared(found)


@st.cache_resource(max_entries=_CASES, show_spinner="Reading the run")
def _case(home: str, run_id: str, begun: int, case_id: str) -> CaseResult:  # noqa: ARG001  # the cache's key
    cases = state.runs().raw(run_id)["cases"]
    assert isinstance(cases, list)
    for case in cases:
        if case["id"] == case_id:
            return CaseResult.model_validate(case)
    raise NotFoundError(f"The run {run_id} has no case {case_id!r}.")


@st.cache_data(max_entries=_CASES, show_spinner=False)
def _truth(set_path: str, changed_ns: int, case_id: str, question: str) -> tuple[Reference, ...]:  # noqa: ARG001  # the cache's key
    return gold_of(set_path, case_id, question)
