"""Is it real? Intervals, paired tests and a correction for many of them, for all metrics at once.

Values come as an array [questions, metrics]; NaN says "undefined" in these arrays, and nowhere else. Results depend on
the values and their order alone: seeds are fixed. Efron & Tibshirani, "An Introduction to the Bootstrap" (1993);
for retrieval: Smucker, Allan & Carterette, "A Comparison of Statistical Significance Tests" (2007).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000  # of questions: bounds of a 95 % interval rest on 50 of them each
FLIPS = 10_000  # of signs: the smallest p is 0.0001, below 0.05 / 500 comparisons
ENUMERATED = 12  # differences: all of their 4,096 sign patterns cost less than random ones
LEAST = 6  # questions that a sign-flip test can reach p < 0.05 with: 2 / 2^6; with 5 all of one sign have 0.0625
DETECTABLE_Z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)  # two-sided level 0.05, power 0.8

_SEED = 20_071_106
_BLOCK = 500  # flips at once: a block of signs stays near the processor
_SAME = 1e-12  # of a value: less is rounding
_TIE = 1e-5  # of a sum's standard deviation: above the error of float32, far below what a question changes

Values: TypeAlias = NDArray[np.float64]
Weights: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions with its 95 % interval; None where no question has a value."""

    mean: float | None
    ci_low: float | None
    ci_high: float | None
    n: int  # defined values


@dataclass(frozen=True, slots=True)
class Paired:
    """What distinguishes two runs on the same questions, b - a; all None where fewer than 2 pairs are defined."""

    n: int  # questions defined on both sides
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None  # above 0
    wins: int | None = None  # questions on which b has the higher value
    ties: int | None = None
    losses: int | None = None
    # Two-sided level 0.05, power 0.8, uncorrected; both None where all differences are equal: nothing varies.
    minimum_detectable: float | None = None
    questions_needed: int | None = None  # to detect a difference of this size; None where it is 0


def intervals(values: Values) -> list[Estimate]:
    """Return each metric's mean over questions with its percentile bootstrap interval.

    values: [questions, metrics]. The interval of a single value is that value.
    """
    means, low, high, counts = _bootstrap(np.asarray(values, dtype=np.float64))
    rows = zip(means.tolist(), low.tolist(), high.tolist(), counts.tolist(), strict=True)
    return [Estimate(mean, left, right, n) if n else Estimate(None, None, None, 0) for mean, left, right, n in rows]


def paired(a: Values, b: Values) -> list[Paired]:
    """Return for each metric what distinguishes run b from run a, both [questions, metrics].

    Several pairs are fastest in one call, side by side as further metrics: `paired(hstack([a, a]), hstack([b, c]))`.
    Only questions defined on both sides count. Interval: percentile bootstrap of the mean difference. p: sign flips
    (Fisher, 1935), two-sided.
    """
    differences = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    differences[np.abs(differences) < _SAME] = 0
    means, low, high, counts = _bootstrap(differences)
    p_values = sign_flip_p(differences)
    return [
        _paired(differences[:, at], float(means[at]), (float(low[at]), float(high[at])), float(p_values[at]))
        if counts[at] > 1
        else Paired(int(counts[at]))
        for at in range(differences.shape[1])
    ]


def sign_flip_p(differences: Values) -> Values:
    """Return each column's two-sided p by sign flips: (b + 1) / (n + 1), so never 0 (Phipson & Smyth, 2010).

    Exact where at most `ENUMERATED` differences are not 0: then all other sign patterns are the n. NaN counts as 0.
    """
    filled = np.nan_to_num(differences)
    changed = np.count_nonzero(filled, axis=0)
    p_values = np.ones(filled.shape[1])
    for at in np.flatnonzero((changed > 0) & (changed <= ENUMERATED)):
        p_values[at] = _exact_p(filled[filled[:, at] != 0, at])
    many = np.flatnonzero(changed > ENUMERATED)
    p_values[many] = _sampled_p(filled[:, many]) if len(many) else 1.0
    return p_values


def minimum_detectable(deviation: float, n: int) -> float | None:
    """Return the difference that `n` questions show with power 0.8; None without any `deviation` of the differences."""
    return DETECTABLE_Z * deviation / sqrt(n) if deviation else None


def questions_needed(difference: float, deviation: float) -> int | None:
    """Return how many questions make `difference` the minimum detectable one, at least `LEAST`.

    None where it is 0, and where the differences do not deviate: they say nothing of what others would do.
    """
    return max(LEAST, ceil((DETECTABLE_Z * deviation / difference) ** 2)) if difference and deviation else None


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted for their number (Holm, 1979), in their order; None stays None and is not counted."""
    ordered = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, at) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - rank) * p))
        adjusted[at] = highest
    return adjusted


def _paired(differences: Values, mean: float, interval: tuple[float, float], p: float) -> Paired:
    defined = differences[~np.isnan(differences)]
    deviation = float(defined.std(ddof=1))
    deviation = deviation if deviation > _SAME * max(1.0, abs(mean)) else 0.0  # equal but for rounding
    wins, losses = int((defined > 0).sum()), int((defined < 0).sum())
    return Paired(
        n=len(defined),
        difference=mean,
        ci_low=interval[0],
        ci_high=interval[1],
        p=p,
        wins=wins,
        ties=len(defined) - wins - losses,
        losses=losses,
        minimum_detectable=minimum_detectable(deviation, len(defined)),
        questions_needed=questions_needed(mean, deviation),
    )


def _bootstrap(values: Values) -> tuple[Values, Values, Values, NDArray[np.int64]]:
    """Return mean, low, high and count of each column; a resample without any defined value is left out."""
    defined = ~np.isnan(values)
    counts = defined.sum(axis=0)
    filled = np.where(defined, values, 0.0)
    means = filled.sum(axis=0) / np.maximum(counts, 1)
    means[np.abs(means) < _SAME] = 0
    centred = np.where(defined, values - means, 0.0)  # small numbers lose nothing as float32
    low, high = means.copy(), means.copy()
    for columns, sizes in _alike(defined):
        shifts = (_resamples(len(values)) @ centred[:, columns].astype(np.float32))[sizes > 0] / sizes[sizes > 0, None]
        low[columns], high[columns] = means[columns] + _bounds(shifts)
    least = np.where(defined, values, np.inf).min(axis=0, initial=np.inf)
    most = np.where(defined, values, -np.inf).max(axis=0, initial=-np.inf)
    return means, np.clip(low, least, most), np.clip(high, least, most), counts


def _alike(defined: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], Weights]]:
    """Yield the columns that are defined for the same questions, and how many such each resample has."""
    masks: dict[bytes, list[int]] = {}
    for at, mask in enumerate(np.packbits(defined, axis=0).T):
        masks.setdefault(mask.tobytes(), []).append(at)
    for columns in masks.values():
        mask = defined[:, columns[0]]
        if mask.any():
            yield np.array(columns), _resamples(len(defined)) @ mask.astype(np.float32)


def _bounds(shifts: Weights) -> Values:
    """Return the 2.5 % and the 97.5 % point of each column, [2, columns]."""
    return np.percentile(np.ascontiguousarray(shifts.T), (2.5, 97.5), axis=1)


@lru_cache(maxsize=1)  # all pairs of a comparison have the same questions
def _resamples(questions: int) -> Weights:
    """Return how often each resample draws each question, [resamples, questions]."""
    random = np.random.default_rng(_SEED)
    drawn = (np.bincount(random.integers(questions, size=questions), minlength=questions) for _ in range(RESAMPLES))
    return np.stack([each.astype(np.float32) for each in drawn])


def _sampled_p(differences: Values) -> Values:
    scaled = (differences / np.sqrt((differences**2).sum(axis=0))).astype(np.float32)
    least = np.abs(scaled.sum(axis=0, dtype=np.float64)) - _TIE
    beyond = sum((np.abs(signs @ scaled) >= least).sum(axis=0) for signs in _signs(len(differences)))
    return np.asarray((beyond + 1) / (FLIPS + 1))


def _signs(questions: int) -> Iterator[Weights]:
    """Yield blocks of random signs, [flips, questions]."""
    random = np.random.default_rng(_SEED)
    size = -(-questions // 8)
    for _ in range(FLIPS // _BLOCK):
        bits = np.unpackbits(random.integers(256, size=(_BLOCK, size), dtype=np.uint8), axis=1, count=questions)
        yield bits.astype(np.float32) * 2 - 1


def _exact_p(differences: Values) -> float:
    sums = np.abs(_patterns(len(differences)) @ differences)
    least = abs(differences.sum()) - _TIE * sqrt((differences**2).sum())
    return float((sums >= least).mean())  # the pattern that was observed is the 1 in (b + 1) / (n + 1)


@lru_cache(maxsize=ENUMERATED)
def _patterns(size: int) -> Values:
    """Return all patterns of `size` signs, [2^size, size]."""
    return np.asarray(1.0 - 2.0 * ((np.arange(1 << size)[:, None] >> np.arange(size)) & 1), dtype=np.float64)
