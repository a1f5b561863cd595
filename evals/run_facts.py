"""What a run took, and what a reader of its means must know."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from evals.findings import Pair, RunFacts, Spent
from evals.floors import BM25
from evals.run_table import RunTable
from evals.scoring import FIRST_OF_ANSWERS
from evals.verdicts import figure, interval, lower_is_better, number, questions

_AFTER_RANKING = re.compile(r"query\.(top_k|context_tokens)|answer\.")


def facts_of(table: RunTable, label: str) -> RunFacts:
    """Return what stands beside a run's figures."""
    run = table.run
    return RunFacts(
        id=run.id,
        label=label,
        bundle=run.bundle,
        split=run.split,
        search=run.search,
        coverage=run.coverage,
        means=run.metrics,
        spent=dict(_spent(table)),
        index=run.index,
        stages=run.stages,
        retrieval_only=run.retrieval_only,
        beats_bm25=run.beats_bm25,
        floors=run.floors,
    )


def warnings_of(tables: Sequence[RunTable], labels: Sequence[str]) -> Iterator[str]:
    """Yield what makes figures less worth than they look: what has no value, and runs that do not beat BM25."""
    for table, label in zip(tables, labels, strict=True):
        yield from _failures(table, label)
        if table.run.beats_bm25 is False:
            yield f"{label} is not shown to beat plain BM25{_floor(table)}."


def left_out_warnings(pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield which questions have truth for a metric that decides, and no pair."""
    for pair in pairs:
        for name, found in pair.metrics.items():
            if found.named and found.left_out:
                yield (
                    f"{name}, {pair.label_b} against {pair.label_a}: {questions(found.left_out)} left out of "
                    f"{found.n + found.left_out:,}, as only one of the two runs has a value there."
                )


def unseen_warnings(pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield which bundles differ in nothing that the deciding metrics can see.

    Metrics of rankings are taken before the cut at `top_k` and `context_tokens`, and before any answer.
    """
    for pair in pairs:
        fields = [each.field for each in pair.changes]
        named = [name for name, found in pair.metrics.items() if found.named]
        of_rankings = not any(name in FIRST_OF_ANSWERS or lower_is_better(name) for name in named)
        if fields and named and of_rankings and all(map(_AFTER_RANKING.match, fields)):
            yield (
                f"{pair.label_b} differs from {pair.label_a} in {', '.join(fields)} alone, which comes after the "
                f"ranking: {', '.join(named)} cannot show it. Look at metrics of answers, and at the cost."
            )


def _failures(table: RunTable, label: str) -> Iterator[str]:
    empty, errors, late = (table.run.coverage.get(state, 0) for state in ("empty", "error", "timeout"))
    asked = sum(table.run.coverage.values())
    if errors or late:
        yield (
            f"{label}: {errors + late:,} of {asked:,} questions failed (errors {errors:,}, "
            f"time-outs {late:,}). They are in no mean: only questions with a value in both runs are compared."
        )
    if empty:
        yield (
            f"{label}: for {empty:,} of {asked:,} questions nothing was found. They are in no mean of rankings, which "
            "flatters it: only questions with a value in both runs are compared."
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
