"""Logistic regression with a ridge, by Newton's method; area under the ROC curve; reliability."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit(rows: Floats, labels: Floats, weights: Floats, ridge: float = 0.01) -> tuple[Floats, float]:
    """Return coefficients of the rows as they are, and the intercept; the ridge acts on standardised rows."""
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    design = np.c_[(rows - mean) / deviation, np.ones(len(rows))]
    penalty = np.r_[np.full(rows.shape[1], ridge * weights.sum()), 0]
    solution = np.zeros(design.shape[1])
    for _ in range(50):
        shares = sigmoid(design @ solution)
        gradient = design.T @ (weights * (shares - labels)) + penalty * solution
        curvature = (design.T * (weights * shares * (1 - shares))) @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        solution -= step
        if np.abs(step).max() < 1e-9:
            break
    coefficients = solution[:-1] / deviation
    return coefficients, float(solution[-1] - coefficients @ mean)


def sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -500, 500))))


def auroc(positives: Sequence[float] | Floats, negatives: Sequence[float] | Floats) -> float:
    """Return the probability that a positive scores above a negative; ties count half."""
    scores = np.r_[positives, negatives]
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n, m = len(positives), len(negatives)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def brier(probabilities: Floats, labels: Floats, weights: Floats | None = None) -> float:
    """Return the mean squared distance of probability and truth."""
    return float(np.average((probabilities - labels) ** 2, weights=weights))


def reliability(
    probabilities: Floats, labels: Floats, weights: Floats | None = None, bins: int = 10
) -> list[tuple[float, float, float, float, int]]:
    """Return per bin that is not empty: from, to, mean probability, share that is true, cases."""
    weights = np.ones(len(labels)) if weights is None else weights
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    rows = []
    for each in range(bins):
        inside = places == each
        if inside.any():
            mean = np.average(probabilities[inside], weights=weights[inside])
            true = np.average(labels[inside], weights=weights[inside])
            rows.append((each / bins, (each + 1) / bins, float(mean), float(true), int(inside.sum())))
    return rows
