"""Slices as a heat map: runs across, slices down, the figures written in the cells, and "worse" in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from evals.charts import Chart, Drawing, Row, inert, names_axis, unchecked
from evals.findings import Comparison, SliceDifference
from evals.verdicts import gain_of, lower_is_better, signed

SLICES = 20  # in a map
_RUNS = 10  # that leave room for a figure in each cell
_INK = "#1b1f24"  # on every colour of a cell its contrast is above 5
# From orange over grey to blue: told apart by people with any colour vision.
_WORSE, _SAME, _BETTER = "#E6894A", "#F1F1EF", "#62AEE0"
_LEAST = 0.02  # a difference that has the full colour: noise stays pale


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A heat map, and how many slices and runs it has no room for."""

    drawing: Drawing
    slices_left_out: int
    runs_left_out: int


def heat_map_of(found: Comparison) -> HeatMap | None:
    """Return the map; None where there is no slice. Slices that get worse stand first, then the least by chance."""
    names = _names(found)
    runs = _best(found)
    rows = _rows(found, names[:SLICES], runs)
    if not rows:
        return None
    with unchecked():
        drawing = Drawing(inert(_chart(rows, names[:SLICES], runs, found.headline)), rows)
    return HeatMap(drawing, max(0, len(names) - SLICES), len(found.pairs) - len(runs))


def _best(found: Comparison) -> list[str]:
    """Return the labels of the best runs by the headline, in their order."""
    best = {pair.label_b for pair in sorted(found.pairs, key=lambda pair: -gain_of(found, pair))[:_RUNS]}
    return [pair.label_b for pair in found.pairs if pair.label_b in best]


def _names(found: Comparison) -> list[str]:
    order: dict[str, tuple[bool, float]] = {}
    for pair in found.pairs:
        for each in pair.slices:
            name = _name(each)
            worse, p = order.get(name, (True, 1.0))
            order[name] = (worse and not each.worse, min(p, each.p))
    return sorted(order, key=lambda name: order[name])


def _rows(found: Comparison, names: Sequence[str], runs: Sequence[str]) -> list[Row]:
    return [
        {
            "slice": _name(each),
            "run": pair.label_b,
            "n": each.n,
            "difference": each.difference,
            "low": each.ci_low,
            "high": each.ci_high,
            "figure": signed(each.difference, 1 if lower_is_better(found.headline) else 3),
            "word": "worse" if each.worse else "",
        }
        for pair in found.pairs
        for each in pair.slices
        if pair.label_b in runs and _name(each) in names
    ]


def _chart(rows: Sequence[Row], names: Sequence[str], runs: Sequence[str], metric: str) -> Chart:
    base = alt.Chart({"values": rows}).encode(
        x=alt.X("run:N", sort=runs, title=None, axis=alt.Axis(orient="top", labelLimit=140, labelAngle=_angle(runs))),
        y=alt.Y("slice:N", sort=names, title=None, axis=names_axis()),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("slice", "run", "n", "figure", "low", "high", "word")],
    )
    cells = base.mark_rect(stroke=_SAME, strokeWidth=1).encode(
        color=alt.Color("difference:Q", scale=_scale(rows, metric), legend=None)
    )
    figures = base.mark_text(fontSize=11, color=_INK, dy=alt.ExprRef("datum.word ? -6 : 0")).encode(text="figure:N")
    words = base.mark_text(fontSize=10, fontWeight="bold", color=_INK, dy=7).encode(text="word:N")
    return alt.layer(cells, figures, words).properties(width=780, height=alt.Step(30))


def _scale(rows: Sequence[Row], metric: str) -> alt.Scale:
    """Return colours around 0, as far to either side: blue is better, whichever sign that has."""
    most = max(_LEAST, *(abs(float(row["difference"])) for row in rows))
    ends = [_WORSE, _SAME, _BETTER]
    return alt.Scale(domain=[-most, 0, most], range=ends[::-1] if lower_is_better(metric) else ends, interpolate="rgb")


def _angle(runs: Sequence[str]) -> int:
    return 0 if len(runs) <= 5 else -40


def _name(each: SliceDifference) -> str:
    return f"{each.kind}: {each.name}"
