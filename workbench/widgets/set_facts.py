"""One set: what it holds, its parts, what is wrong with it, and how it differs from another version."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Literal, TypeAlias

import streamlit as st

from evals.editing import Draft, stem_of
from evals.evalset import Case
from evals.faults import Fault
from evals.set_diff import diff_sets
from evals.set_facts import PartKind, facts_of, parts_of
from rag.api.view import visible
from workbench import sets
from workbench.widgets.addresses import follow_address, tell_address
from workbench.widgets.set_drafts import go
from workbench.widgets.set_opened import OpenedSet
from workbench.widgets.tables import Cell, Row, show_table

Part: TypeAlias = Literal["cases", "faults", "parts", "versions", "changes"]

_PLACES = {"folder": "a folder", "sources": "a sources file", "beir": "a BEIR folder", "none": "what is indexed"}
_KINDS: dict[PartKind, str] = {
    "answerable": "answerable",
    "length": "length of the question",
    "file": "kind of file",
    "tag": "tag",
}
_TRUTHS = {"span": "spans of documents", "graded": "graded documents", "none": "none"}


def show_head(opened: OpenedSet) -> None:
    """Show what a set holds, and where it lies."""
    facts = facts_of(opened.draft.original) if opened.is_new else sets.set_facts(opened.path)
    figures = {
        "Cases": f"{facts.cases:,}",
        "Answerable": f"{facts.answerable:,}",
        "References": f"{facts.references:,}",
        "Documents": f"{facts.documents:,}",
        "To tune on / held out": f"{facts.tune:,} / {facts.holdout:,}",
    }
    for column, (label, figure) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(label, figure, border=True)
    place = visible(str(facts.corpus.path)) if facts.corpus.path else ""
    where = "not saved yet" if opened.is_new else f"{visible(str(facts.path))} · hash {facts.digest[:12]}"
    about = f"{where}\nTruth: {_TRUTHS[facts.truth]} · documents: {_PLACES[facts.corpus.kind]} {place}".rstrip()
    st.html(
        f'<div style="opacity:.75;font-size:.9rem;white-space:pre-line;overflow-wrap:anywhere">{escape(about)}</div>'
    )
    if facts.split_note and facts.cases:
        st.caption(facts.split_note)
    _show_next_steps(opened)


def choose_part(opened: OpenedSet) -> Part:
    """Return the part of the page that is looked at; it stands in the address."""
    faults = len(opened.faults) + len(opened.unreadable)
    labels: dict[Part, str] = {
        "cases": "Cases",
        "faults": f"Faults ({faults:,})" if faults else "No faults" if opened.corpus else "Faults",
        "parts": "Parts",
        "versions": "Other versions",
        "changes": f"Changes ({opened.draft.changes})" if opened.draft.changes else "Changes",
    }
    asked = st.query_params.get("show", "")
    follow_address("show", asked if asked in labels else "cases")
    chosen = st.segmented_control(
        "Part", list(labels), required=True, key="show", format_func=labels.__getitem__, label_visibility="collapsed"
    )
    tell_address("show", chosen or "cases", "cases")
    return chosen or "cases"


def show_parts(cases: Sequence[Case]) -> None:
    """Show the parts that results are looked at by."""
    rows: list[Row] = [
        {"by": _KINDS[each.kind], "part": each.name, "cases": each.cases, "answerable": each.answerable}
        for each in parts_of(cases)
    ]
    show_table(rows, "set_parts", nothing="A set without cases has no parts.")
    st.caption("A part with fewer than 5 questions says nothing by itself; a comparison folds it into “other”.")


def show_faults(opened: OpenedSet) -> None:
    """Show all that is wrong with a set, and what to do about it."""
    rows = [_fault(each, "Correct this line of the file, or save a version without it.") for each in opened.unreadable]
    rows += [_fault(each, "Open the case and choose its span anew.") for each in opened.faults]
    show_table(rows, "set_faults", nothing="No fault was found.", labels={"do": "What to do"})
    if opened.corpus is None:
        st.info("There are no documents to check it against: the set names none, and nothing is indexed.")
        st.page_link("views/home.py", label="Index documents")
    if opened.unread:
        st.caption(f"References not checked, as their documents have no text that can be read: {opened.unread}.")
    st.button("Read the documents again", key="set_again", on_click=sets.read_documents_again, type="tertiary")


def show_difference(draft: Draft) -> None:
    """Show how the set, as it is saved, differs from another one."""
    present = draft.original
    others = {str(each.path): each.name for each in sets.sets() if each.path != present.path.expanduser().resolve()}
    former = st.selectbox(
        "Former version", others, index=_nearest(present.name, others), key="set_other",
        format_func=lambda path: visible(f"{others[path]} ({path})"), placeholder="There is no other set",
    )  # fmt: skip
    if former is None:
        st.caption("Save a version with changes, and compare the two here.")
        return
    found = diff_sets(sets.eval_set(Path(former)).eval_set, present)
    if found.same:
        st.success("The same cases in the same order.")
    rows: list[dict[str, Cell]] = [{"change": "added", "case": id_, "fields": ""} for id_ in found.added]
    rows += [{"change": "removed", "case": id_, "fields": ""} for id_ in found.removed]
    rows += [{"change": "changed", "case": id_, "fields": ", ".join(fields)} for id_, fields in found.changed.items()]
    show_table(rows, "set_difference", nothing="")
    if found.reordered:
        st.caption("What both hold stands in another order.")


def _show_next_steps(opened: OpenedSet) -> None:
    path = str(opened.path)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("New case", key="set_new_case", type="primary", on_click=go, kwargs={"set": path, "case": "new"})
        if not opened.is_new:
            st.page_link("views/experiment.py", label="Run an experiment on it", query_params={"set": path})


def _nearest(name: str, others: dict[str, str]) -> int | None:
    """Return the place of the set that is most likely a version of this one."""
    near = [at for at, other in enumerate(others.values()) if stem_of(other) == stem_of(name)]
    return near[-1] if near else 0 if others else None


def _fault(fault: Fault, advice: str) -> dict[str, Cell]:
    return {"line": fault.line or None, "case": fault.case_id, "fault": fault.message, "do": advice}
