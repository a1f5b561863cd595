"""What a run took, and what a reader of its means must know."""

from collections.abc import Iterator, Sequence

import numpy as np

from evals.findings import RunFacts, Spent
from evals.floors import BM25
from evals.run_table import RunTable
from evals.verdicts import figure, interval, lower_is_better, number


def facts_of(table: RunTable, label: str) -> RunFacts:
    """Return what stands beside a run's figures."""
    run = table.run
    return RunFacts(
        id=run.id,
        label=label,
        bundle=run.bundle,
        coverage=run.coverage,
        means=run.metrics,
        spent=dict(_spent(table)),
        index=run.index,
        retrieval_only=run.retrieval_only,
        beats_bm25=run.beats_bm25,
        floors=run.floors,
    )


def warnings_of(tables: Sequence[RunTable], labels: Sequence[str]) -> Iterator[str]:
    """Yield what makes figures less worth than they look: failures, and runs that do not beat BM25."""
    for table, label in zip(tables, labels, strict=True):
        yield from _failures(table, label)
        if table.run.beats_bm25 is False:
            yield f"{label} is not shown to beat plain BM25{_floor(table)}."


def _failures(table: RunTable, label: str) -> Iterator[str]:
    errors, late = table.run.coverage.get("error", 0), table.run.coverage.get("timeout", 0)
    if errors or late:
        yield (
            f"{label}: {errors + late:,} of {sum(table.run.coverage.values()):,} questions failed (errors {errors:,}, "
            f"time-outs {late:,}). They are in no mean: only questions with a value in both runs are compared."
        )


def _floor(table: RunTable) -> str:
    """Return ": recall@5 0.712 against 0.725, ahead by -0.013 [-0.030, 0.004]", as far as it is known."""
    name, floor = table.run.headline, table.run.floors.get(BM25)
    own = table.run.metrics.get(name)
    if own is None or floor is None or floor.difference is None:
        return ""
    ahead = f"{number(floor.difference, 3)} {interval(floor.ci_low, floor.ci_high, 3)}"
    return f": {name} {figure(name, own.mean)} against {figure(name, floor.mean)}, ahead by {ahead}"


def _spent(table: RunTable) -> Iterator[tuple[str, Spent]]:
    for name in sorted(filter(lower_is_better, table.names)):
        column = table.column(name)
        values = column[~np.isnan(column)]
        if len(values):
            yield name, Spent(mean=float(values.mean()), p95=float(np.percentile(values, 95)), n=len(values))
