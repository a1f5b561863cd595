"""Figures and findings in plain words, the same in every report."""

from math import floor, log10

from evals.findings import Comparison, MetricDifference, Pair
from evals.scoring import AUROC
from evals.significance import LEAST

ABSENT = "–"
_SPENT = ("latency_ms.", "context_tokens", "cost_usd", "input_tokens", "output_tokens")


def lower_is_better(metric: str) -> bool:
    """Whether a metric is something spent: time, tokens, money."""
    return metric.startswith(_SPENT)


def gain_of(found: Comparison, pair: Pair) -> float:
    """Return by how much the later run of a pair is better by the headline; 0 where that is not known."""
    difference = pair.metrics.get(found.headline, MetricDifference()).difference or 0.0
    return -difference if lower_is_better(found.headline) else difference


def decimals(metric: str, *values: float | None) -> int:
    """Return how many decimals say something: 3 for shares (more where all are small), else four digits in all."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if not lower_is_better(metric):
        return 3 + (0 < largest < 0.1) + (0 < largest < 0.01)
    return min(6, max(0, 3 - floor(log10(largest)))) if largest else 0


def number(value: float | None, places: int) -> str:
    """Return a figure with these decimals; never "-0.000"."""
    if value is None:
        return ABSENT
    return f"{round(value, places) + 0.0:,.{places}f}"


def figure(metric: str, value: float | None) -> str:
    """Return one figure of a metric."""
    return number(value, decimals(metric, value))


def signed(value: float | None, places: int) -> str:
    """Return a difference with its sign; one that rounds to 0 has none."""
    said = number(value, places)
    return f"+{said}" if value is not None and round(value, places) > 0 else said


def interval(low: float | None, high: float | None, places: int) -> str:
    return ABSENT if low is None else f"[{number(low, places)}, {number(high, places)}]"


def probability(p: float | None) -> str:
    """Return a p value: four decimals where it is small, and never 0."""
    if p is None:
        return ABSENT
    if p < 0.00005:
        return "<0.0001"
    return f"{p:.4f}" if p < 0.01 else f"{p:.3f}"


def counts(found: MetricDifference) -> str:
    """Return wins / ties / losses."""
    return ABSENT if found.wins is None else f"{found.wins:,}/{found.ties:,}/{found.losses:,}"


def places_of(metric: str, found: MetricDifference) -> int:
    """Return the decimals that a metric's row shares."""
    if lower_is_better(metric):
        return decimals(metric, found.a, found.b)
    return decimals(metric, found.a, found.b) if found.a and found.b else 3


def verdict(metric: str, found: MetricDifference, a: str, b: str) -> str:
    """Return what a comparison of runs a and b says of one named metric, in a sentence."""
    if found.difference is None or found.ci_low is None:
        return f"{metric} cannot be compared: {_why_not(found)}."
    if not found.wins and not found.losses:
        return f"No difference: {a} and {b} have the same {metric} on all {questions(found.n)}."
    return _better_or_worse(metric, found, a, b) if found.significant else _unsettled(metric, found)


def _why_not(found: MetricDifference) -> str:
    if found.n >= 2:
        return "the difference has no variance to test"
    return f"{questions(found.n) if found.n else 'no question'} with a value in both runs"


def _better_or_worse(metric: str, found: MetricDifference, a: str, b: str) -> str:
    assert found.difference is not None
    better = (found.difference > 0) != lower_is_better(metric)
    places = places_of(metric, found)
    size = number(abs(found.difference), places)
    low, high = sorted(_towards(found))
    said = f"{size} {interval(low, high, places)} {metric}"
    return f"{b} is {'better' if better else 'worse'} than {a} by {said} (p {probability(found.p_holm)} after Holm)."


def _towards(found: MetricDifference) -> tuple[float, float]:
    """Return the interval of the size in the difference's own direction."""
    sign = 1 if (found.difference or 0) > 0 else -1
    return sign * (found.ci_low or 0.0), sign * (found.ci_high or 0.0)


def _unsettled(metric: str, found: MetricDifference) -> str:
    places = places_of(metric, found)
    said = f"{number(found.difference, places)} {interval(found.ci_low, found.ci_high, places)} {metric}"
    parts = [f"No difference can be shown: {said}", *_correction(found)]
    parts += _power(metric, found, places)
    if found.more_questions:
        parts.append(f"about {rounded(found.more_questions):,} more questions would settle one of this size")
    return "; ".join(parts) + "."


def _power(metric: str, found: MetricDifference, places: int) -> list[str]:
    """Return which differences so many questions show; nothing where that is not known."""
    if found.n < LEAST and metric != AUROC:  # which has a test of its own
        return [f"fewer than {LEAST} questions can show none"]
    least = found.minimum_detectable or 0.0
    said = number(least, places) if round(least, places) else figure(metric, least)
    return [f"this set shows differences from {said} up"] if float(said.replace(",", "")) else []


def _correction(found: MetricDifference) -> list[str]:
    """Return why a difference does not stand that would alone, or whose interval leaves out 0."""
    if found.p is not None and found.p < 0.05:
        return [f"p {probability(found.p)} alone, {probability(found.p_holm)} after Holm"]
    beside = (found.ci_low or 0) * (found.ci_high or 0) > 0
    return [f"p {probability(found.p)}, though the interval leaves out 0"] if beside else []


def questions(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'}"


def rounded(count: int) -> int:
    """Return a count to two digits, for "about"."""
    return round(count, 2 - len(str(count)))
