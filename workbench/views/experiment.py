"""Choose questions and bundles, see what it takes, run it, and watch."""

import streamlit as st

from workbench import state
from workbench.widgets.bundle_drafts import choose_drafts
from workbench.widgets.experiment_setup import choose_questions
from workbench.widgets.experiment_start import offer_start
from workbench.widgets.experiments import show_experiment, show_former, unfinished
from workbench.widgets.vary import choose_variants

st.title("Experiment")
former = [job for job in state.jobs().book.list("experiment") if job.ended]

if job_id := st.query_params.get("job"):
    show_experiment(state.jobs().book.get(job_id))
    st.page_link("views/experiment.py", label="Set up another experiment", icon=":material/add:")
else:
    for job in unfinished():
        show_experiment(job)
    st.subheader("1. Questions")
    questions = choose_questions()
    st.subheader("2. What to compare")
    way = st.segmented_control(
        "Way",
        ["Vary one setting", "Bundles of your own"],
        default="Vary one setting",
        required=True,
        key="way",
        bind="query-params",
        label_visibility="collapsed",
    )
    bundles = choose_variants() if way == "Vary one setting" else choose_drafts()
    st.subheader("3. Start")
    offer_start(questions, bundles)

if former:
    st.subheader("Experiments so far")
    show_former(former)
