"""A form over every setting of a bundle: made from the schema, with what each means, its range and its default."""

from collections.abc import Sequence

import streamlit as st

from evals.bundle_fields import PARTS, BundleField, Value, bundle_fields, said, value_of, with_values
from rag.api.view import visible
from rag.config import Bundle
from rag.errors import UsageError

_STEP = 0.05  # of a share


def edit_bundle(key: str, base: Bundle) -> Bundle | None:
    """Show the form and return the bundle; None, with the reason beside, where its settings do not go together.

    key: of this form's widgets. base: what a setting is reset to.
    """
    values: dict[str, Value] = {}
    for tab, (part, _) in zip(st.tabs(_tabs(key, base), key=f"{key}_parts"), PARTS.items(), strict=True):
        with tab:
            values |= _edit_part(key, base, [field for field in bundle_fields() if field.part == part])
    changed = {path: value for path, value in values.items() if value != _before(base, path)}
    try:
        bundle = with_values(base, changed)
    except UsageError as error:
        st.error("These settings cannot be used.", icon=":material/error:")
        st.text(visible(str(error)))
        return None
    _tell_followers(bundle, values)
    return bundle


def forget_form(key: str) -> None:
    """Let the form begin anew with its base."""
    st.session_state.pop(_kept_key(key), None)
    for field in bundle_fields():
        st.session_state.pop(_key(key, field), None)


def _tabs(key: str, base: Bundle) -> list[str]:
    """Return the titles of the parts, with how many settings of each were changed."""
    changed = dict.fromkeys(PARTS, 0)
    for field in bundle_fields():
        changed[field.part] += _is_changed(key, field, base)
    return [f"{title} ({changed[part]} changed)" if changed[part] else title for part, (_, title) in PARTS.items()]


def _edit_part(key: str, base: Bundle, fields: Sequence[BundleField]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for start in range(0, len(fields), 2):
        for column, field in zip(st.columns(2, gap="medium"), fields[start : start + 2], strict=False):
            with column:
                values[field.path] = _edit(key, field, base)
    return values


def _edit(key: str, field: BundleField, base: Bundle) -> Value:
    present = value_of(base, field)
    if _key(key, field) not in st.session_state:
        st.session_state[_key(key, field)] = _held(key, field, base)
    value = _widget(field, _key(key, field))
    _kept(key)[field.path] = st.session_state[_key(key, field)]
    if isinstance(value, tuple) and isinstance(present, tuple) and set(value) == set(present):
        value = present  # in the base's own order
    st.caption(f"{field.meaning} {field.range.capitalize()}; default {said(field.default)}.")
    if value != present:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("changed", color="orange")
            st.text(visible(f"from {said(present)}"))
            st.button(
                "Reset", key=f"{_key(key, field)}_reset", type="tertiary", on_click=_reset, args=(key, field, present)
            )
    return value


def _widget(field: BundleField, key: str) -> Value:
    match field.kind:
        case "choice":
            return str(st.selectbox(field.name, field.options, key=key))
        case "choices":
            return _ordered(field, st.multiselect(field.name, field.options, key=key))
        case "flag":
            return bool(st.toggle(field.name, key=key))
        case "whole":
            return int(st.number_input(field.name, int(field.low or 0), int(field.high or 0), step=1, key=key))
        case "number":
            return float(st.number_input(field.name, field.low, field.high, step=_STEP, format="%.2f", key=key))
        case "text":
            return str(st.text_input(field.name, key=key)).strip() or (None if field.optional else str(field.default))


def _ordered(field: BundleField, chosen: Sequence[str]) -> tuple[str, ...]:
    return tuple(option for option in field.options if option in chosen)


def _as_widget(value: Value) -> Value | list[str]:
    """Return a value as its widget holds it."""
    if isinstance(value, tuple):
        return list(value)
    return value if value is not None else ""


def _is_changed(key: str, field: BundleField, base: Bundle) -> bool:
    held, present = _held(key, field, base), _as_widget(value_of(base, field))
    if isinstance(held, list) and isinstance(present, list):
        return set(held) != set(present)
    return held != present


def _held(key: str, field: BundleField, base: Bundle) -> Value | list[str]:
    """Return what the form says for a setting: what the widget holds, else what it held before the page was left."""
    before = _kept(key).get(field.path, _as_widget(value_of(base, field)))
    held: Value | list[str] = st.session_state.get(_key(key, field), before)
    return held


def _kept(key: str) -> dict[str, Value | list[str]]:
    """Return what the form's widgets hold, by path: Streamlit forgets a widget when its page is left."""
    kept: dict[str, Value | list[str]] = st.session_state.setdefault(_kept_key(key), {})
    return kept


def _kept_key(key: str) -> str:
    return f"{key}_kept"


def _reset(key: str, field: BundleField, value: Value) -> None:
    st.session_state[_key(key, field)] = _as_widget(value)


def _before(base: Bundle, path: str) -> Value:
    return next(value_of(base, field) for field in bundle_fields() if field.path == path)


def _tell_followers(bundle: Bundle, values: dict[str, Value]) -> None:
    """Tell which settings follow from others, and so are not what the form shows."""
    for field in bundle_fields():
        if value_of(bundle, field) != values[field.path]:
            st.info(f"{field.name} is another, as the other settings ask:")
            st.text(visible(said(value_of(bundle, field))))


def _key(key: str, field: BundleField) -> str:
    return f"{key}_{field.part}_{field.name}"
