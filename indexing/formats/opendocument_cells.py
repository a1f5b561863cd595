"""An OpenDocument table -> the cells of a sheet."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from indexing.formats.cells import shown
from indexing.formats.opendocument_styles import OFFICE, TABLE, TEXT, Styles, number
from indexing.formats.sheet_tables import Sheet
from indexing.formats.workbook_parts import refuse_large

_MAX_BLANK_ROWS = 2  # as many as part two tables


@dataclass(slots=True)
class SheetReader:
    """Reads one table; what is hidden of it is put aside."""

    styles: Styles
    hidden: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _widths: dict[tuple[int, int], int] = field(default_factory=dict)
    _heights: dict[tuple[int, int], int] = field(default_factory=dict)
    _width: int = 0

    def read(self, table: etree._Element) -> Sheet:
        """Return the shown cells. Raises ParseError when there are too many."""
        gone = set(_hidden_columns(table))
        for row in table.iter(f"{TABLE}table-row"):
            self._add(row, gone)
        for (top, left), height in self._heights.items():
            for at in range(top + 1, min(top + height, len(self._rows))):
                if left < len(self._rows[at]):
                    self._rows[at][left] = self._rows[at][left] or self._rows[top][left]
        rows = [[*row, *[""] * (self._width - len(row))] for row in self._rows]
        return Sheet(str(table.get(f"{TABLE}name", "")), rows, self._widths)

    def _add(self, row: etree._Element, gone: set[int]) -> None:
        cells = self._cells(row, gone)
        if row.get(f"{TABLE}visibility") == "collapse":
            self.hidden += filter(None, cells)
            return
        times = number(row, f"{TABLE}number-rows-repeated", 1)
        if not any(cells):
            times, cells = min(times, _MAX_BLANK_ROWS), []
        self._width = max(self._width, len(cells))
        refuse_large(len(self._rows) + times, self._width)
        self._rows += [list(cells) for _ in range(times)]

    def _cells(self, row: etree._Element, gone: set[int]) -> list[str]:
        cells: list[str] = []
        at, blanks = 0, 0  # blank cells count only where something stands behind them
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            text, times = _shown(cell), number(cell, f"{TABLE}number-columns-repeated", 1)
            refuse_large(1, len(cells) + blanks + times if text else 0)
            kept = times - len(gone & set(range(at, at + times))) if gone and times < 20_000 else times
            at += times
            if not text:
                blanks += kept
                continue
            if not kept:
                self.hidden.append(text)
                continue
            cells += [""] * blanks + [text] * kept
            blanks = 0
            self._span(cell, (len(self._rows), len(cells) - 1))
        return cells

    def _span(self, cell: etree._Element, place: tuple[int, int]) -> None:
        columns = number(cell, f"{TABLE}number-columns-spanned", 1)
        rows = number(cell, f"{TABLE}number-rows-spanned", 1)
        if columns > 1:
            self._widths[place] = columns
        elif rows > 1:
            self._heights[place] = rows


def _hidden_columns(table: etree._Element) -> Iterator[int]:
    at = 0
    for column in table.iter(f"{TABLE}table-column"):
        times = min(number(column, f"{TABLE}number-columns-repeated", 1), 16384)
        if column.get(f"{TABLE}visibility") == "collapse":
            yield from range(at, at + times)
        at += times


def _shown(cell: etree._Element) -> str:
    """Return a cell's text: dates in ISO form, plain numbers with all their digits, all else as it is displayed."""
    text = " ".join(" ".join("".join(each.itertext()) for each in cell.iterchildren(f"{TEXT}p")).split())
    match cell.get(f"{OFFICE}value-type"):
        case "date":
            return _date(cell.get(f"{OFFICE}date-value", "")) or text
        case "float":
            return _plain(cell.get(f"{OFFICE}value", "")) or text
        case _:
            return text


def _date(value: str) -> str:
    try:
        return shown(datetime.datetime.fromisoformat(value))
    except ValueError:
        return ""


def _plain(value: str) -> str:
    try:
        return shown(float(value))
    except ValueError:
        return ""
