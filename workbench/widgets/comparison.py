"""How big, where, and at what cost: charts with intervals, and the tables behind them."""

import streamlit as st

from evals.charts import BUDGETS, DIFFERENCES, Drawing, left_out
from evals.findings import Comparison, Pair
from evals.heat_map import HeatMap
from evals.report_content import coverage, means, metric_grid, shown_metrics, slice_grid, spent
from evals.report_html import page_of
from evals.report_markdown import markdown_of
from evals.tuning_grids import cost_grid, stage_grid
from rag.api.view import visible
from workbench.compared import Compared
from workbench.widgets.charts import download, show_chart
from workbench.widgets.grids import show_grid


def show_size(compared: Compared, pair: Pair) -> None:
    """Show the differences with their intervals, and the metrics of one pair."""
    found = compared.found
    if compared.drawings:
        of_several = f": {found.headline}" if len(found.pairs) > 1 else ""
        _draw(DIFFERENCES + of_several, compared.drawings.differences, "compare_differences")
    show_grid(means(found), "compare_means")
    names = shown_metrics(found, pair)
    show_grid(
        metric_grid(f"Metrics: A {pair.label_a}, B {pair.label_b}", pair, names, wide=True), "compare_metric_table"
    )
    st.caption("A star marks the metrics that decide. shows: the least difference that so many questions show.")
    rest = [name for name in pair.metrics if name not in names]
    more = st.expander(f"{len(rest)} further metrics", key="compare_rest", on_change="rerun")
    if more.open:
        with more:
            show_grid(metric_grid("Further metrics", pair, rest, wide=True), "compare_rest_table")


def show_slices(compared: Compared, pair: Pair) -> None:
    """Show the slices as a heat map, and those of one pair as a table; what gets worse stands first."""
    found = compared.found
    if compared.heat_map is None:
        st.caption("There is no slice: no part of the questions has a tag, type, document or length of its own.")
        return
    _show_heat_map(found, compared.heat_map)
    show_grid(slice_grid(found, pair, wide=True), "compare_slices")
    if compared.drawings and compared.drawings.slices:
        more = st.expander("The same with intervals, as a chart", key="compare_slice_chart", on_change="rerun")
        if more.open:
            with more:
                _draw(f"{found.headline} by slice, B - A", compared.drawings.slices, "compare_slice_intervals")


def show_cost(compared: Compared, pair: Pair) -> None:
    """Show recall at equal budgets, quality against time, and what each run took."""
    found = compared.found
    if compared.drawings:
        _draw(BUDGETS, compared.drawings.budgets, "compare_budgets")
        _draw(f"{found.headline} against latency", compared.drawings.latency, "compare_latency")
    if missing := left_out(found):
        st.caption(f"The charts show the first run and the best of the others; {missing} more are in the tables.")
    show_grid(cost_grid(found), "compare_cost")
    more = st.expander("Time of each stage, and what was computed and reused", key="compare_work", on_change="rerun")
    if more.open:
        with more:
            show_grid(spent(found, pair), "compare_spent")
            show_grid(stage_grid(found), "compare_stages")


def show_coverage(found: Comparison) -> None:
    """Show how many questions of each run have a result, and which failed."""
    show_grid(coverage(found), "compare_coverage")


def show_exports(found: Comparison) -> None:
    """Offer the whole report as one page that needs nothing else, and as Markdown."""
    with st.container(horizontal=True):
        download("compare_html", "Report as HTML", lambda: page_of(found).encode(), "comparison.html", "text/html")
        download(
            "compare_md", "Report as Markdown", lambda: markdown_of(found).encode(), "comparison.md", "text/markdown"
        )


def _show_heat_map(found: Comparison, heat: HeatMap) -> None:
    _draw(f"{found.headline} by slice, B - A", heat.drawing, "compare_heat_map")
    said = "Blue is better, orange is worse; “worse” is written where it is shown, after Holm over the slices of a run."
    if heat.slices_left_out:
        said += f" {heat.slices_left_out} more slices are in the table."
    if heat.runs_left_out:
        said += f" {heat.runs_left_out} more runs are in the tables."
    st.caption(said)


def _draw(title: str, drawing: Drawing | None, key: str) -> None:
    if drawing is None:
        st.caption(f"{visible(title).replace('`', '')}: nothing was measured that it could draw.")
    else:
        show_chart(title, drawing.chart, drawing.rows, key)
