"""Tune and holdout beside each other: what was chosen on one, and what it is worth on the other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from evals.comparability import labels
from evals.evalset import Split
from evals.findings import SplitFigures
from evals.run import Run, Summary
from evals.run_table import RunTable

_Key: TypeAlias = tuple[str, str, int]  # bundle, search, and the how manieth of both


def split_figures(tables: Sequence[RunTable], metric: str) -> tuple[SplitFigures, ...]:
    """Return each bundle's own figures on both splits, in the order of the runs."""
    tune, holdout = _side(tables, "tune"), _side(tables, "holdout")
    names = {**holdout, **tune}
    return tuple(
        SplitFigures(
            label=names[key][0], bundle=key[0], tune=_mean(tune, key, metric), holdout=_mean(holdout, key, metric)
        )
        for key in dict.fromkeys([*tune, *holdout])
    )


def _side(tables: Sequence[RunTable], split: Split) -> dict[_Key, tuple[str, Run]]:
    """Return the runs of a split with their labels; a bundle that was run twice stands there twice."""
    own = [table for table in tables if table.run.split == split]
    seen: dict[tuple[str, str], int] = defaultdict(int)
    found = {}
    for table, label in zip(own, labels(own), strict=True):
        key = table.run.bundle, table.run.search
        found[*key, seen[key]] = label, table.run
        seen[key] += 1
    return found


def _mean(side: Mapping[_Key, tuple[str, Run]], key: _Key, metric: str) -> Summary | None:
    return side[key][1].metrics.get(metric) if key in side else None
