"""Serve this bundle: what that rests on and costs, the job that does it, and one step back."""

from collections.abc import Mapping

import streamlit as st

from evals.evidence import Evidence, evidence_for, winner_of
from evals.findings import Comparison, RunFacts
from evals.runs import FinishedRun
from evals.verdicts import interval, questions, signed
from rag.api.view import shown, visible
from rag.config import Bundle
from rag.database.releases import Release
from workbench import beginnings, state
from workbench.compared import served
from workbench.widgets.jobs import show_job
from workbench.widgets.times import ago

_ASKED = "compare_asked"  # which question is open: "serve", "back", or none


def show_serving(found: Comparison, runs: Mapping[str, FinishedRun]) -> None:
    """Show what a bundle's release would rest on and cost, and begin it once it is confirmed."""
    serving, former = served()
    going = _going()
    choices = {run.id: run for run in found.runs}
    chosen = st.selectbox(
        "The bundle of",
        list(choices),
        index=list(choices).index(winner_of(found)),
        format_func=lambda id_: visible(choices[id_].label),
        key="compare_serve_run",
    )
    run = runs[chosen]
    evidence = evidence_for(found, chosen)
    rests, costs = st.columns(2)
    with rests:
        _show_evidence(evidence)
    with costs:
        _show_cost(run.bundle_content, serving, former)
    if serving is None:
        st.info("Nothing is indexed yet: a bundle serves documents.", icon=":material/folder_open:")
        st.page_link("views/home.py", label="Index something first", icon=":material/home:")
    else:
        _show_buttons(choices[chosen], run, evidence, serving, former, going=going)
    _show_last_job()


def _show_evidence(evidence: Evidence) -> None:
    st.markdown("**What it rests on**")
    counted = f"{evidence.set_name}, split {evidence.split}: {questions(evidence.questions)}"
    st.text(visible(counted))
    if evidence.difference is not None:
        ends = interval(evidence.ci_low, evidence.ci_high, 3)
        st.text(visible(f"{evidence.metric}: {signed(evidence.difference, 3)} {ends} against run {evidence.baseline}"))
    if evidence.verdict:
        st.text(visible(evidence.verdict))
    if evidence.reservations:
        st.markdown("**What speaks against relying on it**")
        said = "".join(f"<li>{shown(each)}</li>" for each in evidence.reservations)
        st.html(f'<ul style="margin:0;padding-left:1.2rem;line-height:1.6">{said}</ul>')


def _show_cost(bundle: Bundle, serving: Release | None, former: Release | None) -> None:
    st.markdown("**What it costs**")
    st.text(_cost_of(bundle, serving))
    st.markdown("**What serves now**")
    st.text(_named(serving) if serving else "Nothing.")
    st.markdown("**What one step back would bring**")
    st.text(_named(former) if former else "Nothing served before.")


def _cost_of(wanted: Bundle, serving: Release | None) -> str:
    digest = wanted.index.digest
    if serving and serving.bundle.digest == wanted.digest:
        return "Nothing: it serves."
    if serving is None:
        return f"Generation {digest} must be indexed."
    if serving.generation == digest:
        return f"Nothing to index: generation {digest} serves already, searched in another way."
    return (
        f"Another generation, {digest}, is made from all sources, or brought up to them, before it serves; "
        f"until then {serving.generation} goes on."
    )


def _named(release: Release) -> str:
    at = f", released {ago(release.released_at.timestamp())}" if release.released_at else ""
    return f"Bundle {release.bundle.digest}, generation {release.generation}{at}."


def _show_buttons(
    facts: RunFacts, run: FinishedRun, evidence: Evidence, serving: Release, former: Release | None, *, going: bool
) -> None:
    if facts.search:
        st.caption("This run is a floor: its search is no bundle, and cannot serve.")
    same = serving.bundle.digest == run.bundle_content.digest
    if same:
        st.caption("This bundle serves already.")
    with st.container(horizontal=True):
        if st.button(
            "Serve this bundle", key="compare_serve", type="primary", disabled=going or same or bool(facts.search)
        ):
            st.session_state[_ASKED] = "serve"
        if st.button("One step back", key="compare_back", disabled=going or former is None):
            st.session_state[_ASKED] = "back"
    match st.session_state.get(_ASKED):
        case "serve" if not (same or going or facts.search):
            _confirm("Every answer will come from this bundle, once its generation is whole.", run, evidence)
        case "back" if former and not going:
            _confirm(f"Every answer will come from {_named(former)}", None, None)
        case _:
            pass


def _confirm(said: str, run: FinishedRun | None, evidence: Evidence | None) -> None:
    with st.container(border=True):
        st.text(said)
        with st.container(horizontal=True):
            if st.button("Yes, do it", key="compare_confirm", type="primary"):
                _begin(run, evidence)
            if st.button("No", key="compare_refuse"):
                st.session_state.pop(_ASKED, None)
                st.rerun()


def _begin(run: FinishedRun | None, evidence: Evidence | None) -> None:
    st.session_state.pop(_ASKED, None)
    if run is None:
        beginnings.step_back()
    else:
        beginnings.release(run.bundle_content, run.name or run.bundle, evidence)
    st.session_state["compare_began"] = True
    st.rerun()


def _going() -> bool:
    return any(not job.ended for job in state.jobs().book.list("release", limit=1))


def _show_last_job() -> None:
    for job in state.jobs().book.list("release", limit=1):
        if not job.ended or job.state != "done" or st.session_state.get("compare_began"):
            show_job(job)
