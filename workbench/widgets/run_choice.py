"""Choosing runs to compare: a table to choose from, the one that others are compared with, and what decides."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from evals.comparability import Across
from evals.report_content import interval_of, mean_of
from evals.runs import FinishedRun
from evals.scoring import AUROC
from rag.api.view import visible
from workbench.compared import Wanted
from workbench.widgets.addresses import listed, remember

_ALL_SETS = "All sets"
_MORE_ROWS = 12  # of the table, before it scrolls


def choose_runs(finished: Sequence[FinishedRun]) -> Wanted | None:
    """Show what can be compared; return what is asked for, or None where it is not yet known."""
    chosen = listed("runs")
    opened = st.session_state.setdefault("compare_opened", sum(run.id in chosen for run in finished) < 2)
    with st.expander(f"Runs: {len(chosen)} chosen", expanded=opened, key="compare_choice"):
        _choose_rows(finished, chosen)
        if len(chosen) > 1:
            _choose_baseline(finished, chosen)
            _choose_metrics(finished, chosen)
    if len(chosen) < 2:
        said = "Choose another run: a comparison needs two." if chosen else "Choose two runs or more in the table."
        st.info(said, icon=":material/compare_arrows:")
        return None
    return Wanted(tuple(chosen), tuple(listed("metric")), _across())


def show_no_runs(finished: Sequence[FinishedRun]) -> None:
    """Show what to do where there are not yet two runs."""
    said = "There is one run: a comparison needs two." if finished else "There are no runs yet."
    st.info(said, icon=":material/science:")
    st.markdown("An experiment asks every question of an eval set, once for each bundle, and makes a run of each.")
    st.page_link("views/experiment.py", label="Run an experiment", icon=":material/science:")
    st.markdown("On the command line:")
    st.code("plumbline eval run SET --bundle FILE.yaml", language=None)


def label_of(run: FinishedRun) -> str:
    """Return what a run is called where its id must not be read."""
    return visible(f"{run.name or run.bundle} · {run.set_name}, {run.split} · {run.id}")


def _choose_rows(finished: Sequence[FinishedRun], chosen: Sequence[str]) -> None:
    number = _times_changed_elsewhere()
    whole, own = st.columns([3, 2], vertical_alignment="bottom")
    with whole:
        wanted = st.selectbox("Eval set", _sets(finished), index=_set_of(finished, chosen), key=f"compare_set_{number}")
    with own:
        floors = st.toggle("Also floors and repeats", value=_has_made(finished, chosen), key=f"compare_made_{number}")
    shown = [
        run
        for run in finished
        if (floors or not run.parent) and (wanted == _ALL_SETS or visible(run.set_name) == wanted)
    ]
    key = f"compare_table_{number}_{wanted}_{floors}"
    rows = [at for at, run in enumerate(shown) if run.id in chosen]
    start = st.session_state.setdefault(f"{key}_start", rows)
    st.dataframe(
        [_row(run) for run in shown],
        column_config=_columns(),
        hide_index=True,
        height="content" if len(shown) <= _MORE_ROWS else 440,
        key=key,
        on_select=lambda: _take(key, [run.id for run in shown]),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": start}},
    )


def _take(key: str, ids: Sequence[str]) -> None:
    rows = [ids[at] for at in st.session_state[key].selection.rows if at < len(ids)]
    former = listed("runs")
    kept = [id_ for id_ in former if id_ in rows]
    _write([*kept, *(id_ for id_ in rows if id_ not in kept)])


def _write(ids: Sequence[str]) -> None:
    remember("runs", ids)
    for name in ("metric", "pair", "case", "across"):
        remember(name, [])
    st.session_state["compare_written"] = ",".join(ids)


def _times_changed_elsewhere() -> int:
    """Return a number that grows when a link brought other runs: the table then begins anew with them."""
    now = ",".join(listed("runs"))
    number: int = st.session_state.setdefault("compare_number", 0)
    if st.session_state.setdefault("compare_written", now) != now:
        st.session_state["compare_written"] = now
        number = st.session_state["compare_number"] = number + 1
    return number


def _choose_baseline(finished: Sequence[FinishedRun], chosen: Sequence[str]) -> None:
    names = {run.id: label_of(run) for run in finished}
    st.session_state["compare_baseline"] = chosen[0]
    st.selectbox(
        "Baseline: what the others are compared with",
        chosen,
        format_func=lambda id_: names.get(id_, visible(id_)),
        key="compare_baseline",
        on_change=_put_first,
    )


def _put_first() -> None:
    first, ids = st.session_state["compare_baseline"], listed("runs")
    _write([first, *(id_ for id_ in ids if id_ != first)])


def _choose_metrics(finished: Sequence[FinishedRun], chosen: Sequence[str]) -> None:
    known = sorted({name for run in finished if run.id in chosen for name in run.metrics} | {AUROC})
    wanted = listed("metric")
    st.session_state["compare_metrics"] = [name for name in wanted if name in known]
    st.multiselect(
        "Metrics that decide; none: the headline of the runs",
        known,
        key="compare_metrics",
        on_change=lambda: remember("metric", st.session_state["compare_metrics"]),
        help="p values are corrected for their number: choose before you look.",
    )


def _across() -> tuple[Across, ...]:
    given = listed("across")
    return tuple(name for name in get_args(Across) if name in given)


def _sets(finished: Sequence[FinishedRun]) -> list[str]:
    return [_ALL_SETS, *dict.fromkeys(visible(run.set_name) for run in finished)]


def _set_of(finished: Sequence[FinishedRun], chosen: Sequence[str]) -> int:
    """Return the place of the set that all chosen runs share."""
    names = {visible(run.set_name) for run in finished if run.id in chosen}
    return _sets(finished).index(names.pop()) if len(names) == 1 else 0


def _has_made(finished: Sequence[FinishedRun], chosen: Sequence[str]) -> bool:
    return any(run.parent for run in finished if run.id in chosen)


def _row(run: FinishedRun) -> dict[str, object]:
    return {
        "set": visible(run.set_name),
        "name": visible(run.name),
        "split": run.split,
        "metric": visible(run.headline),
        "mean": mean_of(run.headline, run.mean),
        "interval": interval_of(run.mean),
        "questions": run.cases,
        "when": datetime.fromtimestamp(run.started_at, UTC),
        "bundle": run.bundle,
        "id": run.id,
    }


def _columns() -> dict[str, ColumnConfig]:
    words = st.column_config.TextColumn
    return {
        "set": words("Set"),
        "name": words("Run"),
        "split": words("Split", width="small"),
        "metric": words("Headline"),
        "mean": words("Mean", alignment="right", width="small"),
        "interval": words("95 % interval", alignment="right"),
        "questions": st.column_config.NumberColumn("Questions", format="localized", width="small"),
        "when": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm"),
        "bundle": words("Bundle"),
        "id": words("Id"),
    }
