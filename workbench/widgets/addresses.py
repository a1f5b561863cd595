"""What stands in a page's address, so that it can be shared, and that links and the way back may change."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Value = TypeVar("Value", str, list[str])


def listed(name: str) -> list[str]:
    """Return the words that stand in the address under a name, each once."""
    given = st.query_params.get(name, "")
    return list(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))


def remember(name: str, words: Sequence[str]) -> None:
    """Write words into the address; none: take the name out of it."""
    keep_in_address(**{name: ",".join(words)})


def keep_in_address(**values: str) -> None:
    """Hold what is chosen in the address; what is empty is left out."""
    for name, value in values.items():
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        elif not value and name in st.query_params:
            del st.query_params[name]


def follow_address(key: str, asked: Value) -> None:
    """Give the widget of this key what the address asks for, where that is new; call it before the widget."""
    if key not in st.session_state or st.session_state.get(_asked(key)) != asked:
        st.session_state[key] = asked
    st.session_state[_asked(key)] = asked


def tell_address(key: str, value: Value, default: Value) -> None:
    """Write what the widget says into the address, unless it is the default; call it after the widget."""
    st.session_state[_asked(key)] = value
    if value != default:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]


def _asked(key: str) -> str:
    return f"{key}_in_address"
