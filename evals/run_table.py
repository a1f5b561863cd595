"""Runs as columns: what a comparison reads of them, quickly even from files of many megabytes."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from pathlib import Path
from types import NoneType
from typing import get_args

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, InstanceOf, TypeAdapter

from evals.outcome import State
from evals.run import CaseResult, RankedPlace, Run
from evals.runs import RunBook, load_file
from evals.scoring import table_of
from rag.errors import UsageError

_RANKING = TypeAdapter(tuple[RankedPlace, ...])
_ROWS = TypeAdapter(list[InstanceOf[dict]])  # type: ignore[type-arg]  # their fields are read one by one


class _Columns(BaseModel, frozen=True):
    """What cases say of themselves, one entry for each."""

    id: tuple[str, ...]
    question: tuple[str, ...]
    tags: tuple[tuple[str, ...], ...]
    type: tuple[str, ...]
    docs: tuple[tuple[str, ...], ...]
    answerable: tuple[bool, ...]
    answerability: tuple[float | None, ...]


LARGEST = 1e9  # of a figure, either way: eleven days in ms; above lies what nobody measured
_NUMBERS = {float, int, NoneType}
_STATES = frozenset(get_args(State))
_FIELDS = tuple(_Columns.model_fields)
_ABSENT = {name: field.default for name, field in CaseResult.model_fields.items()}


@dataclass(frozen=True, slots=True)
class RunTable:
    """One run whose cases are columns."""

    run: Run  # without its cases
    cases: _Columns
    names: tuple[str, ...]  # of metrics
    values: NDArray[np.float64]  # [cases, metrics]; NaN where a case has none
    rankings: Sequence[object]  # read where they are shown

    def ranking(self, at: int, shown: int) -> tuple[RankedPlace, ...]:
        """Return the first places of a case's ranking."""
        found = self.rankings[at]
        return (_RANKING.validate_json(found) if isinstance(found, bytes) else _RANKING.validate_python(found))[:shown]

    def columns(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return [cases, names]; a metric that the run lacks is NaN."""
        known = {name: at for at, name in enumerate(self.names)}
        found = np.full((len(self.values), len(names)), np.nan)
        there = [at for at, name in enumerate(names) if name in known]
        found[:, there] = self.values[:, [known[names[at]] for at in there]]
        return found

    def column(self, name: str) -> NDArray[np.float64]:
        return self.columns([name])[:, 0]

    @property
    def answerability(self) -> NDArray[np.float64]:
        return np.array(self.cases.answerability, dtype=np.float64)  # None becomes NaN

    def ordered_as(self, ids: Sequence[str]) -> "RunTable":
        """Return the run with its cases in this order of the same ids."""
        if self.cases.id == tuple(ids):
            return self
        place = {id_: at for at, id_ in enumerate(self.cases.id)}
        order = [place[id_] for id_ in ids]
        cases = {name: tuple(column[at] for at in order) for name, column in self.cases}
        rankings = [self.rankings[at] for at in order]
        return replace(
            self, cases=_Columns.model_construct(None, **cases), values=self.values[order], rankings=rankings
        )


def table_of_run(run: Run) -> RunTable:
    """Return a run as columns."""
    cases = _Columns.model_validate({name: [getattr(each, name) for each in run.cases] for name in _FIELDS})
    names, values = table_of([each.metrics for each in run.cases])
    header = run.model_copy(update={"cases": ()})
    return RunTable(header, cases, tuple(names), values, [each.ranking for each in run.cases])


def saved_tables(book: RunBook, ids: Sequence[str]) -> list[RunTable]:
    """Return saved runs as columns. Raises NotFoundError."""
    with collector_paused():
        return [_saved(book, id_) for id_ in ids]


def _saved(book: RunBook, run_id: str) -> RunTable:
    content, cases, rankings = book.apart(run_id)
    table = table_of_content({**content, "cases": cases})
    return replace(table, rankings=rankings) if rankings else table


def read_table(path: Path) -> RunTable:
    """Read a run that `eval run --out` wrote, in a fraction of the time of all its cases' validation.

    Raises UsageError with what is wrong.
    """
    try:
        with collector_paused():
            return table_of_content(orjson.loads(path.read_bytes()), str(path))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        run = load_file(path)  # which validates every case, and says what is wrong but for what JSON calls NaN
        _refuse([each.model_dump(include={"state", "metrics", "answerability"}) for each in run.cases], str(path))
        _refuse_means(run, str(path))
        return table_of_run(run)


@contextmanager
def collector_paused() -> Iterator[None]:
    """A parsed file is hundred thousands of objects without a cycle: walking them takes a third of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def table_of_content(content: Mapping[str, object], origin: str = "The run") -> RunTable:
    """Return a run's JSON as columns. Raises UsageError for a state or a figure that no run writes.

    origin: what the error names.
    """
    rows: Sequence[Mapping[str, object]] = _ROWS.validate_python(content["cases"])
    run = Run.model_validate({**content, "cases": ()})
    _refuse_means(run, origin)
    cases = _Columns.model_validate({name: _column(rows, name) for name in _FIELDS})
    metrics = [each["metrics"] for each in rows]
    figures = chain.from_iterable(each.values() for each in metrics if isinstance(each, dict))
    if not (set(map(type, figures)) <= _NUMBERS and {each["state"] for each in rows} <= _STATES):
        _refuse(rows, origin)
    names, values = _values(metrics)
    answerability = np.array(cases.answerability, dtype=np.float64)
    if any((np.abs(each) > LARGEST).any() for each in (values, answerability)):  # NaN, which is null here, is not
        _refuse(rows, origin)
    return RunTable(run, cases, tuple(names), values, [each.get("ranking", ()) for each in rows])


def _refuse(rows: Sequence[Mapping[str, object]], origin: str) -> None:
    """Raise UsageError for the first state or figure that no run writes, one by one, with its place."""
    for at, row in enumerate(rows):
        metrics = row["metrics"]
        given = {f"metrics.{name}": value for name, value in metrics.items()} if isinstance(metrics, dict) else {}
        wrong = [name for name, value in given.items() if not _is_figure(value)]
        wrong += [] if _is_figure(row.get("answerability")) else ["answerability"]
        said = f"{wrong[0]}: Input should be null or a number from -1e9 to 1e9" if wrong else ""
        if row["state"] not in _STATES:
            said = f"state: Input should be {', '.join(get_args(State))}"
        if said:
            raise UsageError(f"{origin} is not what `plumbline eval run --out` writes: cases.{at}.{said}.")


def _refuse_means(run: Run, origin: str) -> None:
    for name, mean in run.metrics.items():
        if not all(map(_is_figure, (mean.mean, mean.ci_low, mean.ci_high))):
            said = f"metrics.{name}: Input should be null or numbers from -1e9 to 1e9"
            raise UsageError(f"{origin} is not what `plumbline eval run --out` writes: {said}.")


def _is_figure(value: object) -> bool:
    return value is None or (type(value) in _NUMBERS and abs(value) <= LARGEST)  # type: ignore[arg-type]  # a number


def _column(rows: Sequence[Mapping[str, object]], name: str) -> list[object]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:  # some leave the field out
        return [each.get(name, _ABSENT[name]) for each in rows]


def _values(metrics: Sequence[object]) -> tuple[Sequence[str], NDArray[np.float64]]:
    """Return names and values; at once where all cases name the same metrics in the same order."""
    rows = [each for each in metrics if isinstance(each, dict)]
    names = tuple(rows[0]) if rows else ()
    if len(rows) == len(metrics) and all(tuple(each) == names for each in rows):
        values = np.array([list(each.values()) for each in rows], dtype=np.float64)
        return names, values.reshape(len(rows), len(names))
    return table_of(TypeAdapter(list[dict[str, float | None]]).validate_python(metrics))
