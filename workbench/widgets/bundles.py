"""Which bundle answers, and which one beside it; both stand in the page's address."""

from collections.abc import Sequence
from typing import get_args

import streamlit as st

from evals.bundle_shelf import KnownBundle, bundle_named, name_of
from rag.api.view import visible
from rag.config import RERANKERS, QueryConfig
from rag.errors import RagError

_NOTHING, _CHANGED = "", "changed"
_FUSIONS: tuple[str, ...] = get_args(QueryConfig.model_fields["fusion"].annotation)


def choose_bundles(known: Sequence[KnownBundle]) -> tuple[str, str]:
    """Show the choice; return A and B as `bundle_named` reads them, B empty where one answer is wanted."""
    names = {each.bundle.digest: f"{each.name} · {each.bundle.digest}" for each in known if each.whole}
    left, right = st.columns(2)
    with left:
        a = _choice("Bundle", "a", names, next(iter(names)))
    with right:
        beside = {_NOTHING: "Nothing: one answer", _CHANGED: "The same with changed settings …", **names}
        b = _choice("Beside it", "b", beside, _NOTHING)
    if b != _CHANGED:
        return a, b
    return a, _changed(a, known)


def _choice(label: str, name: str, names: dict[str, str], default: str) -> str:
    """Show a choice of bundles by name; one that the address alone names is among them."""
    given = st.query_params.get(name, default)
    given = _CHANGED if name == "b" and ";" in given else given
    options = dict.fromkeys([*names, given])
    key = f"ask_{name}"
    if key not in st.session_state:
        st.session_state[key] = given

    def keep() -> None:
        chosen = st.session_state[key]
        if chosen in {default, _CHANGED}:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = chosen

    return st.selectbox(label, list(options), key=key, format_func=lambda each: _said(each, names), on_change=keep)


def _said(digest: str, names: dict[str, str]) -> str:
    return visible(names.get(digest, f"from the address · {digest}"))


def _changed(a: str, known: Sequence[KnownBundle]) -> str:
    """Show the settings that can be changed without another index; return the bundle with them."""
    given = st.query_params.get("b", "")
    try:
        base = bundle_named(a, known)
        shown = bundle_named(given, known).query if given else base.query
    except RagError:  # told in the answer's column
        return given or a
    with st.form("ask_changed", border=True):
        columns = st.columns(4, vertical_alignment="bottom")
        fusion = columns[0].selectbox("Fusion", _FUSIONS, _FUSIONS.index(shown.fusion), key="ask_fusion")
        weight = columns[1].slider("Weight of meaning", 0.0, 1.0, shown.dense_weight, 0.05, key="ask_dense_weight")
        rankers = list(dict.fromkeys([*RERANKERS, base.query.rerank, shown.rerank]))
        rerank = columns[2].selectbox("Reranker", rankers, rankers.index(shown.rerank), key="ask_rerank")
        top_k = columns[3].number_input("Chunks kept (top_k)", 1, 100, shown.top_k, key="ask_top_k")
        pressed = st.form_submit_button("Answer with these", key="ask_changed_apply")
    if pressed:
        values = {"fusion": fusion, "dense_weight": round(weight, 2), "rerank": rerank, "top_k": int(top_k)}
        named = name_of(base, values)
        given = st.query_params["b"] = named if ";" in named else f"{named};"
    return given or f"{a};"
