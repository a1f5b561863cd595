"""The cells of one sheet -> its tables, titles and notes as blocks, each table with its own header."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from indexing.formats.extracted import Outline, TextBuilder

_NUMBER = re.compile(r"[\s$€£¥%()+-]*\d[\d.,\s%()/:e+-]*$")
_TIME = re.compile(r"(?:19|20)\d\d(?:-\d\d-\d\d)?$")
_NOTHING = frozenset(("", "-", "–", "—", "n/a", "N/A"))
_MOST_CUTS = 12  # within each other: what is scattered more than that is no table
_HEADER_ROWS = 3
_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Sheet:
    """Shown cells as text, row by row, all rows alike long; how many columns a merged cell spans, by its place."""

    name: str
    rows: Sequence[Sequence[str]]
    widths: Mapping[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Box:
    top: int
    bottom: int  # exclusive
    left: int
    right: int  # exclusive


def add_sheet(sheet: Sheet, builder: TextBuilder) -> None:
    """Add the sheet's name as a heading, and what it holds, table after table."""
    if not any(any(row) for row in sheet.rows):
        return
    builder.add("heading", sheet.name, level=1)
    above = builder.outline.path
    names: dict[int, str] = {}
    for box in _tables(sheet.rows, _Box(0, len(sheet.rows), 0, len(sheet.rows[0])), _MOST_CUTS):
        builder.outline = Outline([(1, name) for name in above])
        builder.separate()
        names = _add_table(sheet, box, builder, names)


def _tables(rows: Sequence[Sequence[str]], box: _Box, cuts: int) -> Iterator[_Box]:
    """Yield the rectangles that blank rows and columns part, in reading order."""
    bands = _joined_bands(rows, _bands(rows, box))
    parts = bands if len(bands) != 1 else _joined_parts(rows, _parts(rows, bands[0]))
    if len(parts) == 1 or not cuts:
        yield from parts
        return
    for part in parts:
        yield from _tables(rows, part, cuts - 1)


def _bands(rows: Sequence[Sequence[str]], box: _Box) -> list[_Box]:
    filled = [any(rows[at][box.left : box.right]) for at in range(box.top, box.bottom)]
    return [_Box(box.top + start, box.top + end, box.left, box.right) for start, end in _runs(filled)]


def _parts(rows: Sequence[Sequence[str]], box: _Box) -> list[_Box]:
    filled = [False] * (box.right - box.left)
    for row in rows[box.top : box.bottom]:
        filled = [known or bool(cell) for known, cell in zip(filled, row[box.left : box.right], strict=True)]
    return [_Box(box.top, box.bottom, box.left + start, box.left + end) for start, end in _runs(filled)]


def _runs(filled: Sequence[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for at, here in enumerate([*filled, False]):
        if here and start is None:
            start = at
        elif not here and start is not None:
            yield start, at
            start = None


def _joined_bands(rows: Sequence[Sequence[str]], bands: list[_Box]) -> list[_Box]:
    """Join a band that only names columns with the numbers below the blank row."""
    joined: list[_Box] = []
    for band in bands:
        before = joined[-1] if joined else None
        if before and band.top - before.bottom == 1 and _only_names(rows, before) and _has_numbers(rows[band.top]):
            joined[-1] = _Box(before.top, band.bottom, band.left, band.right)
        else:
            joined.append(band)
    return joined


def _joined_parts(rows: Sequence[Sequence[str]], parts: list[_Box]) -> list[_Box]:
    """Join columns of numbers with those that name their rows: the blank column between them is there for the eye."""
    joined: list[_Box] = []
    for part in parts:
        before = joined[-1] if joined else None
        if before and _belongs(rows, part, before):
            joined[-1] = _Box(before.top, before.bottom, before.left, part.right)
        else:
            joined.append(part)
    return joined


def _belongs(rows: Sequence[Sequence[str]], part: _Box, before: _Box) -> bool:
    own = [at for at in range(part.top, part.bottom) if any(rows[at][part.left : part.right])]
    named = [at for at in own if rows[at][before.left]]
    numbers = _is_numeric(rows, part) and not _is_numeric(rows, before)
    return numbers and len(named) >= _OVERLAP * len(own)


def _is_numeric(rows: Sequence[Sequence[str]], box: _Box) -> bool:
    """Tell whether the first column holds numbers for the most part, its header aside."""
    cells = [cell for row in rows[box.top : box.bottom] if (cell := row[box.left]).strip()]
    return 2 * sum(_is_number(cell) for cell in cells) > max(1, len(cells) - 2)


def _only_names(rows: Sequence[Sequence[str]], box: _Box) -> bool:
    *above, last = (rows[at][box.left : box.right] for at in range(box.top, box.bottom))
    few = len(above) < _HEADER_ROWS
    return few and _names_columns(last) and all(_names_columns(row) or sum(map(bool, row)) == 1 for row in above)


def _has_numbers(row: Sequence[str]) -> bool:
    return any(map(_is_number, row))


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.match(cell)) or cell.strip() in _NOTHING - {""}


def _add_table(sheet: Sheet, box: _Box, builder: TextBuilder, above: Mapping[int, str]) -> dict[int, str]:
    """Add titles, rows under their header, and the notes below; return what names the columns.

    above: the names of the table before; they hold on where a blank row parts numbers from it.
    """
    numbers = [at for at in range(box.top, box.bottom) if any(sheet.rows[at][box.left : box.right])]
    columns = [at for at in range(box.left, box.right) if any(sheet.rows[row][at] for row in numbers)]
    rows = [[sheet.rows[row][column] for column in columns] for row in numbers]
    wide = [at for at, row in enumerate(rows) if sum(map(bool, row)) > 1]
    if not wide:
        _add_lines(rows, builder)
        return {}
    first, last = wide[0], wide[-1] + 1
    if first:
        builder.add("heading", _line(rows[0]), level=2)
    _add_lines(rows[1:first], builder)
    spread = [_spread(sheet, row, columns) for row in numbers[first : first + _HEADER_ROWS + 1]]
    count, names = _header(rows[first:last], spread)
    named = dict(zip(columns, names, strict=True)) if count else {}
    if not count and not first and above.keys() >= set(columns) and _has_numbers(rows[0]):
        named = dict(above)
    header = _line([named.get(column, "") for column in columns])
    for at, row in enumerate(rows[first:last]):
        builder.add("table_row", _line(row), header=header if at >= count else "")
    _add_lines(rows[last:], builder)
    return named


def _add_lines(rows: Sequence[Sequence[str]], builder: TextBuilder) -> None:
    for row in rows:
        builder.add("paragraph", _line(row))


def _header(rows: Sequence[Sequence[str]], spread: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """Return how many rows name the columns, and what they say of each column together."""
    names = 0
    if len(rows) > 1 and _names_columns(rows[0]):
        names = 1
        while names < min(_HEADER_ROWS, len(rows) - 1) and _is_continued(rows, spread, names):
            names += 1
    columns = zip(*spread[:names], strict=True)
    return names, [" ".join(dict.fromkeys(filter(None, each))) for each in columns]


def _is_continued(rows: Sequence[Sequence[str]], spread: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether a row names columns too: below names that span several, or that leave some out."""
    above, row = rows[at - 1], rows[at]
    if not _names_columns(row):
        return False
    spans = list(above) != list(spread[at - 1])
    return spans or (sum(map(bool, above)) < sum(map(bool, row)) and _has_numbers(rows[at + 1]))


def _names_columns(row: Sequence[str]) -> bool:
    """Tell whether a row can name columns: it has no number, or several and all of them are years or days."""
    numbers = [cell for cell in row if _is_number(cell)]
    times = len(numbers) == len(set(numbers)) > 1 and all(map(_TIME.match, numbers)) and not _is_number(row[0])
    return sum(map(bool, row)) > 1 and (not numbers or times)


def _spread(sheet: Sheet, row: int, columns: Sequence[int]) -> list[str]:
    """Return the cells of a row with what spans several columns in each of them."""
    cells = dict(enumerate(sheet.rows[row]))
    for column in columns:
        for right in range(1, sheet.widths.get((row, column), 1)):
            cells[column + right] = cells.get(column + right) or cells[column]
    return [cells[column] for column in columns]


def _line(cells: Sequence[str]) -> str:
    return " | ".join(cells).rstrip(" |").lstrip(" |") if sum(map(bool, cells)) == 1 else _row_line(cells)


def _row_line(cells: Sequence[str]) -> str:
    return " | ".join(cells).rstrip(" |").lstrip()
