"""Runs to a comparison: is it real, how big, where, at what cost, and which questions changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import DamerauLevenshtein

from evals.auroc import abstention_auroc, paired_auroc
from evals.comparability import Across, by_split, changes, crossings, labels, obstacles, partial
from evals.findings import Comparison, MetricDifference, Pair
from evals.flips import flips
from evals.run_facts import facts_of, left_out_warnings, unseen_warnings, warnings_of
from evals.run_table import RunTable
from evals.scoring import AUROC
from evals.significance import Paired, holm, paired
from evals.slices import slice_differences, slice_warnings, slices_of
from evals.split_figures import split_figures
from evals.verdicts import verdict
from rag.errors import UsageError

LEVEL = 0.05
# What decides where a run does not say it, or has no value of it: rankings before answers.
_OTHERWISE = ("recall@5", "ndcg@10", "answer_f1", "exact_match", "abstention_recall")
_NEAREST = 5  # names shown for one that is not known


@dataclass(frozen=True, slots=True)
class _Field:
    """Runs side by side."""

    tables: list[RunTable]
    labels: list[str]
    names: list[str]  # all metrics of all runs
    named: list[str]  # those that decide

    def part(self, places: Sequence[int]) -> "_Field":
        """Return the runs of one split, their cases in one order."""
        own = [self.tables[at] for at in places]
        ordered = [table.ordered_as(own[0].cases.id) for table in own]
        return replace(self, tables=ordered, labels=[self.labels[at] for at in places])

    @property
    def headline(self) -> str:
        """The deciding metric that single questions have; empty where there is none."""
        wanted = [*self.named, self.tables[0].run.headline, *_OTHERWISE]
        return next((name for name in wanted if name in self.names), "")


def compare_tables(
    tables: Sequence[RunTable], *, metrics: Sequence[str] = (), across: Collection[Across] = ()
) -> Comparison:
    """Compare every later run with the first of its split, or say why that cannot be done.

    metrics: those that decide, corrected for their number; none: the headline of the runs.
    Raises UsageError for fewer than two runs and for a metric that no run has.
    """
    if len(tables) < 2:
        raise UsageError("A comparison needs at least two runs.")
    names = labels(tables)
    if found := obstacles(tables, names, across):
        return Comparison(comparable=False, reason=" ".join(found))
    names = labels(tables, with_split=len(by_split(tables)) > 1)
    known = sorted({name for table in tables for name in table.names})
    side_by_side = _Field(list(tables), names, known, _deciding(tables, known, metrics))
    return _compared(side_by_side, (*crossings(tables, names, across), *partial(tables, names)))


def _compared(runs: _Field, notes: tuple[str, ...]) -> Comparison:
    parts = [runs.part(places) for places in by_split(runs.tables)]
    differences = _corrected([own for part in parts for own in _differences(part)], runs.named)
    rest = iter(differences)
    pairs = tuple(pair for part in parts for pair in _pairs(part, list(islice(rest, len(part.tables) - 1))))
    return Comparison(
        comparable=True,
        pairs=pairs,
        named=tuple(runs.named),
        headline=runs.headline,
        tests=sum(each.p is not None and each.named for own in differences for each in own.values()),
        set_name=runs.tables[0].run.set_name,
        cases=sum(len(part.tables[0].cases.id) for part in parts),
        runs=tuple(facts_of(table, name) for table, name in zip(runs.tables, runs.labels, strict=True)),
        splits=split_figures(runs.tables, runs.headline) if len(parts) > 1 else (),
        warnings=(
            *warnings_of(runs.tables, runs.labels),
            *unseen_warnings(pairs),
            *left_out_warnings(pairs),
            *slice_warnings(pairs),
        ),
        notes=notes + tuple(dict.fromkeys(note for table in runs.tables for note in table.run.notes)),
    )


def _deciding(tables: Sequence[RunTable], known: Sequence[str], metrics: Sequence[str]) -> list[str]:
    """Return the metrics that decide. Raises UsageError, with those that are meant perhaps, for one that no run has."""
    if not metrics:
        wanted = [*(table.run.headline for table in tables), *_valued(tables)]
        return [next((name for name in wanted if name in known), known[0])] if known else []
    every = [*known, AUROC]
    for name in metrics:
        if name not in every:
            nearest = sorted(every, key=lambda other: (DamerauLevenshtein.distance(name, other), other))
            raise UsageError(f"No run has a metric {name!r}. The nearest first: {', '.join(nearest[:_NEAREST])}.")
    return list(dict.fromkeys(metrics))


def _valued(tables: Sequence[RunTable]) -> list[str]:
    """Return what else may decide, as far as a question of any run has a value of it."""
    return [name for name in _OTHERWISE if any(not np.isnan(table.column(name)).all() for table in tables)]


def _differences(runs: _Field) -> list[dict[str, MetricDifference]]:
    """Return all metrics of all later runs against the first, not yet corrected for their number."""
    first, *others = (table.columns(runs.names) for table in runs.tables)
    tests = paired(np.hstack([first] * len(others)), np.hstack(others))
    width = len(runs.names)
    found = [
        _of_metrics(runs.names, tests[at * width : (at + 1) * width], first, other) for at, other in enumerate(others)
    ]
    return [own | _auroc(runs.tables[0], table) for own, table in zip(found, runs.tables[1:], strict=True)]


def _of_metrics(
    names: Sequence[str], tests: Sequence[Paired], a: NDArray[np.float64], b: NDArray[np.float64]
) -> dict[str, MetricDifference]:
    both = ~np.isnan(a) & ~np.isnan(b)
    sizes = np.maximum(both.sum(axis=0), 1)
    left, right = (np.where(both, values, 0.0).sum(axis=0) / sizes for values in (a, b))
    rows = zip(names, tests, left.tolist(), right.tolist(), _left_out(a, b).tolist(), strict=True)
    return {name: _difference(test, mean_a, mean_b, alone) for name, test, mean_a, mean_b, alone in rows}


def _left_out(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many questions have a value on one side only: they have truth, and no pair."""
    return np.asarray((np.isnan(a) != np.isnan(b)).sum(axis=0))


def _difference(test: Paired, a: float, b: float, left_out: int) -> MetricDifference:
    if not test.n:
        return MetricDifference(left_out=left_out)
    needed = test.questions_needed
    return MetricDifference(
        a=a,
        b=b,
        difference=test.difference,
        ci_low=test.ci_low,
        ci_high=test.ci_high,
        p=test.p,
        wins=test.wins,
        ties=test.ties,
        losses=test.losses,
        n=test.n,
        minimum_detectable=test.minimum_detectable,
        questions_needed=needed,
        left_out=left_out,
        more_questions=needed - test.n if needed and needed > test.n else None,
    )


def _auroc(a: RunTable, b: RunTable) -> dict[str, MetricDifference]:
    """Return the areas where either run answered; nulls where they cannot be told apart."""
    left, right = a.answerability, b.answerability
    if np.isnan(left).all() and np.isnan(right).all():
        return {}
    both, left_out = ~np.isnan(left) & ~np.isnan(right), int(_left_out(left, right))
    kinds = np.array(a.cases.answerable, dtype=bool)[both]
    if min(kinds.sum(), (~kinds).sum()) < 2:
        return {AUROC: MetricDifference(left_out=left_out)}
    scores, truth = (left[both].tolist(), right[both].tolist()), kinds.tolist()
    one, other = (abstention_auroc(each, truth).mean or 0.0 for each in scores)
    try:
        test = paired_auroc(*scores, truth)
    except ValueError:  # the areas differ without any variance
        test = Paired(len(truth), other - one)
    return {AUROC: _difference(test, one, other, left_out)}


def _corrected(found: list[dict[str, MetricDifference]], named: Sequence[str]) -> list[dict[str, MetricDifference]]:
    places = [(at, name) for at in range(len(found)) for name in named if name in found[at]]
    adjusted = holm([found[at][name].p for at, name in places])
    for (at, name), p in zip(places, adjusted, strict=True):
        update = {"named": True, "p_holm": p, "significant": None if p is None else p < LEVEL}
        found[at][name] = found[at][name].model_copy(update=update)
    return found


def _pairs(runs: _Field, differences: Sequence[dict[str, MetricDifference]]) -> tuple[Pair, ...]:
    parts, notes = slices_of(runs.tables[0], runs.headline) if runs.headline else ([], [])
    by_slice = slice_differences(runs.tables[0], runs.tables[1:], parts, runs.headline)
    return tuple(
        _pair(runs, at, own).model_copy(update={"slices": rows, "slice_notes": tuple(notes)})
        for at, (own, rows) in enumerate(zip(differences, by_slice, strict=True), 1)
    )


def _pair(runs: _Field, at: int, metrics: dict[str, MetricDifference]) -> Pair:
    first, other = runs.tables[0], runs.tables[at]
    gains, losses = flips(first, other, runs.headline)
    a, b = runs.labels[0], runs.labels[at]
    return Pair(
        a=first.run.id,
        b=other.run.id,
        label_a=a,
        label_b=b,
        split=first.run.split,
        verdicts=tuple(verdict(name, metrics.get(name, MetricDifference()), a, b) for name in runs.named),
        metrics=metrics,
        changes=changes(first, other),
        gains=gains,
        losses=losses,
    )
