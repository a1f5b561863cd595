"""Tables of reports on a page: the same text in every report, and as CSV and as a picture."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from evals.report_content import Grid
from rag.api.view import visible
from workbench.widgets.charts import show_title
from workbench.widgets.pictures import Drawn, table_picture
from workbench.widgets.tables import as_csv

_TALLEST, _SCROLLED = 24, 620  # rows before a table scrolls, and its pixels then
_NARROWEST, _WIDEST, _PER_LETTER = 90, 460, 8  # pixels of the first column


def show_grid(grid: Grid, key: str) -> None:
    """Show a table of text with its notes; figures stand at the right. Nothing where it has no rows and no notes."""
    drawn = Drawn(grid.title, grid.columns, grid.rows, grid.figures)
    if grid.rows:
        show_title(grid.title, key, lambda: as_csv(rows_of(grid)), lambda form: table_picture(drawn, form))
        st.dataframe(
            rows_of(grid),
            column_config=_columns(grid),
            hide_index=True,
            width="content",
            height=_SCROLLED if len(grid.rows) > _TALLEST else "content",
            key=key,
            alt=visible(grid.title),
        )
    for note in grid.notes:
        st.text(visible(note))


def rows_of(grid: Grid) -> list[dict[str, str]]:
    """Return the rows by field: the column's title, numbered where two columns have the same."""
    names = _fields(grid)
    return [{name: visible(cell) for name, cell in zip(names, row, strict=True)} for row in grid.rows]


def _columns(grid: Grid) -> Mapping[str, ColumnConfig]:
    words = st.column_config.TextColumn
    return {
        name: words(
            visible(title) or " ",
            alignment="right" if grid.figures and at else "left",
            width=None if at else _width([title, *(row[0] for row in grid.rows)]),
        )
        for at, (name, title) in enumerate(zip(_fields(grid), grid.columns, strict=True))
    }


def _width(cells: Sequence[str]) -> int:
    return min(_WIDEST, max(_NARROWEST, 24 + _PER_LETTER * max(map(len, cells))))


def _fields(grid: Grid) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for title in grid.columns:
        seen[title] += 1
        names.append(f"{visible(title) or 'note'}{f' {seen[title]}' if seen[title] > 1 else ''}")
    return names
