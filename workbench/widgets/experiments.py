"""An experiment on a page: how far each bundle is, live; what came of it; and those that were made before."""

import time
from collections.abc import Mapping, Sequence

import altair as alt
import streamlit as st
from pydantic import ValidationError

from evals.batch import Batch
from evals.batch_progress import BatchProgress, BundleProgress, progress_of, seconds_left
from evals.comparison import compare_tables
from evals.loading import set_name
from evals.run import Run, Summary
from evals.run_table import saved_tables
from evals.verdicts import interval
from rag.api.view import shown, visible
from rag.database.jobs import Job
from rag.errors import NotFoundError
from workbench import state
from workbench.widgets.charts import COLOURS, Chart
from workbench.widgets.estimate import show_outcome
from workbench.widgets.jobs import badge_of, show_buttons, show_live
from workbench.widgets.tables import Row, show_table
from workbench.widgets.times import ago, duration

_ROW_PX = 26  # of the chart, for each bundle


def show_experiment(job: Job) -> None:
    """Show an experiment, live."""
    show_live(job, _show)


def unfinished() -> list[Job]:
    """Return the experiments that go on, and those of the last week that were interrupted or failed."""
    since = time.time() - 7 * 86_400
    found = state.jobs().book.list("experiment")
    return [job for job in found if not job.ended or (job.state != "done" and job.created_at > since)]


def show_former(jobs: Sequence[Job]) -> None:
    """Show experiments in a table; the one that is chosen opens."""
    rows = [_former(job) for job in jobs]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key="experiment_former",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"compare": st.column_config.LinkColumn("Compare", display_text="See the comparison")},
    )
    st.caption("Choose a line to see the experiment.")
    if chosen["selection"]["rows"]:
        st.switch_page("views/experiment.py", query_params={"job": jobs[chosen["selection"]["rows"][0]].id})


def _show(job: Job) -> None:
    batch = _batch(job)
    with st.container(border=True, key=f"experiment_{job.id}"):
        badge_of(job)
        if batch is None:
            st.text("It was begun by another version, and cannot be shown. Its log says what it did.")
            return
        progress = progress_of({"bundles": job.progress.get("bundles", ())}, tuple(each.name for each in batch.bundles))
        _show_bundles(job, progress)
        if not job.ended:
            _show_time_left(batch, progress)
        if job.state in {"interrupted", "failed"}:
            _show_what_happened(job)
        show_buttons(job)
    if job.state == "done":
        _show_outcome(batch, progress)


def _batch(job: Job) -> Batch | None:
    try:
        return Batch.model_validate(job.request)
    except ValidationError:
        return None


def _show_bundles(job: Job, progress: BatchProgress) -> None:
    for each in progress.bundles:
        name, said, bar = st.columns([2, 4, 3], vertical_alignment="center")
        name.text(visible(each.name))
        said.text(_said(job, each))
        if each.state == "running" and not job.ended and each.total:
            bar.progress(min(each.done / each.total, 1.0))
    known = [each for each in progress.bundles if each.mean is not None and each.n > 1]
    if known and job.state != "done":
        st.altair_chart(_means(known), key=f"experiment_means_{job.id}", height="content")


def _said(job: Job, each: BundleProgress) -> str:
    """Return how far a bundle is, in words."""
    mean = f"{each.metric} {each.mean:.3f} ± {each.half:.3f}" if each.mean is not None and each.n > 1 else ""
    match each.state:
        case "waiting":
            return "waiting" if not job.ended else "not begun"
        case "running":
            counted = f"{each.stage}: {each.done:,} of {each.total:,}" if each.total else each.stage or "opening"
            counted += f", {each.embedded:,} texts embedded" if each.embedded and not each.n else ""
            stopped = "stopped at " if job.ended else ""
            return " · ".join(part for part in (stopped + visible(counted), f"{mean} so far" if mean else "") if part)
        case "done":
            took = f"in {duration(each.ended_at - each.began_at)}" if each.ended_at and each.began_at else ""
            return " · ".join(part for part in (f"done {took}".strip(), mean) if part)


def _means(known: Sequence[BundleProgress]) -> Chart:
    """Return the means so far with their intervals."""
    rows = [_place(each.name, each.mean or 0.0, each.half) for each in known]
    title = f"{known[0].metric}, mean so far with 95 % interval"
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("bundle:N", sort=None, title=None))
    bars = base.mark_rule(color=COLOURS[0], strokeWidth=3).encode(
        x=alt.X("low:Q", title=title, scale=alt.Scale(zero=False)), x2="high:Q"
    )
    points = base.mark_point(color=COLOURS[0], filled=True, size=90, opacity=1).encode(x="mean:Q")
    return alt.layer(bars, points).properties(height=alt.Step(_ROW_PX))


def _place(name: str, mean: float, half: float) -> dict[str, str | float]:
    return {"bundle": name, "mean": mean, "low": mean - half, "high": mean + half}


def _show_time_left(batch: Batch, progress: BatchProgress) -> None:
    left = seconds_left({each.name: each.seconds for each in batch.forecasts}, progress, time.time())
    if left is not None:
        st.caption(f"About {duration(max(left, 1))} left.")


def _show_what_happened(job: Job) -> None:
    if job.state == "failed":
        st.error("It could not be finished.", icon=":material/error:")
        st.text(visible(job.error))
    else:
        st.info(
            "It was interrupted. What is finished is kept; Go on takes it up where it was.", icon=":material/pause:"
        )
    log = state.jobs().log_of(job.id)
    if log.exists():
        st.caption("What its process said lies here:")
        st.code(str(log), language=None)


def _show_outcome(batch: Batch, progress: BatchProgress) -> None:
    ids = [each.run for each in progress.bundles]
    try:
        runs = [_run(id_) for id_ in ids]
    except NotFoundError as error:
        st.text(visible(str(error)))
        return
    if len(runs) > 1:
        for verdict in _verdicts(tuple(ids)):
            st.html(f'<div style="font-size:1.1rem;font-weight:600">{shown(verdict)}</div>')
        if st.button("See the comparison", key="experiment_compare", type="primary", icon=":material/balance:"):
            st.switch_page("views/compare.py", query_params={"runs": ",".join(ids)})
    show_table([_headline(run) for run in runs], "experiment_headlines", labels=_HEADLINE_LABELS)
    seconds = [each.ended_at - each.began_at if each.ended_at and each.began_at else None for each in progress.bundles]
    if batch.forecasts:
        with st.expander("What was told before the start, and what came", key="experiment_told"):
            show_outcome(batch.forecasts, runs, seconds)


@st.cache_data(max_entries=64, show_spinner=False)
def _run(run_id: str) -> Run:
    found = state.runs().raw(run_id)
    return Run.model_validate({**found, "cases": ()})


@st.cache_data(max_entries=32, show_spinner="Comparing")
def _verdicts(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return a sentence for each later run, or why they cannot be compared."""
    found = compare_tables(saved_tables(state.runs(), ids))
    if not found.comparable:
        return (found.reason,)
    return tuple(f"{pair.label_b} against {pair.label_a}: {pair.verdicts[0]}" for pair in found.pairs if pair.verdicts)


_HEADLINE_LABELS = {
    "bundle": "Bundle",
    "metric": "Metric",
    "mean": "Mean",
    "interval": "95 % interval",
    "n": "Questions",
    "beats": "Beats BM25",
}


def _headline(run: Run) -> Row:
    found = run.metrics.get(run.headline, Summary(mean=None, ci_low=None, ci_high=None, n=0, undefined=0))
    return {
        "bundle": run.name,
        "metric": run.headline,
        "mean": found.mean,
        "interval": interval(found.ci_low, found.ci_high, 3),
        "n": found.n,
        "beats": {True: "yes", False: "not shown", None: "not measured"}[run.beats_bm25],
    }


def _former(job: Job) -> Mapping[str, object]:
    batch = _batch(job)
    runs = [str(id_) for id_ in _ids(job)]
    return {
        "Set": visible(set_name(batch.eval_set)) if batch else "",
        "Bundles": ", ".join(visible(each.name) for each in batch.bundles) if batch else visible(job.title),
        "State": job.state,
        "When": ago(job.created_at),
        "compare": f"/compare?runs={','.join(runs)}" if len(runs) > 1 else "",
    }


def _ids(job: Job) -> list[object]:
    found = job.result.get("runs")
    return list(found.values()) if isinstance(found, dict) else []
