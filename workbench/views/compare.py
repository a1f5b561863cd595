"""Compare runs of one set: is it real, how big, where, at what cost, what breaks; then let the winner serve."""

import streamlit as st

from workbench import state
from workbench.compared import compared
from workbench.widgets.comparison import show_cost, show_coverage, show_exports, show_size, show_slices
from workbench.widgets.flips import show_flips
from workbench.widgets.run_choice import choose_runs, show_no_runs
from workbench.widgets.serving import show_serving
from workbench.widgets.verdict import choose_pair, show_across, show_head, show_obstacles, show_real

st.title("Compare")
finished = state.runs().finished()
if len(finished) < 2:
    show_no_runs(finished)
    st.stop()
wanted = choose_runs(finished)
if wanted is None:
    st.stop()
comparison = compared(wanted, finished)
found, runs = comparison.found, {run.id: run for run in finished}
chosen = [runs[id_] for id_ in wanted.runs]
if not found.comparable:
    show_obstacles(found, wanted, chosen)
    st.stop()

show_exports(found)
show_head(found)
if wanted.across:
    show_across(wanted, chosen)

st.header("1. Is it real?")
show_real(found)
pair = choose_pair(found)
st.header("2. How big?")
show_size(comparison, pair)
st.header("3. Where?")
show_slices(comparison, pair)
st.header("4. At what cost?")
show_cost(comparison, pair)
st.header("5. What breaks?")
show_coverage(found)
show_flips(found, pair, runs)
st.header("Serve this bundle")
show_serving(found, runs)
