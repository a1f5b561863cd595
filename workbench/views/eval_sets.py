"""Eval sets: what they hold and how valid they are; cases with their spans, made, mended and saved as a new version."""

import streamlit as st

from evals.shelf import place_of
from workbench.widgets.case_form import show_form
from workbench.widgets.cases import show_case, show_cases
from workbench.widgets.eval_sets import show_shelf
from workbench.widgets.set_drafts import show_changes, show_problem, show_unsaved
from workbench.widgets.set_facts import choose_part, show_difference, show_faults, show_head, show_parts
from workbench.widgets.set_opened import open_set, show_way_back

st.title("Eval sets")
asked = st.query_params
case_id, question = (asked.get(name, "") for name in ("case", "question"))
if not asked.get("set"):
    show_shelf(question)
    st.stop()

opened = open_set(place_of(asked["set"]))
show_way_back(opened, case_id)
show_problem()
show_unsaved(opened.draft)

case = opened.draft.case(case_id)
if case_id == "new" and case is None:
    st.subheader("A new case")
    show_form(opened.draft, None, opened.corpus, question)
elif case and asked.get("edit"):
    st.subheader("Mend this case")
    show_form(opened.draft, case, opened.corpus)
elif case:
    show_case(opened.draft, case, opened.corpus, opened.faults_of(case_id))
else:
    show_head(opened)
    match choose_part(opened):
        case "cases":
            show_cases(opened.draft, opened.faulty)
        case "faults":
            show_faults(opened)
        case "parts":
            show_parts(opened.draft.cases)
        case "versions":
            show_difference(opened.draft)
        case "changes":
            show_changes(opened.draft, opened.unreadable, opened.faults)
