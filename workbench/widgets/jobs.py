"""A job on a page: how far it is, live; stop, go on, and what came of it."""

from collections.abc import Callable, Mapping

import streamlit as st

from rag.api.view import visible
from rag.database.jobs import Job, JobState
from rag.errors import RagError
from workbench import state
from workbench.widgets.times import ago, duration

_BADGES: Mapping[JobState, tuple[str, str]] = {
    "waiting": ("Starting", "blue"),
    "running": ("Running", "blue"),
    "done": ("Done", "green"),
    "interrupted": ("Interrupted", "orange"),
    "failed": ("Failed", "red"),
}
_EVERY_S = 1.0


def show_job(job: Job) -> None:
    """Show a job, live."""
    show_live(job, _show)


def show_live(job: Job, draw: Callable[[Job], None]) -> None:
    """Draw a job, and while it goes on anew every second; when it ends, the whole page is drawn anew."""
    if job.ended:
        draw(job)
    else:
        _watch(job.id, draw)


@st.fragment(run_every=_EVERY_S)
def _watch(job_id: str, draw: Callable[[Job], None]) -> None:
    job = state.jobs().book.get(job_id)
    if job.ended:
        st.rerun()
    draw(job)


def _show(job: Job) -> None:
    with st.container(border=True, key=f"job_{job.id}"):
        badge_of(job)
        if not job.ended:
            _show_progress(job)
        if job.error:
            st.text(visible(job.error))
        show_buttons(job)


def badge_of(job: Job) -> None:
    """Show a job's state, title and time in a line."""
    label, colour = _BADGES[job.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=colour)  # type: ignore[arg-type]  # a Literal of Streamlit's
        st.text(visible(job.title))
        st.caption(_when(job))


def _show_progress(job: Job) -> None:
    found = job.progress
    done, total = _number(found.get("done")), _number(found.get("total"))
    said = visible(str(found.get("stage", "Starting")))
    counted = f"{said}: {done:,.0f} of {total:,.0f}" if total else said
    st.progress(min(done / total, 1.0) if total else 0.0)
    st.text(counted)


def show_buttons(job: Job) -> None:
    """Show what can be done with a job: stop it, or let it go on."""
    with st.container(horizontal=True):
        if not job.ended and st.button("Stop", key=f"stop_{job.id}"):
            _tried(job, go_on=False)
        if job.state in {"interrupted", "failed"} and st.button("Go on", key=f"go_on_{job.id}"):
            _tried(job, go_on=True)


def _tried(job: Job, *, go_on: bool) -> None:
    desk = state.jobs()
    try:
        desk.go_on(job) if go_on else desk.stop(job)
    except RagError as error:
        st.text(visible(str(error)))
    else:
        st.rerun()


def _when(job: Job) -> str:
    if job.ended and job.ended_at and job.began_at:
        return f"{ago(job.ended_at)}, took {duration(job.ended_at - job.began_at)}"
    return f"begun {ago(job.began_at or job.created_at)}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
