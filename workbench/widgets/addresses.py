"""Widgets whose value stands in the address: links, the browser's way back and other widgets may change it too."""

from typing import TypeVar

import streamlit as st

Value = TypeVar("Value", str, list[str])


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
