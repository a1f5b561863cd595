"""Does answerability tell answerable questions from others? The area under the ROC curve, and its variance.

DeLong, DeLong & Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic
Curves" (1988), by sorting as Sun & Xu (2014).
"""

from collections.abc import Sequence
from math import erfc, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evals.significance import Estimate, Paired, minimum_detectable, questions_needed

_Z = NormalDist().inv_cdf(0.975)
_SAME = 1e-12  # less is rounding

Floats: TypeAlias = NDArray[np.float64]


def abstention_auroc(scores: Sequence[float], answerable: Sequence[bool]) -> Estimate:
    """Return the probability that an answerable question has the higher score, ties half, with its 95 % interval.

    scores: answerability by question. The interval is symmetric but for its cut at 0 and 1; where all are told apart
    it has no width, which says little of few questions.
    Raises ValueError with fewer than two questions of either kind.
    """
    positive, negative = _placements(scores, answerable)
    area = float(positive.mean())
    margin = _Z * _standard_error(positive, negative)
    return Estimate(area, max(0.0, area - margin), min(1.0, area + margin), len(positive) + len(negative))


def paired_auroc(a: Sequence[float], b: Sequence[float], answerable: Sequence[bool]) -> Paired:
    """Return what distinguishes the areas of two runs on the same questions, b - a, by DeLong's paired test.

    wins: questions that b orders rightly against more of the other kind than a does.
    Raises ValueError with fewer than two questions of either kind, and where the areas differ without any variance.
    """
    sides = zip(_placements(a, answerable), _placements(b, answerable), strict=True)
    positive, negative = (right - left for left, right in sides)
    difference, error = float(positive.mean()), _standard_error(positive, negative)
    difference = 0.0 if abs(difference) < _SAME else difference
    if difference and error < _SAME:
        raise ValueError("the areas differ by the same on every question: their difference has no variance to test")
    moved, n = np.concatenate([positive, negative]), len(a)
    wins, losses = int((moved > _SAME).sum()), int((moved < -_SAME).sum())
    return Paired(
        n=n,
        difference=difference,
        ci_low=difference - _Z * error,
        ci_high=difference + _Z * error,
        p=erfc(abs(difference) / error / sqrt(2)) if difference else 1.0,
        wins=wins,
        ties=n - wins - losses,
        losses=losses,
        minimum_detectable=minimum_detectable(error * sqrt(n), n) if error > _SAME else None,
        questions_needed=questions_needed(difference, error * sqrt(n)),
    )


def _placements(scores: Sequence[float], answerable: Sequence[bool]) -> tuple[Floats, Floats]:
    """Return for each answerable and for each other question the share of the other kind that it is ordered against.

    The mean of either is the area (DeLong's structural components).
    """
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(answerable, dtype=np.bool_)
    positive, negative = values[truth], values[~truth]
    if min(len(positive), len(negative)) < 2:
        raise ValueError("AUROC needs at least two answerable and two unanswerable questions")
    ranks = _midranks(values)
    below = (ranks[truth] - _midranks(positive)) / len(negative)
    above = 1 - (ranks[~truth] - _midranks(negative)) / len(positive)
    return below, above


def _standard_error(positive: Floats, negative: Floats) -> float:
    return sqrt(float(positive.var(ddof=1)) / len(positive) + float(negative.var(ddof=1)) / len(negative))


def _midranks(values: Floats) -> Floats:
    """Return ranks from 1, equal values sharing the middle of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which])
