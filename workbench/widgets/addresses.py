"""What a page's address holds: lists of words, so that it can be shared."""

from collections.abc import Sequence

import streamlit as st


def listed(name: str) -> list[str]:
    """Return the words that stand in the address under a name, each once."""
    given = st.query_params.get(name, "")
    return list(dict.fromkeys(word.strip() for word in given.split(",") if word.strip()))


def remember(name: str, words: Sequence[str]) -> None:
    """Write words into the address; none: take the name out of it."""
    if words:
        st.query_params[name] = ",".join(words)
    else:
        st.query_params.pop(name, None)
