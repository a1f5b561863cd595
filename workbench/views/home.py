"""What is indexed and how it fares, and what to do next."""

import streamlit as st

from workbench import overview, state
from workbench.widgets.health import show_health
from workbench.widgets.indexed import show_documents, show_figures, show_sources
from workbench.widgets.jobs import show_job
from workbench.widgets.last_runs import show_last_runs
from workbench.widgets.next_steps import show_next_steps
from workbench.widgets.said import show_said
from workbench.widgets.sections import section
from workbench.widgets.unanswered import show_unanswered

st.title("Plumbline")
state.index()  # without one, the page shows the first steps instead
st.caption("Ask questions of your documents, and see how each answer was made.")
show_next_steps()
for job in state.jobs().going_on():
    show_job(job)

with section("The index"):
    show_figures(overview.facts())
with section("Health"):
    show_health(overview.health())
with section("Sources"):
    show_sources(overview.sources())
with section("Questions of the day without an answer"):
    show_unanswered(overview.questions())
with section("What people said of answers"):
    show_said(overview.feedback())
with section("Last runs"):
    show_last_runs(overview.runs())
with section("Documents"):
    show_documents(overview.counts())
