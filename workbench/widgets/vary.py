"""The quick way to an experiment: one setting, several values, everything else as it is."""

from collections.abc import Sequence

import streamlit as st

from evals.batch import NamedBundle
from evals.bundle_fields import PARTS, BundleField, Value, bundle_fields, field_at, read_values, said, value_of, varied
from rag.api.view import visible
from rag.config import Bundle
from rag.errors import UsageError
from workbench import state
from workbench.widgets.addresses import keep_in_address

_FIRST = "index.chunk_tokens"
_OTHER_VALUES = {  # what is worth a try beside the present value, as measured on the development sets
    "index.chunk_tokens": "100",
    "index.overlap_tokens": "40",
    "query.dense_weight": "0.3, 0.7",
    "query.candidates": "20, 100",
    "query.top_k": "3, 10",
    "query.context_tokens": "600",
    "answer.min_answerability": "0.3, 0.7",
    "answer.min_support": "0.3, 0.7",
}


def choose_variants() -> tuple[NamedBundle, ...]:
    """Show a setting with its values and return a bundle for each; none where the values cannot be used."""
    base = state.bundle()
    left, right = st.columns([2, 3], vertical_alignment="top")
    with left:
        field = _choose_field()
        st.caption(_meaning(field))
    with right:
        return _choose_values(field, base)


def _choose_field() -> BundleField:
    fields = {each.path: each for each in bundle_fields() if each.kind != "choice" or len(each.options) > 1}
    if "experiment_vary" not in st.session_state:
        wanted = st.query_params.get("vary", _FIRST)
        st.session_state["experiment_vary"] = wanted if wanted in fields else _FIRST
    path = st.selectbox("Setting", list(fields), format_func=lambda path: _label(fields[path]), key="experiment_vary")
    return field_at(path)


def _label(field: BundleField) -> str:
    return f"{PARTS[field.part][1]}: {field.name}"


def _meaning(field: BundleField) -> str:
    return f"{field.meaning} It is {field.range}; the default is {said(field.default)}."


def _choose_values(field: BundleField, base: Bundle) -> tuple[NamedBundle, ...]:
    key, present = f"experiment_values_{field.path}", value_of(base, field)
    try:
        values = _chosen(field, present, key) if field.choices else _typed(field, present, key)
        bundles = varied(base, field, values)
    except UsageError as error:
        st.error("These values cannot be used.", icon=":material/error:")
        st.text(visible(str(error)))  # it quotes what stands in the address
        return ()
    if len(values) < 2:
        st.info("One more value makes it a comparison.", icon=":material/info:")
    return bundles


def _chosen(field: BundleField, present: Value, key: str) -> list[Value]:
    """Return which of a few values are chosen, the present one first."""
    options = sorted(field.choices, key=lambda value: value != present)
    if key not in st.session_state:
        st.session_state[key] = _wanted(field) or options
    found: Sequence[Value] = st.pills("Values", options, selection_mode="multi", format_func=said, key=key)
    _tell_compared(present)
    _remember(field, found, options)
    return sorted(found, key=options.index)


def _typed(field: BundleField, present: Value, key: str) -> list[Value]:
    """Return the values that are typed."""
    usual = ", ".join([said(present), *([_OTHER_VALUES[field.path]] if field.path in _OTHER_VALUES else [])])
    if key not in st.session_state:
        wanted = st.query_params.get("values", "") if st.query_params.get("vary") == field.path else ""
        st.session_state[key] = wanted or usual
    text = st.text_input("Values, separated by commas", key=key)
    _tell_compared(present)
    found = read_values(field, text)
    _remember(field, found, read_values(field, usual))
    return found


def _tell_compared(present: Value) -> None:
    st.caption("Each value becomes a bundle; the first is what the others are compared with.")
    st.text(visible(f"The present value is {said(present)}."))


def _wanted(field: BundleField) -> list[Value]:
    """Return the values of the address."""
    if st.query_params.get("vary") != field.path:
        return []
    return read_values(field, st.query_params.get("values", ""))


def _remember(field: BundleField, values: Sequence[Value], usual: Sequence[Value]) -> None:
    plain = field.path == _FIRST and list(values) == list(usual)
    keep_in_address(vary="" if plain else field.path, values="" if plain else ",".join(map(said, values)))
