"""What a workbook's parts say beside its values: how large its sheets are, what is hidden, how numbers are shown."""

import io
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from lxml import etree

from indexing.formats.containers import Container
from rag.errors import ParseError

Place: TypeAlias = tuple[int, int]  # row and column, from 0

MAX_CELLS = 5_000_000  # of the rectangle that holds all values: it is laid out in memory
_MAX_CHARS = 100_000_000  # of all cells: a few long strings may stand in many of them
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})$")
_BUILT_IN = {"9": "0%", "10": "0.00%"}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_PADDED = re.compile(r"0{2,}$")


@dataclass(slots=True)
class SheetLook:
    """One sheet: what is not shown of it, and how to show what is."""

    rows: set[int] = field(default_factory=set)  # hidden by hand; not by a filter or a folded group
    columns: set[int] = field(default_factory=set)
    codes: dict[Place, str] = field(default_factory=dict)  # of percentages and of numbers with leading zeros
    formulas: dict[Place, str] = field(default_factory=dict)  # those never calculated


def look_through(container: Container) -> Mapping[str, SheetLook]:
    """Return the looks of all sheets by name. Raises ParseError when a sheet is too large to be laid out."""
    lengths, codes = _string_lengths(container), _codes(container)
    return {name: _Looker(lengths, codes).look(container.read(path)) for name, path in _sheet_paths(container)}


def refuse_large(rows: int, columns: int) -> None:
    """Raise ParseError for a sheet whose values lie too far apart."""
    if rows * columns > MAX_CELLS:
        raise ParseError(
            f"one of its sheets spans {rows:,} rows and {columns:,} columns, more than the {MAX_CELLS:,} cells that "
            "are read; delete what stands far outside of its tables"
        )


def _sheet_paths(container: Container) -> Iterator[tuple[str, str]]:
    relations = container.tree("xl/_rels/workbook.xml.rels")
    targets = {str(each.get("Id")): str(each.get("Target")) for each in relations}
    for sheet in container.tree("xl/workbook.xml").iterfind("{*}sheets/{*}sheet"):
        target = targets.get(sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or "", "")
        path = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
        if path in container.names:
            yield str(sheet.get("name")), path


def _string_lengths(container: Container) -> list[int]:
    if "xl/sharedStrings.xml" not in container.names:
        return []
    return [
        sum(len(each.text or "") for each in element.iter("{*}t"))
        for element in _elements(container.read("xl/sharedStrings.xml"), "{*}si")
    ]


def _codes(container: Container) -> dict[str, str]:
    """Return the number format of each cell style that shows a number in a way that matters."""
    if "xl/styles.xml" not in container.names:
        return {}
    styles = container.tree("xl/styles.xml")
    known = {str(each.get("numFmtId")): str(each.get("formatCode", "")) for each in styles.iter("{*}numFmt")}
    used = (str(each.get("numFmtId")) for each in styles.iterfind("{*}cellXfs/{*}xf"))
    codes = (_QUOTED.sub("", known.get(name, _BUILT_IN.get(name, ""))).split(";")[0] for name in used)
    return {str(at): code for at, code in enumerate(codes) if "%" in code or _PADDED.match(code)}


def _elements(content: bytes, *tags: str) -> Iterator[etree._Element]:
    """Yield the elements of large XML one after the other, each gone when the next one comes."""
    safely = {"resolve_entities": False, "no_network": True, "huge_tree": False}
    for _, element in etree.iterparse(io.BytesIO(content), tag=tags, **safely):
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


@dataclass(slots=True)
class _Looker:
    """Goes through one sheet."""

    lengths: list[int]
    styles: dict[str, str]
    seen: SheetLook = field(default_factory=SheetLook)
    filtered: bool = False
    _row: int = -1
    _chars: int = 0
    _extent: list[int] = field(default_factory=list)  # first and last row, first and last column

    def look(self, content: bytes) -> SheetLook:
        for element in _elements(content, "{*}row", "{*}col", "{*}sheetPr", "{*}filterColumn"):
            match etree.QName(element).localname:
                case "row":
                    self._look_at_row(element)
                case "col" if _is_hidden(element):
                    self.seen.columns.update(range(int(element.get("min")) - 1, min(int(element.get("max")), 16384)))
                case "filterColumn":
                    self.filtered = True
                case "sheetPr":
                    self.filtered = self.filtered or element.get("filterMode") in ("1", "true")
        if self._extent:
            refuse_large(self._extent[1] - self._extent[0] + 1, self._extent[3] - self._extent[2] + 1)
        if self.filtered:  # a reader sees that rows are filtered away, and takes the filter off
            self.seen.rows.clear()
        return self.seen

    def _look_at_row(self, row: etree._Element) -> None:
        self._row = int(row.get("r")) - 1 if row.get("r") else self._row + 1
        if _is_hidden(row):
            self.seen.rows.add(self._row)
        column = -1
        for cell in row.iterchildren("{*}c"):
            found = _REFERENCE.match(cell.get("r", ""))
            column = _column(found[1]) if found else column + 1
            self._look_at_cell(cell, (int(found[2]) - 1 if found else self._row, column))

    def _look_at_cell(self, cell: etree._Element, place: Place) -> None:
        parts = {etree.QName(part).localname: part.text or "" for part in cell}
        if not parts:
            return
        self._widen(place)
        kind, style = cell.get("t", "n"), cell.get("s", "")
        if kind == "s":
            self._count(parts.get("v", ""))
        if "f" in parts and not parts.get("v") and kind != "str":
            self.seen.formulas[place] = parts["f"]
        elif kind == "n" and style in self.styles:
            self.seen.codes[place] = self.styles[style]

    def _widen(self, place: Place) -> None:
        (row, column), known = place, self._extent or [place[0], place[0], place[1], place[1]]
        self._extent = [min(row, known[0]), max(row, known[1]), min(column, known[2]), max(column, known[3])]

    def _count(self, value: str) -> None:
        if value.isdigit() and int(value) < len(self.lengths):
            self._chars += self.lengths[int(value)]
        if self._chars > _MAX_CHARS:
            raise ParseError("its cells repeat long texts so often that it would be too large to read")


def _is_hidden(element: etree._Element) -> bool:
    """Tell whether a row or a column is hidden, and not just folded away under a sign that opens it."""
    return element.get("hidden") in ("1", "true") and element.get("outlineLevel", "0") == "0"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
