"""Tables: figures at the right with their unit, words at the left, and a download of what is shown."""

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from rag.api.view import visible

_FIGURE = re.compile(r"[+-]?[\d,]+(\.\d+)?")
Cell = str | float | int | bool | None
Row = Mapping[str, Cell]


def show_table(
    rows: Sequence[Row],
    key: str,
    *,
    formats: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    nothing: str = "There is nothing to show.",
) -> None:
    """Show rows with a column for each field of the first.

    formats: of figures by field, as `st.column_config.NumberColumn` takes them; "%.3f" for a float else.
    labels: of columns by field; the field itself else. Put units here: "Time (ms)".
    """
    if not rows:
        st.caption(nothing)
        return
    columns = {name: _column(rows, name, formats or {}, (labels or {}).get(name)) for name in rows[0]}
    st.dataframe([_shown(row) for row in rows], column_config=columns, hide_index=True, key=key, placeholder="")


def choose_row(rows: Sequence[Row], key: str, *, labels: Mapping[str, str] | None = None) -> int | None:
    """Show rows as `show_table` does; return the one that was clicked, counted from 0."""
    columns = {name: _column(rows, name, {}, (labels or {}).get(name)) for name in rows[0]}
    shown = [_shown(row) for row in rows]
    chosen = st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        key=key,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
    )
    found = chosen["selection"]["rows"]
    return found[0] if found else None


def as_csv(rows: Sequence[Row]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with a byte order mark, so that spreadsheets read it right."""
    text = StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _unarmed(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _column(rows: Sequence[Row], name: str, formats: Mapping[str, str], label: str | None) -> ColumnConfig:
    label = label or name.replace("_", " ").capitalize()
    values = [row.get(name) for row in rows]
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known):
        whole = all(isinstance(value, int) for value in known)
        return st.column_config.NumberColumn(label, format=formats.get(name, "localized" if whole else "%.3f"))
    return st.column_config.TextColumn(label, width="large" if name in {"text", "question", "reason"} else None)


def _shown(row: Row) -> dict[str, Cell]:
    return {name: visible(value) if isinstance(value, str) else value for name, value in row.items()}


def _unarmed(value: Cell) -> Cell:
    """Return a text so that no spreadsheet takes it for a formula (OWASP, CSV injection); a figure is none."""
    if isinstance(value, str) and _FIGURE.fullmatch(value):
        return value
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
