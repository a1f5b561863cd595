"""Where a question looks, and as whom it is asked; all of it stands in the page's address."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from rag.api.schemas import Where
from rag.api.view import visible
from workbench import overview

_NAMES = ("source", "type", "after", "before", "role")  # in the address


def choose_limits() -> tuple[Where, tuple[str, ...]]:
    """Show the filters and the roles; return them, without roles for all that the workbench has."""
    counts = overview.counts()
    given = any(name in st.query_params for name in _NAMES)
    with st.expander("Where to look, and as whom", given, key="ask_limits"):
        first, second, third = st.columns(3)
        with first:
            sources = _several("Sources", sorted({each.source for each in counts}), "source", "All sources")
            types = _several("Types", sorted({each.type for each in counts if each.type}), "type", "All types")
        with second:
            after = _day("Documents of this day or later", "after")
            before = _day("Documents of this day or earlier", "before")
        with third:
            roles = _several("As whom", overview.roles(), "role", "All roles of the workbench")
            st.caption("With fewer roles you see what people with these roles alone would be answered.")
    values = {"source": sources, "type": types, "after": after, "before": before}
    return Where.model_validate({name: value for name, value in values.items() if value}), tuple(roles)


def _several(label: str, options: Sequence[str], key: str, all_of_them: str) -> list[str]:
    """Return what is chosen; what only the address names is kept, for without it more would be shown than was asked."""
    choices = sorted({*options, *st.query_params.get_all(key)})
    return st.multiselect(
        label, choices, key=key, bind="query-params", placeholder=all_of_them, format_func=visible, max_selections=100
    )


def _day(label: str, key: str) -> str:
    found: date | None = st.date_input(
        label, None, key=key, bind="query-params", format="YYYY-MM-DD", min_value=date.min, max_value=date.max
    )
    return found.isoformat() if found else ""
