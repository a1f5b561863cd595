"""The body of an OpenDocument text or slide -> blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from indexing.formats.extracted import TextBuilder
from indexing.formats.numbering import Counters, Level
from indexing.formats.opendocument_styles import DRAW, OFFICE, OUTLINE, TABLE, TEXT, Styles, number
from indexing.formats.tables import is_header

_SKIPPED = frozenset((f"{TEXT}tracked-changes", f"{OFFICE}annotation", f"{OFFICE}annotation-end", f"{OFFICE}forms"))
_HIDDEN = frozenset((f"{TEXT}hidden-text", f"{TEXT}hidden-paragraph"))
_BOXES = (f"{DRAW}frame", f"{DRAW}custom-shape")
_MAX_BLANKS = 100
_MAX_REPEATED = 64  # of a cell: a text table is no sheet


@dataclass(slots=True)
class _List:
    """The list that is being read."""

    levels: Mapping[int, Level]
    counters: Counters
    depth: int
    label: str = ""  # of the next paragraph


@dataclass(slots=True)
class BodyReader:
    """Reads text, its lists, tables and notes into the builder."""

    builder: TextBuilder
    styles: Styles
    hidden: list[str] = field(default_factory=list)  # what no reader sees
    _notes: list[etree._Element] = field(default_factory=list)
    _frames: list[etree._Element] = field(default_factory=list)
    _counters: dict[str, Counters] = field(default_factory=dict)

    def read(self, body: etree._Element) -> None:
        """Add a body and the notes to it."""
        self._children(body, None)
        while self._notes:
            note = self._notes.pop(0)
            texts = [self._text(each) for each in note.iterfind(f"{TEXT}note-body//{TEXT}p")]
            self.builder.add("paragraph", f"[{_mark(note)}] {' '.join(texts)}")

    def _children(self, parent: etree._Element, within: _List | None) -> None:
        for element in parent.iterchildren("*"):
            self._element(element, within)

    def _element(self, element: etree._Element, within: _List | None) -> None:
        if element.tag in _SKIPPED:
            return
        if self._is_hidden(element):
            self.hidden.append("".join(element.itertext()))
            return
        match element.tag:
            case tag if tag == f"{TEXT}h":
                self._heading(element)
            case tag if tag == f"{TEXT}p":
                self._paragraph(element, within)
            case tag if tag == f"{TEXT}list":
                self._list(element, within)
            case tag if tag == f"{TABLE}table":
                self._table(element)
            case _:
                self._children(element, within)

    def _is_hidden(self, element: etree._Element) -> bool:
        name = element.get(f"{TEXT}style-name")
        return element.get(f"{TEXT}display") == "none" or self.styles.hides(name)

    def _heading(self, element: etree._Element) -> None:
        level = max(1, number(element, f"{TEXT}outline-level", 1))
        levels = self.styles.lists.get(OUTLINE, {})
        label = ""
        if level - 1 in levels and element.get(f"{TEXT}is-list-header") != "true":
            label = self._counted(OUTLINE).advance(level - 1, levels)
        self.builder.add("heading", f"{label} {self._text(element)}".strip(), level=level)
        self._read_frames()

    def _paragraph(self, element: etree._Element, within: _List | None) -> None:
        text = self._text(element).strip()
        if within and text:
            text, within.label = f"{within.label} {text}".strip(), ""
        self.builder.add("list_item" if within else "paragraph", text)
        self._read_frames()

    def _read_frames(self) -> None:
        """Add the text boxes that hang on the paragraph before."""
        frames, self._frames = self._frames, []
        for frame in frames:
            self._children(frame, None)

    def _list(self, element: etree._Element, above: _List | None) -> None:
        name = element.get(f"{TEXT}style-name", "")
        levels = self.styles.lists.get(name, above.levels if above else {})
        goes_on = element.get(f"{TEXT}continue-numbering") == "true" or element.get(f"{TEXT}continue-list")
        if above is None and not goes_on:
            self._counters.pop(name, None)
        counters = above.counters if above else self._counted(name)
        inner = _List(levels, counters, above.depth + 1 if above else 0)
        if above and not goes_on:
            counters.restart(inner.depth)
        for item in element.iterchildren(f"{TEXT}list-item", f"{TEXT}list-header"):
            self._item(item, inner)

    def _item(self, item: etree._Element, inner: _List) -> None:
        start = number(item, f"{TEXT}start-value", 0)
        if start:
            inner.counters.go_on_with(inner.depth, start)
        counted = inner.depth in inner.levels and item.tag == f"{TEXT}list-item"
        inner.label = inner.counters.advance(inner.depth, inner.levels) if counted else ""
        self._children(item, inner)

    def _counted(self, name: str) -> Counters:
        return self._counters.setdefault(name, Counters())

    def _table(self, table: etree._Element) -> None:
        named = next(table.iterchildren(f"{TABLE}table-header-rows"), None) is not None
        rows = [row for row in table.iter(f"{TABLE}table-row") if next(row.iterancestors(f"{TABLE}table")) is table]
        cells = [self._cells(row) for row in rows]
        styles = [each.get(f"{TEXT}style-name") for row in rows[:1] for each in row.iter(f"{TEXT}p")]
        named = named or (bool(styles) and all(map(self.styles.is_header, styles)))
        texts = [" | ".join(row).rstrip(" |").lstrip() for row in cells]
        header = texts[0] if len(texts) > 1 and (named or _names_columns(cells[0])) else ""
        self.builder.separate()
        for at, text in enumerate(texts):
            self.builder.add("table_row", text, header=header if at else "")
        self._frames.clear()

    def _cells(self, row: etree._Element) -> list[str]:
        cells: list[str] = []
        for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            paragraphs = cell.iter(f"{TEXT}p", f"{TEXT}h")
            text = " ".join(" ".join(map(self._text, paragraphs)).split())
            cells += [text] * min(number(cell, f"{TABLE}number-columns-repeated", 1), _MAX_REPEATED)
        return cells

    def _text(self, element: etree._Element) -> str:
        """Return what a reader sees of a paragraph; notes and text boxes are put aside."""
        parts = [_folded(element.text)]
        for child in element.iterchildren("*"):
            parts += [self._inline(child), _folded(child.tail)]
        return "".join(parts)

    def _inline(self, child: etree._Element) -> str:
        tag = child.tag
        if tag in _SKIPPED:
            return ""
        if tag in _HIDDEN or self._is_hidden(child):
            self.hidden.append("".join(child.itertext()) or child.get(f"{TEXT}string-value", ""))
            return ""
        if tag == f"{TEXT}note":
            self._notes.append(child)
            return f"[{_mark(child)}]"
        if tag in _BOXES:
            self._frames.append(child)
            return ""
        return _space(child) or self._text(child)


def _space(element: etree._Element) -> str:
    """Return the white space that an element stands for; empty for any other element."""
    if element.tag == f"{TEXT}s":
        return " " * min(number(element, f"{TEXT}c", 1), _MAX_BLANKS)
    return {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}.get(element.tag, "")


def _mark(note: etree._Element) -> str:
    """Return the number of a note."""
    return "".join(note.find(f"{TEXT}note-citation").itertext())


def _folded(text: str | None) -> str:
    """Return text with runs of white space as one blank, as the format says."""
    return " ".join(f"x{text}x".split())[1:-1] if text else ""


def _names_columns(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and all(cells) and is_header(cells)
