"""The latest runs with their headline figure, without reading their cases."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import select

from evals.run import Summary
from evals.runs import RunBook, RunLine
from rag.database import tables as t


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run as a list shows it; no summary where it has not ended with one."""

    line: RunLine
    metric: str = ""
    summary: Summary | None = None


def last_runs(book: RunBook, limit: int) -> list[LastRun]:
    """Return the latest runs, the newest first; those that were made for another are left out."""
    lines = book.list()[:limit]
    found = _headlines(book, [line.id for line in lines])
    return [LastRun(line, *found.get(line.id, ("", None))) for line in lines]


def _headlines(book: RunBook, ids: Sequence[str]) -> dict[str, tuple[str, Summary | None]]:
    if not ids:
        return {}
    headline, metrics = t.runs.c.content["headline"], t.runs.c.content["metrics"]
    query = select(t.runs.c.id, headline.label("headline"), metrics.label("metrics")).where(t.runs.c.id.in_(ids))
    with book.database.read() as connection:
        rows = connection.execute(query.where(t.runs.c.state == "done")).all()
    return {row.id: (row.headline or "", _summary(row.metrics, row.headline)) for row in rows}


def _summary(metrics: dict[str, object] | None, headline: str | None) -> Summary | None:
    try:
        return Summary.model_validate((metrics or {}).get(headline or ""))
    except ValidationError:  # another version of Plumbline wrote it otherwise, or there is none
        return None
