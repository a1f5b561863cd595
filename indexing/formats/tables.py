"""CSV and TSV: the file's own text, a block per row."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted
from rag.errors import ParseError
from rag.types import Block

_DELIMITERS = ",;\t|"
_LINE = re.compile(r".*?(?:\r\n|\r|\n|\Z)", re.DOTALL)
_SAMPLE_LINES = 200
_NUMBER = re.compile(r"[\s$€£¥%+-]*\d[\d.,\s%/:-]*$")
# A quote that is never closed swallows the rest of the file: more lines than this is no cell.
_MAX_CELL_LINES = 500
_HEADER_ROWS = 5


@dataclass(frozen=True, slots=True)
class _Row:
    start: int
    end: int
    cells: Sequence[str]


def parse_csv(data: bytes) -> Extracted:
    """Return a table row per record, each with its header as "cell | cell"; quoted newlines stay inside their row."""
    decoded = decode(data)
    text = decoded.text
    lines = [match.span() for match in _LINE.finditer(text) if match[0]]
    rows = _best_rows(text, lines)
    blocks = tuple(_blocks(text, rows))
    return Extracted("csv", text, blocks, warnings=decoded.warnings)


def _best_rows(text: str, lines: Sequence[tuple[int, int]]) -> list[_Row]:
    delimiter = _delimiter(text, lines[:_SAMPLE_LINES])
    rows = list(_rows(text, lines, delimiter, csv.QUOTE_MINIMAL))
    if any(text.count("\n", row.start, row.end) > _MAX_CELL_LINES for row in rows):
        rows = list(_rows(text, lines, delimiter, csv.QUOTE_NONE))
    return rows


def _delimiter(text: str, lines: Sequence[tuple[int, int]]) -> str:
    """Return the delimiter under which most rows have the same number of cells, more than one."""
    return max(_DELIMITERS, key=lambda each: _evenness(text, lines, each))


def _evenness(text: str, lines: Sequence[tuple[int, int]], delimiter: str) -> tuple[float, int]:
    widths = Counter(len(row.cells) for row in _rows(text, lines, delimiter, csv.QUOTE_MINIMAL))
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return (rows / widths.total(), width) if width > 1 else (0.0, 0)


def _rows(text: str, lines: Sequence[tuple[int, int]], delimiter: str, quoting: int) -> Iterator[_Row]:
    """Yield the records with their place; the reader says how many lines each took."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader((text[start:end] for start, end in lines), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]  # a literal of csv's own
    done = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _Row(lines[done][0], lines[reader.line_num - 1][1], cells)
            done = reader.line_num
    except csv.Error as error:
        raise ParseError(f"its table cannot be read: {error}") from error


def _blocks(text: str, rows: Sequence[_Row]) -> Iterator[Block]:
    at = _header_at(rows)
    header = "" if at is None else " | ".join(" ".join(cell.split()) for cell in rows[at].cells)
    for number, row in enumerate(rows):
        piece = text[row.start : row.end]
        body = piece.strip()
        start = row.start + len(piece) - len(piece.lstrip())
        below = at is not None and number > at
        yield Block("table_row", start, start + len(body), header=header if below else "")


def _header_at(rows: Sequence[_Row]) -> int | None:
    """Return which of the first rows names the columns; a title may stand above it."""
    width = Counter(len(row.cells) for row in rows).most_common(1)
    if len(rows) < 2 or width[0][0] < 2:
        return None
    first = rows[:_HEADER_ROWS]
    return next((at for at, row in enumerate(first) if len(row.cells) == width[0][0] and is_header(row.cells)), None)


def is_header(cells: Sequence[str]) -> bool:
    """Tell whether a row can name columns: most cells are filled, and none is a number."""
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) * 2 > len(cells) and not any(_NUMBER.match(cell) for cell in filled)
