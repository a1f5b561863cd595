"""The sets that are known: a table of them, and ways to open or begin one."""

from pathlib import Path

import streamlit as st

from evals.shelf import KnownSet
from rag.api.view import visible
from rag.errors import RagError
from workbench import sets
from workbench.widgets.set_drafts import begin_set, go, unsaved
from workbench.widgets.tables import Row, choose_row

_FIGURES = ("hash", "cases", "answerable", "references", "documents", "truth", "lines", "tune", "holdout", "tags")
_LABELS = {"tune": "To tune on", "holdout": "Held out", "lines": "Validity of its lines", "from": "Known from"}


def show_shelf(question: str) -> None:
    """Show all known sets, and what can be done next; with a question that waits to become a case."""
    known = sets.sets()
    if question:
        st.info("This question waits to become a case. Open the set that it belongs to, or begin a new one.")
        st.text(visible(question))
    clicked = choose_row([_row(each) for each in known], "sets_table", labels=_LABELS) if known else None
    if clicked is not None:
        go(set=str(known[clicked].path), case="new" if question else "", question=question)
        st.rerun()
    if not any(each.origin == "yours" for each in known):
        st.caption("None of them is yours yet: mend a case of one and save it as a new version, or begin a new set.")
    _show_unsaved()
    _show_ways(known, question)


def _show_ways(known: list[KnownSet], question: str) -> None:
    to_open, by_path, begin = st.columns(3)
    with to_open:
        paths = {str(each.path): each.name for each in known}
        chosen = st.selectbox(
            "Open a set", paths, index=None, key="sets_open", format_func=lambda path: _called(path, paths),
            placeholder="Choose or type",
        )  # fmt: skip
    with by_path:
        typed = st.text_input(
            "Or one that lies elsewhere", key="sets_path", placeholder="Path of a .jsonl file or a folder"
        )
    with begin, st.form("sets_new", border=False):
        name = st.text_input("Or begin a new set, over what is indexed", key="sets_name", placeholder="Its name")
        begun = st.form_submit_button("New set", key="sets_begin")
    path = str(begin_set(name)) if begun else chosen or typed.strip()
    if path:
        go(set=path, case="new" if question or begun else "", question=question)
        st.rerun()


def _show_unsaved() -> None:
    for path, changes in unsaved().items():
        with st.container(horizontal=True, vertical_alignment="center", key=f"sets_unsaved_{path}"):
            st.badge(f"{changes} not saved", icon=":material/edit:", color="orange")
            st.text(visible(Path(path).name))
            st.button("Go on", key=f"sets_go_on_{path}", on_click=go, kwargs={"set": path})


def _row(known: KnownSet) -> Row:
    """Return what a set holds; of one that cannot be read, why."""
    where: Row = {"from": sets.ORIGINS[known.origin], "path": str(known.path)}
    try:
        facts, faults = sets.set_facts(known.path), sets.eval_set(known.path).faults
    except RagError as error:
        return {"set": known.name, **dict.fromkeys(_FIGURES), "lines": f"cannot be read: {error}", **where}
    said = f"{len(faults)} fault{'s' * (len(faults) > 1)}" if faults else "valid"
    figures: Row = {
        "hash": facts.digest[:12],
        "cases": facts.cases,
        "answerable": facts.answerable,
        "references": facts.references,
        "documents": facts.documents,
        "truth": facts.truth,
        "lines": said,
        "tune": facts.tune,
        "holdout": facts.holdout,
        "tags": ", ".join(facts.tags),
    }
    return {"set": facts.name, **figures, **where}


def _called(path: str, names: dict[str, str]) -> str:
    """Return the name of a set; with its folder where two have one name."""
    name = names[path]
    alone = list(names.values()).count(name) == 1
    return visible(name if alone else f"{name} in {Path(path).parent}")
