"""The latest runs, each with its headline figure and a way to compare it."""

from collections.abc import Sequence

import streamlit as st

from evals.last_runs import LastRun
from rag.api.view import visible
from workbench.widgets.times import ago

_WIDTHS = (4, 3, 2, 2, 2)


def show_last_runs(runs: Sequence[LastRun]) -> None:
    """Show the runs, the newest first; each is compared with the latest other one of its set."""
    if not runs:
        st.caption("Nothing was measured yet. An experiment tells which settings answer best.")
        st.page_link("views/experiment.py", label="Begin an experiment", icon=":material/science:")
        return
    for run in runs:
        _show(run, next((each for each in runs if _comparable(each, run)), None))


def _show(run: LastRun, other: LastRun | None) -> None:
    line = run.line
    columns = st.columns(_WIDTHS, vertical_alignment="center")
    columns[0].text(visible(f"{line.name or line.bundle} on {line.set_name}"))
    columns[1].text(_figure(run))
    columns[2].text(line.state if line.state == "done" else f"{line.state}, {line.asked} of {line.cases}")
    columns[3].text(ago(line.started_at))
    ids = f"{other.line.id},{line.id}" if other else line.id
    with columns[4]:
        st.page_link(
            "views/compare.py",
            label="Compare" if other else "Look at it",
            query_params={"runs": ids},
            icon=":material/compare_arrows:",
        )


def _comparable(one: LastRun, other: LastRun) -> bool:
    same = one.line.set_name == other.line.set_name and one.line.id != other.line.id
    return same and one.line.state == other.line.state == "done"


def _figure(run: LastRun) -> str:
    found = run.summary
    if found is None or found.mean is None:
        return "no figure yet"
    interval = (
        f" [{found.ci_low:.3f}, {found.ci_high:.3f}]" if found.ci_low is not None and found.ci_high is not None else ""
    )
    return f"{run.metric} {found.mean:.3f}{interval}"
