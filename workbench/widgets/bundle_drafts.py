"""The thorough way to an experiment: any number of bundles, each by a form or by YAML."""

from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from evals.batch import NamedBundle
from rag.api.view import visible
from rag.config import Bundle, as_yaml, parse_bundle
from rag.errors import UsageError
from workbench import state
from workbench.widgets.bundle_form import edit_bundle, forget_form

_DRAFTS = "experiment_drafts"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A bundle that is being made."""

    key: str
    name: str
    base: Bundle  # what it began as


def choose_drafts() -> tuple[NamedBundle, ...]:
    """Show the drafts and return their bundles; none where one of them cannot be used."""
    drafts = _drafts()
    made = [_edit(draft, place, len(drafts)) for place, draft in enumerate(drafts)]
    with st.container(horizontal=True):
        st.button("Add a bundle", key="experiment_add", icon=":material/add:", on_click=_add, args=(state.bundle(),))
        with st.popover("Add from YAML", icon=":material/upload_file:", key="experiment_yaml"):
            _add_from_yaml()
    bundles = [each for each in made if each is not None]
    if len(bundles) < len(made):
        return ()
    names = [each.name for each in bundles]
    if len(set(names)) < len(names):
        st.error("Two bundles have the same name. Give each its own.", icon=":material/error:")
        return ()
    return tuple(bundles)


def _drafts() -> list[Draft]:
    if _DRAFTS not in st.session_state:
        st.session_state[_DRAFTS] = [
            Draft("bundle_1", "serving", state.bundle()),
            Draft("bundle_2", "bundle 2", state.bundle()),
        ]
    found: list[Draft] = st.session_state[_DRAFTS]
    return found


def _edit(draft: Draft, place: int, count: int) -> NamedBundle | None:
    first = " (what the others are compared with)" if place == 0 else ""
    with st.expander(f"Bundle {place + 1}{first}", expanded=place == count - 1, key=f"{draft.key}_open"):
        name = _edit_name(draft)
        bundle = edit_bundle(draft.key, draft.base)
        if bundle is None or not name:
            return None
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.download_button(
                "As YAML", as_yaml(bundle), "bundle.yaml", key=f"{draft.key}_yaml", on_click="ignore", type="tertiary"
            )
            st.button("Copy", key=f"{draft.key}_copy", type="tertiary", on_click=_add, args=(bundle, f"{name} copy"))
            if count > 1:
                st.button("Remove", key=f"{draft.key}_remove", type="tertiary", on_click=_remove, args=(draft,))
        return NamedBundle(name=name, bundle=bundle)


def _edit_name(draft: Draft) -> str:
    """Show the name; it is kept apart, as Streamlit forgets a widget when its page is left."""
    key, kept = f"{draft.key}_name", f"{draft.key}_called"
    if key not in st.session_state:
        st.session_state[key] = st.session_state.get(kept, draft.name)
    st.session_state[kept] = st.text_input("Name", max_chars=_LONGEST_NAME, key=key)
    return str(st.session_state[kept]).strip()


def _add(bundle: Bundle, name: str = "") -> None:
    drafts = _drafts()
    taken = {draft.name for draft in drafts}
    names = (f"{name or 'bundle'} {number}" for number in range(len(drafts) + 1, len(drafts) + 100))
    chosen = name if name and name not in taken else next(each for each in names if each not in taken)
    st.session_state[_DRAFTS] = [*drafts, Draft(f"bundle_{uuid4().hex[:8]}", chosen[:_LONGEST_NAME], bundle)]


def _remove(draft: Draft) -> None:
    forget_form(draft.key)
    st.session_state.pop(f"{draft.key}_called", None)
    st.session_state[_DRAFTS] = [each for each in _drafts() if each.key != draft.key]


def _add_from_yaml() -> None:
    """Show where YAML is pasted or a file is chosen, and what is wrong with it."""
    file = st.file_uploader("A bundle's file", type=["yaml", "yml"], key="experiment_yaml_file")
    text = st.text_area(
        "Or its text", key="experiment_yaml_text", height=200, placeholder="index:\n  chunk_tokens: 100"
    )
    content = file.getvalue() if file else text.encode()
    if not content.strip():
        st.caption("As `plumbline eval run --bundle` reads it: a setting that is left out has its default.")
        return
    name = file.name.rpartition(".")[0] if file else "pasted"
    try:
        bundle = parse_bundle(content, file.name if file else "that was pasted")
    except UsageError as error:
        st.error("This cannot be used.", icon=":material/error:")
        st.text(visible(str(error)))
        return
    st.caption("This can be used.")
    st.button("Add it", key="experiment_yaml_add", type="primary", on_click=_add, args=(bundle, name))
