"""The least score of a supported answer, fitted to labelled examples, and how sure that is.

Examples are drawn again and again, each kind by itself; what a draw leaves out tells how well its threshold does on
examples that it was not fitted to: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 17.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
FEW = 30  # examples of either kind: below it chance decides
LEAST = 2
NEVER = -1.0  # the score of an example that no threshold makes supported
_SEED = 20_261_121

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a threshold does with the examples that it was fitted to. Shares are of their kind, in [0, 1]."""

    balanced_accuracy: float
    false_alarms: float  # supported, and said not to be
    missed: float  # not supported, and said to be


@dataclass(frozen=True, slots=True)
class FittedThreshold:
    """balanced_accuracy, false_alarms: on examples left out, so worse than `fitted`; None where they are too few."""

    threshold: Interval
    balanced_accuracy: Interval | None
    false_alarms: Interval | None
    fitted: Outcome
    supported: int
    unsupported: int


def fit_threshold(
    scores: Sequence[float], supported: Sequence[bool], max_false_alarms: float | None = None
) -> FittedThreshold:
    """Return the threshold with the best balanced accuracy, or else the highest with so few false alarms.

    scores: of examples, in [0, 1], or NEVER.
    Where no threshold has so few, it is 0, and `fitted` says how many there are.
    Raises ValueError with fewer than two examples of either kind.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(supported, np.bool_)
    positive, negative = np.sort(values[truth]), np.sort(values[~truth])
    if min(len(positive), len(negative)) < LEAST:
        raise ValueError("a threshold needs at least two supported and two unsupported examples")
    threshold = _best(positive, negative, max_false_alarms)
    drawn, judged = _redrawn(positive, negative, max_false_alarms)
    return FittedThreshold(
        threshold=_interval(threshold, drawn),
        balanced_accuracy=_around_mean([each.balanced_accuracy for each in judged]),
        false_alarms=_around_mean([each.false_alarms for each in judged]),
        fitted=_outcome(positive, negative, threshold),
        supported=len(positive),
        unsupported=len(negative),
    )


def _best(positive: Floats, negative: Floats, max_false_alarms: float | None) -> float:
    """Return the threshold for sorted scores; of several that do equally well, the middle one."""
    levels = np.unique(np.r_[0.0, positive[positive >= 0], negative[negative >= 0]])
    cuts = np.r_[0.0, (levels[1:] + levels[:-1]) / 2, 1.0]
    alarms = np.searchsorted(positive, cuts, "left") / len(positive)
    if max_false_alarms is not None:
        allowed = cuts[alarms <= max_false_alarms]
        return float(allowed[-1]) if len(allowed) else 0.0
    right = 1 - alarms + np.searchsorted(negative, cuts, "left") / len(negative)
    best = np.flatnonzero(right >= right.max() - 1e-12)
    return float(cuts[best[(len(best) - 1) // 2]])


def _redrawn(positive: Floats, negative: Floats, max_false_alarms: float | None) -> tuple[list[float], list[Outcome]]:
    """Return the thresholds of draws, and what each does with what its draw left out."""
    dice = np.random.default_rng(_SEED)
    thresholds: list[float] = []
    judged: list[Outcome] = []
    for _ in range(DRAWS):
        (drawn, left), (drawn_other, left_other) = _draw(positive, dice), _draw(negative, dice)
        thresholds.append(_best(drawn, drawn_other, max_false_alarms))
        if len(left) and len(left_other):
            judged.append(_outcome(left, left_other, thresholds[-1]))
    return thresholds, judged


def _draw(scores: Floats, dice: np.random.Generator) -> tuple[Floats, Floats]:
    """Return as many of the sorted scores, drawn with replacement, and those that were not drawn; both sorted."""
    times = np.bincount(dice.integers(0, len(scores), len(scores)), minlength=len(scores))
    return np.repeat(scores, times), scores[times == 0]


def _outcome(positive: Floats, negative: Floats, threshold: float) -> Outcome:
    alarms = float(np.searchsorted(positive, threshold, "left")) / len(positive)
    missed = 1 - float(np.searchsorted(negative, threshold, "left")) / len(negative)
    return Outcome(1 - (alarms + missed) / 2, alarms, missed)


def _around_mean(draws: Sequence[float]) -> Interval | None:
    return _interval(float(np.mean(draws)), draws) if draws else None


def _interval(value: float, draws: Sequence[float]) -> Interval:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Interval(value, float(low), float(high))
