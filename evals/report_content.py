"""What every report of a comparison says, as titled tables of text.

The terminal, Markdown and the page differ in looks. In tables A is the first run, of its split, and B the later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.findings import Comparison, Flip, MetricDifference, Pair, RunFacts, SliceDifference, Spent
from evals.outcome import State
from evals.run import Summary
from evals.scoring import FIRST_OF_ANSWERS, FIRST_OF_RANKINGS
from evals.verdicts import (
    ABSENT,
    counts,
    figure,
    interval,
    lower_is_better,
    number,
    places_of,
    probability,
    questions,
    signed,
)

CORE = FIRST_OF_RANKINGS + FIRST_OF_ANSWERS
LEGEND = (
    "Intervals: 95 %, by questions. +/=/-: questions on which B is higher, the same, lower. shows: the least "
    "difference that so many questions show with a power of 0.8. *: metrics that decide, with p after Holm above."
)
FLATTERED = (
    "The figure on tune flatters what was chosen on it: what is to be expected is that on holdout, as long as nothing "
    "was chosen by it."
)
_WITHOUT_VALUE: tuple[State, ...] = ("empty", "error", "timeout")
_SOME = 8  # slices on a terminal
_FEW = 5  # questions of either kind on a terminal


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of text; all columns but the first are figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    marked: frozenset[int] = frozenset()  # rows that want attention
    figures: bool = True  # else all columns are words


@dataclass(frozen=True, slots=True)
class PairReport:
    """What is said of a later run against the first of its split."""

    pair: Pair
    title: str
    verdicts: tuple[str, ...]
    grids: tuple[Grid, ...]


def heading(found: Comparison) -> str:
    """Return what was compared, by what it is decided, and how many tests are corrected for."""
    counted = f"{found.tests} test{'s' if found.tests != 1 else ''}"
    return (
        f"{found.set_name or 'Set'}: {questions(found.cases)}, {len(found.runs)} runs that may be compared. "
        f"Decided by {', '.join(found.named) or 'no metric'}; Holm's correction counts {counted}."
    )


def overview(found: Comparison) -> list[Grid]:
    """Return what is said of all runs together."""
    grids = [coverage(found)]
    if found.headline:
        grids.insert(0, means(found))
        grids += [beside(found)] if found.splits else []
        grids += [ranks(found)] if len(found.pairs) > 1 else []
    return grids


def beside(found: Comparison) -> Grid:
    """Return each bundle's own headline metric on tune and on holdout."""
    rows = tuple(
        (each.label, *_mean(found.headline, each.tune), *_mean(found.headline, each.holdout)) for each in found.splits
    )
    columns = ("bundle", "tune", "interval", "n", "holdout", "interval", "n")
    return Grid(f"{found.headline} on tune and on holdout", columns, rows, (FLATTERED,))


def ranks(found: Comparison) -> Grid:
    """Return every later run against the first of its split, by the headline metric."""
    name = found.headline
    rows = [(pair.label_b, *_summary(name, pair.metrics.get(name, MetricDifference()))) for pair in found.pairs]
    columns = ("B", "A", "B", "B - A", "interval", "p (Holm)", "worse in")
    marks = [sum(each.worse for each in pair.slices) for pair in found.pairs]
    worse = [f"{count} slice{'s' if count > 1 else ''}" if count else "" for count in marks]
    cells = [(*row, said) for row, said in zip(rows, worse, strict=True)]
    marked = frozenset(at for at, count in enumerate(marks) if count)
    firsts = " or ".join(dict.fromkeys(pair.label_a for pair in found.pairs))
    return Grid(f"{name}, each run B against A, {firsts}", columns, tuple(cells), marked=marked)


def coverage(found: Comparison) -> Grid:
    """Return how many questions of each run have a result, and which runs beat BM25."""
    rows = [
        (run.label, *(f"{run.coverage.get(state, 0):,}" for state in ("ok", "empty", "error", "timeout")), _bm25(run))
        for run in found.runs
    ]
    failed = frozenset(at for at, run in enumerate(found.runs) if any(map(run.coverage.get, _WITHOUT_VALUE)))
    columns = ("run", "ok", "empty", "error", "timeout", "beats BM25")
    return Grid("Questions by state", columns, tuple(rows), marked=failed)


def means(found: Comparison) -> Grid:
    """Return each run's own headline metric with its interval, over all questions of the run."""
    rows = [(run.label, *_mean(found.headline, run.means.get(found.headline))) for run in found.runs]
    return Grid(f"{found.headline} of each run alone", ("run", "mean", "interval", "questions"), tuple(rows))


def pair_report(found: Comparison, pair: Pair, *, wide: bool) -> PairReport:
    """Return what is said of one pair; wide: with every column and metric."""
    names = shown_metrics(found, pair)
    grids = [changes(pair), metric_grid("Metrics", pair, names, wide=wide), slice_grid(found, pair, wide=wide)]
    grids += [spent(found, pair), _flips(found.headline, "gains", pair.gains, wide=wide)]
    grids.append(_flips(found.headline, "losses", pair.losses, wide=wide))
    if wide:
        rest = [name for name in pair.metrics if name not in names]
        grids.append(metric_grid("Further metrics", pair, rest, wide=True))
    kept = tuple(grid for grid in grids if grid.rows or grid.notes)
    return PairReport(pair, f"B {pair.label_b} against A {pair.label_a}", pair.verdicts, kept)


def changes(pair: Pair) -> Grid:
    rows = tuple((each.field, each.a, each.b) for each in pair.changes)
    notes = () if rows else ("The bundles are the same.",)
    return Grid("What differs", ("field", "A", "B"), rows, notes, figures=False)


def metric_grid(title: str, pair: Pair, names: Sequence[str], *, wide: bool) -> Grid:
    """Return metrics with their differences; those that decide are marked by an asterisk."""
    columns: tuple[str, ...] = ("metric", "A", "B", "B - A", "interval", "+/=/-", "shows")
    columns += ("n", "p", "p (Holm)", "more questions") if wide else ()
    rows = tuple(_metric(name, pair.metrics.get(name, MetricDifference()), wide=wide) for name in names)
    return Grid(title, columns, rows)


def slice_grid(found: Comparison, pair: Pair, *, wide: bool) -> Grid:
    """Return the headline metric by slice; terminals get the slices that moved most."""
    rows = sorted(pair.slices, key=lambda each: (not each.worse, each.p))
    rows = rows if wide else rows[:_SOME]
    hidden = len(pair.slices) - len(rows)
    notes = [*pair.slice_notes, *([f"{hidden} further slices are in --json and --html"] if hidden else [])]
    cells = tuple(_slice(found.headline, each) for each in rows)
    marked = frozenset(at for at, each in enumerate(rows) if each.worse)
    columns = ("slice", "n", "A", "B", "B - A", "interval", "p (Holm)", "")
    return Grid(f"{found.headline} by slice", columns, cells, tuple(notes), marked)


def spent(found: Comparison, pair: Pair) -> Grid:
    """Return cost and latency of both runs, mean and 95th percentile."""
    sides = [next(run for run in found.runs if run.label == label) for label in (pair.label_a, pair.label_b)]
    names = list(dict.fromkeys(name for side in sides for name in side.spent))
    rows = [(name, *(cell for side in sides for cell in _spent(name, side.spent.get(name)))) for name in names]
    chunks = [number(side.index.get("chunks"), 0) for side in sides]
    rows.append(("index chunks", chunks[0], "", chunks[1], ""))
    return Grid("Cost and latency", ("", "A mean", "A p95", "B mean", "B p95"), tuple(rows))


def _flips(metric: str, kind: str, flips: Sequence[Flip], *, wide: bool) -> Grid:
    rows = tuple(
        (" ".join(each.question.split()) or each.id, figure(metric, each.a), figure(metric, each.b), each.id)
        for each in (flips if wide else flips[:_FEW])
    )
    return Grid(f"Largest {kind} of {metric}", ("question", "A", "B", "id"), rows)


def shown_metrics(found: Comparison, pair: Pair) -> list[str]:
    """Return the metrics that are looked at first: those that decide, and the core ones."""
    wanted = list(dict.fromkeys([*found.named, found.headline, *CORE]))
    return [name for name in wanted if name in pair.metrics and (pair.metrics[name].n or name in found.named)]


def _metric(name: str, found: MetricDifference, *, wide: bool) -> tuple[str, ...]:
    places = places_of(name, found)
    cells = (
        f"{name} *" if found.named else name,
        number(found.a, places),
        number(found.b, places),
        signed(found.difference, places),
        interval(found.ci_low, found.ci_high, places),
        counts(found),
        number(found.minimum_detectable, places),
    )
    more = "" if found.more_questions is None else f"{found.more_questions:,}"
    return (*cells, f"{found.n:,}", probability(found.p), probability(found.p_holm), more) if wide else cells


def _summary(name: str, found: MetricDifference) -> tuple[str, ...]:
    places = places_of(name, found)
    ends = interval(found.ci_low, found.ci_high, places)
    both = number(found.a, places), number(found.b, places)
    return (*both, signed(found.difference, places), ends, probability(found.p_holm))


def _slice(name: str, each: SliceDifference) -> tuple[str, ...]:
    places = 3 if not lower_is_better(name) else 1
    both = number(each.a, places), number(each.b, places)
    ends = interval(each.ci_low, each.ci_high, places)
    moved = (signed(each.difference, places), ends, probability(each.p_holm), "worse" if each.worse else "")
    return (f"{each.kind}: {each.name}", f"{each.n:,}", *both, *moved)


def mean_of(name: str, found: Summary | None) -> str:
    """Return a run's own mean."""
    return figure(name, found.mean) if found else ABSENT


def interval_of(found: Summary | None) -> str:
    """Return the interval of a run's own mean."""
    return interval(found.ci_low, found.ci_high, 3) if found and found.mean is not None else ABSENT


def _mean(name: str, found: Summary | None) -> tuple[str, str, str]:
    return mean_of(name, found), interval_of(found), f"{found.n:,}" if found and found.mean is not None else "0"


def _spent(name: str, found: Spent | None) -> tuple[str, str]:
    return (figure(name, found.mean), figure(name, found.p95)) if found else (ABSENT, ABSENT)


def _bm25(run: RunFacts) -> str:
    return {None: "not asked", True: "yes", False: "not shown"}[run.beats_bm25]
