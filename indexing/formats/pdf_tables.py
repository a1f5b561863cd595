"""Ruled tables of a PDF, through pdfplumber: exact, but slow and at times without end, so on a budget."""

import io
import logging
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pdfplumber
import pypdfium2 as pdfium
from pdfminer.psexceptions import PSException
from pdfplumber.pdf import PDF
from pypdfium2 import raw

from indexing.formats.pdf_layout import Table
from indexing.formats.pdf_lines import Line, normalised
from indexing.formats.tables import is_header

_BUDGET_S = 12.0  # of processor time, for all pages of a document: a busy machine gives no other text
_PAGE_S = 4.0
_LEAST_RULES = 4
_MOST_OBJECTS = 3000  # a drawing, not a table
_CELL_CHARS = 600  # a longer cell is a column of text with a frame around it
_KEPT_SHARE = 0.9  # of the letters on these lines: a table with fewer has lost some
# What pdfminer raises for damaged files; without a table the lines stay as they are.
_FAILURES = (
    RecursionError,
    PSException,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    AssertionError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page, open in both libraries."""

    plumber: PDF
    document: pdfium.PdfDocument
    number: int


def find_tables(data: bytes, document: pdfium.PdfDocument, pages: Sequence[Sequence[Line]]) -> list[Table]:
    """Return the tables of all pages with ruling lines, as far as the budget goes."""
    numbers = [number for number, lines in enumerate(pages, 1) if lines and _has_rules(document, number)]
    if not numbers:
        return []
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    tables: list[Table] = []
    deadline = time.process_time() + _BUDGET_S
    with _open(data) as plumber:
        for number in numbers:
            left = min(_PAGE_S, deadline - time.process_time())
            if plumber is None or left <= 0:
                break
            tables += _within(left, _Page(plumber, document, number), pages[number - 1])
    return tables


@contextmanager
def _open(data: bytes) -> Iterator[PDF | None]:
    """Open the file again; None where pdfminer cannot."""
    try:
        with _limited(_PAGE_S):
            plumber = pdfplumber.open(io.BytesIO(data))
    except (TimeoutError, *_FAILURES):
        plumber = None
    try:
        yield plumber
    finally:
        if plumber:
            plumber.close()


def _has_rules(document: pdfium.PdfDocument, number: int) -> bool:
    """Tell whether a page has thin lines or frames enough for a table, upright and level ones."""
    page = document[number - 1]
    level = upright = 0
    try:
        for count, each in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=2)):
            if count > _MOST_OBJECTS:
                return False
            left, bottom, right, top = each.get_bounds()
            level += right - left > 20
            upright += top - bottom > 8
    finally:
        page.close()
    return level >= _LEAST_RULES and upright >= _LEAST_RULES - 1


def _within(seconds: float, page: _Page, lines: Sequence[Line]) -> list[Table]:
    """Return a page's tables, none if it takes too long."""
    try:
        with _limited(seconds):
            return list(_tables(page, lines))
    except (TimeoutError, *_FAILURES):
        return []


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes more processor time."""

    def stop(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _tables(source: _Page, lines: Sequence[Line]) -> Iterator[Table]:
    """Yield tables with the cells that pdfplumber finds and the text that pdfium reads in them."""
    page = source.plumber.pages[source.number - 1]
    if page.rotation or page.bbox[:2] != (0, 0):
        return
    height = float(page.height)
    shown = source.document[source.number - 1]
    text = shown.get_textpage()
    for found in page.find_tables():
        left, top, right, bottom = found.bbox
        rows = [[_cell(text, cell, height) for cell in row.cells] for row in found.rows]
        rows = [row for row in rows if any(row)]
        if len(rows) > 1 and len(rows[0]) > 1 and max(len(cell) for row in rows for cell in row) <= _CELL_CHARS:
            shape = (left, height - bottom, right, height - top)
            table = Table(source.number, *shape, [_row(row) for row in rows], _header(rows))
            yield from [table] if _keeps_text(table, lines) else []
    page.close()
    shown.close()


def _cell(text: pdfium.PdfTextPage, cell: tuple[float, float, float, float] | None, height: float) -> str:
    if cell is None:
        return ""
    left, top, right, bottom = cell
    return normalised(text.get_text_bounded(left, height - bottom, right, height - top))


def _row(cells: Sequence[str]) -> str:
    return " | ".join(cells).rstrip(" |").lstrip()


def _header(rows: Sequence[Sequence[str]]) -> str:
    return _row(rows[0]) if rows and is_header(rows[0]) else ""


def _keeps_text(table: Table, lines: Sequence[Line]) -> bool:
    """Tell whether the rows hold the letters of the lines that they replace, and little else."""
    before = sum(sum(map(str.isalnum, line.text)) for line in lines if table.holds(line))
    after = sum(sum(map(str.isalnum, row)) for row in table.rows)
    return bool(before) and _KEPT_SHARE * before <= after <= before / _KEPT_SHARE
