"""The charts of a comparison as SVG: drawn here, without a network, a script or a font that is fetched.

Colours of text, axes and grid are the page's own, so that they follow light and dark; those of runs are Okabe & Ito's,
which people with any colour vision tell apart, and every run has a shape of its own besides.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from evals.findings import Comparison, MetricDifference, Pair
from evals.report_content import CORE
from evals.run import Summary
from evals.verdicts import gain_of, lower_is_better
from rag.api.view import visible

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_WIDTH = 780
_LEGEND_COLUMNS, _LEGEND_LIMIT = 3, 215  # and pixels of a label: three stand beside each other
_CLEAR = 3  # bands above each other
_SLICES = 20  # in a chart
_BUDGET = re.compile(r"recall@(\d+)t")
_BREAKS = re.compile(r"[\t\n\r\u2028\u2029]+")  # in a title they end the drawer's own expression
_UNDRAWABLE = re.compile(r"[\x0c\ufffe\uffff]")  # besides control characters: what XML has no place for
_GREY = "#808080"  # of what a page recolours

DIFFERENCES = "Differences with their 95 % intervals"
BUDGETS = "Recall against context tokens"
_KINDS_NAMED = ("better", "worse", "not shown", "does not decide")
_KINDS = alt.Scale(domain=list(_KINDS_NAMED), range=["#0072B2", "#D55E00", _GREY, "#CC79A7"])
_KIND_SHAPES = alt.Scale(domain=list(_KINDS_NAMED), range=["triangle-up", "triangle-down", "circle", "diamond"])

Row = Mapping[str, str | float | bool]
Chart = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, and the figures that it draws."""

    chart: Chart
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Drawings:
    """The charts of a comparison; None where there is nothing to draw."""

    differences: Drawing | None
    budgets: Drawing | None
    slices: Drawing | None
    latency: Drawing | None


def drawings_of(found: Comparison) -> Drawings:
    """Return what is drawn, to be shown as it is: its texts are inert."""
    kept = _kept(found)
    with unchecked():
        return Drawings(
            differences=_inert(_forest(found)),
            budgets=_inert(_curve(found, kept)),
            slices=_inert(_slices(found, kept)),
            latency=_inert(_latency(found, kept)),
        )


def charts_of(found: Comparison) -> dict[str, str]:
    """Return the charts that there is something to draw for, by title, as SVG elements."""
    drawn = drawings_of(found)
    titled = {
        DIFFERENCES: drawn.differences,
        BUDGETS: drawn.budgets,
        f"{found.headline} by slice, B - A": drawn.slices,
        f"{found.headline} against latency": drawn.latency,
    }
    number = count()
    return {title: _svg(each.chart, f"chart{next(number)}") for title, each in titled.items() if each is not None}


def unchecked() -> AbstractContextManager[None]:
    """Build charts without checking each part by its schema, which takes ten times as long."""
    return debug_mode(False)  # Altair's own


def inert(chart: Chart) -> Chart:
    """Return a chart with its texts as they can be drawn."""
    made = type(chart).from_dict(_drawable(chart.to_dict(validate=False)), validate=False)
    assert isinstance(made, alt.LayerChart | alt.FacetChart)
    return made


def _inert(drawing: Drawing | None) -> Drawing | None:
    return Drawing(inert(drawing.chart), drawing.rows) if drawing else None


def _drawable(value: Any) -> Any:  # JSON
    """Return a chart's JSON with its texts as they can be drawn: a control character ends the whole process."""
    if isinstance(value, str):
        return _UNDRAWABLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", visible(_BREAKS.sub(" ", value)))
    if isinstance(value, dict):
        return {name: _drawable(each) for name, each in value.items()}
    return [_drawable(each) for each in value] if isinstance(value, list) else value


def left_out(found: Comparison) -> int:
    """Return how many runs are too many for one chart's colours."""
    return len(found.runs) - len(_kept(found))


def _kept(found: Comparison) -> list[str]:
    """Return the labels of the runs that are drawn: the first of a split, and the best others by the headline."""
    best = sorted(found.pairs, key=lambda pair: gain_of(found, pair), reverse=True)
    firsts = _firsts(found)
    names = {pair.label_b for pair in best[: len(COLOURS) - len(firsts)]} | firsts
    return [run.label for run in found.runs if run.label in names]


def _firsts(found: Comparison) -> set[str]:
    return {pair.label_a for pair in found.pairs}


def _forest(found: Comparison) -> Drawing | None:
    """Return differences with intervals: of one pair all core metrics, of more pairs the headline metric."""
    rows = _metric_rows(found) if len(found.pairs) == 1 else _pair_rows(found)
    if not rows:
        return None
    base = alt.Chart({"values": rows})
    y = alt.Y("name:N", sort=None, title=None, axis=names_axis())
    kind = alt.Color("kind:N", scale=_KINDS, legend=alt.Legend(title=None, orient="top"))
    bars = base.mark_rule(strokeWidth=2).encode(x=_x("low", "B - A"), x2="high:Q", y=y, color=kind)
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=_x("difference", "B - A"), y=y, color=kind, shape=alt.Shape("kind:N", scale=_KIND_SHAPES, legend=None)
    )
    zero = alt.Chart({"values": [{"at": 0}]}).mark_rule(strokeDash=[4, 3], color=_GREY).encode(x="at:Q")
    return Drawing(alt.layer(zero, bars, dots).properties(width=_WIDTH, height=alt.Step(24)), rows)


def _metric_rows(found: Comparison) -> list[Row]:
    pair = found.pairs[0]
    names = [name for name in dict.fromkeys([*found.named, *CORE]) if name in pair.metrics]
    shares = [name for name in names if not lower_is_better(name)]
    return [row for name in shares or names for row in _interval_row(pair, name, name)]


def _pair_rows(found: Comparison) -> list[Row]:
    return [row for pair in found.pairs for row in _interval_row(pair, found.headline, pair.label_b)]


def _interval_row(pair: Pair, metric: str, name: str) -> list[Row]:
    each = pair.metrics.get(metric)
    if each is None or each.difference is None or each.ci_low is None or each.ci_high is None:
        return []
    kind = _kind(each, each.difference, metric)
    return [{"name": name, "difference": each.difference, "low": each.ci_low, "high": each.ci_high, "kind": kind}]


def _kind(found: MetricDifference, difference: float, metric: str) -> str:
    """Return what the tests say of a difference; of a metric that does not decide, nothing was tested."""
    if not found.named:
        return "does not decide"
    if not found.significant:
        return "not shown"
    return "better" if (difference > 0) != lower_is_better(metric) else "worse"


def _curve(found: Comparison, kept: Sequence[str]) -> Drawing | None:
    """Return recall over the budget of context tokens, with bands: chunk sizes at equal cost."""
    rows: list[Row] = [
        {"run": run.label, "tokens": int(named.group(1)), **ends}
        for run in found.runs
        if run.label in kept
        for name, mean in run.means.items()
        if (named := _BUDGET.fullmatch(name)) and (ends := _ends(mean))
    ]
    if not rows:
        return None
    base = alt.Chart({"values": rows}).encode(
        x=alt.X(
            "tokens:Q", scale=alt.Scale(type="log", nice=False, padding=20), title="context tokens", axis=_budgets(rows)
        ),
        color=_runs(kept),
    )
    band = base.mark_area(opacity=0.18 if len(kept) <= _CLEAR else 0.08).encode(y=_y("low", "recall"), y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(y=_y("mean", "recall"))
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(y=_y("mean", "recall"), shape=_shapes(kept))
    return Drawing(alt.layer(band, line, dots).properties(width=_WIDTH, height=280), rows)


def _budgets(rows: Sequence[Row]) -> alt.Axis:
    return alt.Axis(values=sorted({float(row["tokens"]) for row in rows}), format=",d", grid=False)


def _slice_rows(found: Comparison, kept: Sequence[str]) -> list[Row]:
    """Return the differences by slice of the runs that are drawn; of many slices the least likely by chance."""
    least: dict[str, float] = {}
    parts = [(pair.label_b, f"{each.kind}: {each.name}", each) for pair in found.pairs for each in pair.slices]
    for _, name, each in parts:
        least[name] = min(each.p, least.get(name, 1.0))
    shown = sorted(least, key=lambda name: least[name])[:_SLICES]
    return [
        {"run": run, "name": name, "difference": each.difference, "low": each.ci_low, "high": each.ci_high}
        for run, name, each in parts
        if run in kept and name in shown
    ]


def _slices(found: Comparison, kept: Sequence[str]) -> Drawing | None:
    """Return the differences by slice, a row for each slice, a mark for each later run."""
    rows = _slice_rows(found, kept)
    if not rows:
        return None
    later = [label for label in kept if label not in _firsts(found)]
    base = alt.Chart({"values": rows}).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=names_axis()),
        yOffset=alt.YOffset("run:N", sort=later),
        color=_runs(kept, later),
    )
    bars = base.mark_rule(strokeWidth=2).encode(x=_x("low", "B - A"), x2="high:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=_x("difference", "B - A"), shape=_shapes(kept, later)
    )
    zero = alt.Chart({"values": [{"at": 0}]}).mark_rule(strokeDash=[4, 3], color=_GREY).encode(x="at:Q")
    height = alt.Step(14 + 8 * len(kept), **{"for": "position"})
    return Drawing(alt.layer(zero, bars, dots).properties(width=_WIDTH, height=height), rows)


def _latency(found: Comparison, kept: Sequence[str]) -> Drawing | None:
    """Return quality with its interval over the mean time of a question, a mark for each run."""
    rows: list[Row] = [
        {"run": run.label, "ms": spent.mean, **ends}
        for run in found.runs
        if run.label in kept
        and (spent := run.spent.get("latency_ms.total"))
        and (mean := run.means.get(found.headline))
        and (ends := _ends(mean))
    ]
    if not rows:
        return None
    base = alt.Chart({"values": rows}).encode(
        x=alt.X("ms:Q", title="ms a question, mean", scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=8)),
        color=_runs(kept),
    )
    bars = base.mark_rule(strokeWidth=2).encode(y=_y("low", found.headline), y2="high:Q")
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(y=_y("mean", found.headline), shape=_shapes(kept))
    return Drawing(alt.layer(bars, dots).properties(width=_WIDTH, height=240), rows)


def _ends(mean: Summary) -> dict[str, float]:
    if mean.mean is None or mean.ci_low is None or mean.ci_high is None:
        return {}
    return {"mean": mean.mean, "low": mean.ci_low, "high": mean.ci_high}


def _runs(kept: Sequence[str], shown: Sequence[str] = ()) -> alt.Color:
    """Return each run's colour; `shown`: only of these, which keep theirs."""
    return alt.Color("run:N", scale=_scale(COLOURS, kept, shown), legend=_legend())


def _shapes(kept: Sequence[str], shown: Sequence[str] = ()) -> alt.Shape:
    return alt.Shape("run:N", scale=_scale(SHAPES, kept, shown), legend=_legend())


def _scale(marks: Sequence[str], kept: Sequence[str], shown: Sequence[str]) -> alt.Scale:
    own = {label: mark for label, mark in zip(kept, marks, strict=False) if label in (shown or kept)}
    return alt.Scale(domain=list(own), range=list(own.values()))


def names_axis() -> alt.Axis:
    """Return an axis of names, each beside its own row."""
    return alt.Axis(labelLimit=260, labelFlush=False)


def _legend() -> alt.Legend:
    return alt.Legend(title=None, orient="top", labelLimit=_LEGEND_LIMIT, symbolOpacity=1, columns=_LEGEND_COLUMNS)


def _x(field: str, title: str) -> alt.X:
    return alt.X(f"{field}:Q", title=title, scale=alt.Scale(zero=False))


def _y(field: str, title: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False))


def _svg(chart: Chart, prefix: str) -> str:
    """Return the chart as an element that stands in a page beside others: its ids are its own."""
    styled = chart.configure(background="transparent", font="sans-serif").configure_view(stroke=None)
    drawn = StringIO()
    styled.save(drawn, format="svg")
    return re.sub(r'(id="|url\(#|href="#)', rf"\1{prefix}-", visible(drawn.getvalue()))
