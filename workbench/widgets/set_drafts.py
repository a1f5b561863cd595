"""Changes of eval sets that are not saved: they survive a rerun and a switch of pages."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from evals.editing import Draft, empty_draft, new_draft, next_version, save_version
from evals.evalset import Case, EvalSet, case_content
from evals.faults import Fault
from rag.api.view import visible
from rag.errors import RagError
from workbench import state
from workbench.widgets.tables import Cell, show_table

_DRAFTS = "eval_set_drafts"
_PROBLEM = "eval_set_problem"
_QUOTED = 300  # characters of a value in the table of changes


def go(**where: str) -> None:
    """Open a place of this page: its address holds all of it."""
    st.query_params.from_dict({name: value for name, value in where.items() if value})


def draft_of(eval_set: EvalSet) -> Draft:
    """Return the changes of a set that are not saved; none at first."""
    kept = _drafts().get(str(eval_set.path))
    return kept if kept and (kept.changes or kept.original.digest == eval_set.digest) else new_draft(eval_set)


def begun_set(path: Path) -> Draft | None:
    """Return the draft of a set that was begun here and never saved; None where there is none."""
    kept = _drafts().get(str(path))
    return kept if kept and not path.exists() else None


def begin_set(name: str) -> Path:
    """Begin a new set over what serves; return the path that it is known by. Raises UsageError."""
    draft = empty_draft(name.strip(), state.settings().sets)
    _drafts().setdefault(str(draft.original.path), draft)
    return draft.original.path


def keep(draft: Draft) -> None:
    """Remember changes until they are saved or discarded."""
    _drafts()[str(draft.original.path)] = draft


def unsaved() -> dict[str, int]:
    """Return how many changes are not saved, by path of the set."""
    return {path: draft.changes for path, draft in _drafts().items() if draft.changes or not Path(path).exists()}


def show_unsaved(draft: Draft) -> None:
    """Show that there are changes, and what can be done with them."""
    if not draft.changes:
        return
    said = f"{draft.changes} change{'s' * (draft.changes > 1)} not saved, kept until this tab of the browser is closed"
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="set_unsaved"):
        st.badge(said, icon=":material/edit:", color="orange")
        path = str(draft.original.path)
        st.button("Review and save", key="set_look", on_click=go, kwargs={"set": path, "show": "changes"})
        st.button("Discard", key="set_discard", on_click=_discard, args=(draft,), type="tertiary")


def show_changes(draft: Draft, unreadable: tuple[Fault, ...], faults: tuple[Fault, ...]) -> None:
    """Show what a new version would change, and save it."""
    show_table(list(_changes(draft)), "set_changes", nothing="Nothing was changed.", labels={"id": "Case"})
    for said in _warnings(unreadable, faults):
        st.warning(said, icon=":material/warning:")
    if not draft.changes:
        st.caption("Open a case and mend it, or write a new one. What you change is listed here before it is saved.")
        return
    folder = state.settings().sets
    is_new = not draft.original.path.exists()
    name = next_version(draft.original.name, folder, is_new=is_new)
    st.text(f"It becomes {visible(str(folder / name))}. The present version stays as it is.")
    with st.container(horizontal=True):
        st.button(
            "Save as a new version", key="set_save", type="primary", on_click=_tried, args=(lambda: _save(draft),)
        )
        st.button("Discard all changes", key="set_discard_all", on_click=_discard, args=(draft,))


def show_problem() -> None:
    """Show why the last action was refused, once."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error("That could not be done", icon=":material/error:")
        st.text(problem)


def _save(draft: Draft) -> None:
    path = save_version(draft, state.settings().sets)
    del _drafts()[str(draft.original.path)]
    st.toast("Saved as a new version.", icon=":material/check:")
    go(set=str(path))


def _discard(draft: Draft) -> None:
    _drafts().pop(str(draft.original.path), None)
    go(set=str(draft.original.path) if draft.original.path.exists() else "")


def _tried(act: Callable[[], None]) -> None:
    """Do something in a callback, where no page is there yet to show what went wrong."""
    try:
        act()
    except RagError as error:
        st.session_state[_PROBLEM] = visible(str(error))


def _warnings(unreadable: tuple[Fault, ...], faults: tuple[Fault, ...]) -> list[str]:
    left_out = f"Lines that cannot be read are left out of the new version: {len(unreadable)}."
    wrong = (
        f"Cases that do not agree with their documents: {len({each.case_id for each in faults})}. A run refuses them."
    )
    return [left_out] * bool(unreadable) + [wrong] * bool(faults)


def _changes(draft: Draft) -> list[dict[str, Cell]]:
    former = {case.id: case for case in draft.original.cases}
    later = {case.id: case for case in draft.cases}
    found = draft.diff
    rows = [_row("added", later[id_], "", "", later[id_].question) for id_ in found.added]
    rows += [_row("removed", former[id_], "", former[id_].question, "") for id_ in found.removed]
    for id_, fields in found.changed.items():
        before, after = case_content(former[id_]), case_content(later[id_])
        rows += [_row("changed", later[id_], field, before.get(field), after.get(field)) for field in fields]
    return rows


def _row(change: str, case: Case, field: str, before: object, after: object) -> dict[str, Cell]:
    return {"change": change, "id": case.id, "field": field, "before": _said(before), "after": _said(after)}


def _said(value: object) -> str:
    """Return a value of a case in words: lists without brackets, references by their quotes."""
    if isinstance(value, list):
        said = "\n".join(_said(each) for each in value)
    elif isinstance(value, dict) and "doc" in value:
        said = f"{value['doc']} {value['start']} to {value['end']}: {value['text']}"
    else:
        said = "" if value is None else str(value)
    return said if len(said) <= _QUOTED else f"{said[:_QUOTED]}…"


def _drafts() -> dict[str, Draft]:
    drafts: dict[str, Draft] = st.session_state.setdefault(_DRAFTS, {})
    return drafts
