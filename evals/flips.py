"""Which questions changed most between two runs."""

from collections.abc import Sequence

import numpy as np

from evals.findings import Flip
from evals.run_table import RunTable
from evals.verdicts import lower_is_better

SHOWN = 10  # questions of either kind
PLACES = 5  # of each ranking
_SAME = 1e-12  # less is rounding


def flips(a: RunTable, b: RunTable, metric: str) -> tuple[tuple[Flip, ...], tuple[Flip, ...]]:
    """Return the largest gains and the largest losses of b against a, with the first places of both rankings.

    Equal ones stand in the order of the set. A question that has no value in one of the runs is neither.
    """
    left, right = a.column(metric), b.column(metric)
    gains = np.nan_to_num(left - right if lower_is_better(metric) else right - left)
    order = np.argsort(-gains, kind="stable")
    better = [int(at) for at in order[:SHOWN] if gains[at] > _SAME]
    order = np.argsort(gains, kind="stable")
    worse = [int(at) for at in order[:SHOWN] if gains[at] < -_SAME]
    return _flips(a, b, metric, better), _flips(a, b, metric, worse)


def _flips(a: RunTable, b: RunTable, metric: str, which: Sequence[int]) -> tuple[Flip, ...]:
    left, right = a.column(metric), b.column(metric)
    return tuple(
        Flip(
            id=a.cases.id[at],
            question=a.cases.question[at],
            a=float(left[at]),
            b=float(right[at]),
            difference=float(right[at] - left[at]),
            ranking_a=a.ranking(at, PLACES),
            ranking_b=b.ranking(at, PLACES),
        )
        for at in which
    )
