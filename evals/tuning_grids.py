"""Tables of a comparison in the order of tuning: in what the bundles differ, is it real, at what cost."""

from collections.abc import Iterator, Sequence

from evals.findings import Comparison, MetricDifference, Pair, RunFacts
from evals.report_content import Grid
from evals.verdicts import (
    ABSENT,
    counts,
    decimals,
    figure,
    interval,
    number,
    places_of,
    probability,
    signed,
)

_COSTS = {"context_tokens": "tokens", "latency_ms.total": "ms", "cost_usd": "USD"}  # of a question


def bundle_grid(found: Comparison) -> Grid:
    """Return the fields in which later bundles differ from the first of their split, a column for each run."""
    changed = {pair.label_b: {each.field: each for each in pair.changes} for pair in found.pairs}
    fields = {each.field: each.a for pair in found.pairs for each in pair.changes}
    firsts = " or ".join(dict.fromkeys(pair.label_a for pair in found.pairs))
    rows = tuple(
        (name, first, *(own[name].b if name in own else first for own in changed.values()))
        for name, first in fields.items()
    )
    notes = () if rows else ("The bundles are the same.",)
    return Grid("What differs between the bundles", ("field", firsts, *changed), rows, notes, figures=False)


def verdict_grid(found: Comparison) -> Grid:
    """Return every test that was done: each later run by each metric that decides."""
    rows = tuple(_test(pair, name, found.headline) for pair in found.pairs for name in found.named)
    columns = (
        "run",
        "metric",
        "B - A",
        "interval",
        "+/=/-",
        "n",
        "p",
        "p (Holm)",
        "shows",
        "more questions",
        "worse in",
    )
    return Grid(f"Tests: {found.tests} that Holm's correction counts", columns, rows)


def _test(pair: Pair, name: str, headline: str) -> tuple[str, ...]:
    found = pair.metrics.get(name, MetricDifference())
    places = places_of(name, found)
    more = "" if found.more_questions is None else f"{found.more_questions:,}"
    return (
        pair.label_b,
        name,
        signed(found.difference, places),
        interval(found.ci_low, found.ci_high, places),
        counts(found),
        f"{found.n:,}",
        probability(found.p),
        probability(found.p_holm),
        number(found.minimum_detectable, places),
        more,
        _worse(pair) if name == headline else "",
    )


def _worse(pair: Pair) -> str:
    count = sum(each.worse for each in pair.slices)
    return f"{count} slice{'s' if count > 1 else ''}" if count else ""


def cost_grid(found: Comparison) -> Grid:
    """Return what each run took: context, time and money a question, mean and 95th percentile, and its index."""
    names = [name for name in _COSTS if any(name in run.spent for run in found.runs)]
    columns = ["run", *(f"{_COSTS[name]}, {part}" for name in names for part in ("mean", "p95"))]
    rows = tuple((run.label, *_spent(run, names), *_index(run)) for run in found.runs)
    return Grid("A question's cost, and the index", (*columns, "chunks", "tokens a chunk"), rows)


def stage_grid(found: Comparison) -> Grid:
    """Return how much each stage of each run computed, and how much it took from the cache."""
    names = list(dict.fromkeys(name for run in found.runs for name in run.stages))
    rows = tuple((run.label, *(_work(run, name) for name in names)) for run in found.runs)
    return Grid("Work of each stage: computed / reused", ("run", *names), rows if names else ())


def _spent(run: RunFacts, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        spent = run.spent.get(name)
        yield figure(name, spent.mean) if spent else ABSENT
        yield figure(name, spent.p95) if spent else ABSENT


def _index(run: RunFacts) -> tuple[str, str]:
    tokens = run.index.get("tokens_per_chunk")
    size = number(tokens, decimals("context_tokens", tokens)) if tokens is not None else ABSENT
    return number(run.index.get("chunks"), 0), size


def _work(run: RunFacts, name: str) -> str:
    done = run.stages.get(name)
    return f"{done.get('computed', 0):,.0f} / {done.get('reused', 0):,.0f}" if done else ABSENT
