"""PowerPoint presentations (PPTX): each slide a page, its title a heading, with tables, charts and notes."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pptx
from lxml import etree
from pptx.chart.chart import Chart
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PythonPptxError
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.presentation import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide
from pptx.table import Table
from pptx.text.text import TextFrame

from indexing.formats.containers import LOADED, opened, parse_xml
from indexing.formats.extracted import Extracted, Metadata, Outline, TextBuilder
from indexing.formats.hiding import HIDDEN_SLIDES, HIDDEN_TEXT, tells
from indexing.formats.metadata import read_metadata
from indexing.formats.slide_charts import chart_rows
from indexing.formats.slide_order import Place, reading_order
from indexing.formats.slide_paragraphs import lines_of
from indexing.formats.tables import is_header

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE)
_BULLETED = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY, PP_PLACEHOLDER.VERTICAL_OBJECT)
_REPEATED = (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER)
_EDGES = (*_REPEATED, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.SLIDE_NUMBER)
_MAX_DEPTH = 50  # of groups within groups


def parse_pptx(data: bytes) -> Extracted:
    """Return what the slides show, in reading order, with page numbers; hidden slides are left out, and told."""
    with opened(data, "PowerPoint presentation", oddities=(PythonPptxError,)) as container:
        external = container.refers_outside
        deck = pptx.Presentation(io.BytesIO(data))
        builder, hidden = TextBuilder(), _Hidden()
        reader = _Reader(builder, hidden, (deck.slide_width or 0, deck.slide_height or 0))
        for number, slide in enumerate(deck.slides, 1):
            reader.read(number, slide)
        metadata = _metadata(deck)
    found = {LOADED: external, HIDDEN_SLIDES: tells(hidden.slides), HIDDEN_TEXT: tells(hidden.text)}
    warnings = tuple(warning for warning, holds in found.items() if holds)
    return Extracted("pptx", builder.text, tuple(builder.blocks), metadata, warnings)


@dataclass(slots=True)
class _Hidden:
    """What no reader of the slides sees."""

    slides: str = ""
    text: str = ""


@dataclass(slots=True)
class _Reader:
    """Reads one slide after the other."""

    builder: TextBuilder
    hidden: _Hidden
    size: tuple[int, int]
    _repeated: set[str] = field(default_factory=set)

    def read(self, number: int, slide: Slide) -> None:
        """Add a slide, and what its speaker says to it."""
        if slide._element.get("show") in ("0", "false"):  # python-pptx has no public way
            self.hidden.slides += f" {_all_text(slide._element)}"
            return
        self.builder.page, self.builder.outline = number, Outline()
        self.builder.separate()
        for shape in self._shown(slide):
            self._add(shape)
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if notes is not None and notes.text.strip():
            self.builder.add("heading", "Notes", level=2)
            self._add_lines(notes, bulleted=False)

    def _shown(self, slide: Slide) -> list[BaseShape]:
        """Return the shapes with something to read, the title first, what stands on each page last."""
        every = [shape for shape in slide.shapes if _says_something(shape) and self._is_shown(shape)]
        body = [shape for shape in every if not _is_title(shape) and _placeholder(shape) not in _EDGES]
        edges = [shape for shape in every if _placeholder(shape) in _EDGES]
        return [*filter(_is_title, every), *filter(self._is_shown, _ordered(body, _MAX_DEPTH)), *edges]

    def _is_shown(self, shape: BaseShape) -> bool:
        about = next(shape._element.iter(f"{_P}cNvPr"), None)
        if (about is None or about.get("hidden") not in ("1", "true")) and self._is_inside(shape):
            return True
        self.hidden.text += f" {_all_text(shape._element)}"
        return False

    def _is_inside(self, shape: BaseShape) -> bool:
        """Tell whether a shape stands on the slide; the shapes of a group have another measure."""
        place, (width, height) = _place(shape), self.size
        inside = place.left < width and place.top < height and place.right >= 0 and place.bottom >= 0
        return inside or shape._element.getparent().tag != f"{_P}spTree"

    def _add(self, shape: BaseShape) -> None:
        if isinstance(shape, Shape):
            self._add_text(shape)
        elif isinstance(shape, GraphicFrame) and shape.has_table:
            self._add_table(shape.table)
        elif isinstance(shape, GraphicFrame) and shape.has_chart:
            self._add_chart(shape.chart)
        elif shape._element.find(f".//{_DIAGRAM}relIds") is not None:
            self._add_diagram(shape)

    def _add_text(self, shape: Shape) -> None:
        kind = _placeholder(shape)
        text = shape.text_frame.text.strip()
        if kind == PP_PLACEHOLDER.SLIDE_NUMBER or (kind in _REPEATED and text in self._repeated):
            return
        if kind in _REPEATED:
            self._repeated.add(text)
        if _is_title(shape):
            self.builder.add("heading", " ".join(text.split()), level=1)
        else:
            self._add_lines(shape.text_frame, bulleted=kind in _BULLETED)

    def _add_lines(self, frame: TextFrame, *, bulleted: bool) -> None:
        lines = lines_of(frame, bulleted=bulleted)
        self.hidden.text += "".join(f" {line.hidden}" for line in lines)
        for line in lines:
            self.builder.add("list_item" if line.is_item else "paragraph", line.text)

    def _add_table(self, table: Table) -> None:
        rows = [["" if cell.is_spanned else _one_line(cell.text) for cell in row.cells] for row in table.rows]
        named = bool(rows) and len(rows) > 1 and (table.first_row or is_header(rows[0]))
        self._add_rows(rows, named=named)

    def _add_chart(self, chart: Chart) -> None:
        """Add a chart's title, and its figures as a table of categories by series."""
        if chart.has_title and chart.chart_title.has_text_frame:
            self.builder.add("paragraph", _one_line(chart.chart_title.text_frame.text))
        self._add_rows(chart_rows(chart._chartSpace), named=True)

    def _add_rows(self, rows: Sequence[Sequence[str]], *, named: bool) -> None:
        self.builder.separate()
        texts = [" | ".join(row).rstrip(" |").lstrip() for row in rows]
        for at, text in enumerate(texts):
            self.builder.add("table_row", text, header=texts[0] if named and at else "")

    def _add_diagram(self, shape: BaseShape) -> None:
        """Add the texts of a SmartArt graphic, which lie in a part of their own."""
        relation = shape._element.find(f".//{_DIAGRAM}relIds").get(f"{_RELATION}dm")
        root = parse_xml(shape.part.related_part(relation).blob)
        for point in root.iter(f"{_DIAGRAM}t"):
            text = " ".join("".join(part.text or "" for part in line.iter(f"{_A}t")) for line in point.iter(f"{_A}p"))
            self.builder.add("list_item", _one_line(text))


def _ordered(shapes: Sequence[BaseShape], depth: int) -> Iterator[BaseShape]:
    """Yield the shapes in reading order, those of a group where the group stands."""
    for at in reading_order([_place(shape) for shape in shapes]):
        shape = shapes[at]
        if not isinstance(shape, GroupShape):
            yield shape
        elif depth:
            yield from _ordered(list(shape.shapes), depth - 1)


def _place(shape: BaseShape) -> Place:
    """Return where a shape stands; a placeholder without a place, here and in its layout, stands at the top left."""
    return Place(shape.top or 0, shape.left or 0, shape.height or 0, shape.width or 0)


def _says_something(shape: BaseShape) -> bool:
    return isinstance(shape, GraphicFrame | GroupShape) or (
        isinstance(shape, Shape) and bool(shape.text_frame.text.strip())
    )


def _placeholder(shape: BaseShape) -> PP_PLACEHOLDER | None:
    return shape.placeholder_format.type if shape.is_placeholder else None


def _is_title(shape: BaseShape) -> bool:
    return isinstance(shape, Shape) and _placeholder(shape) in _TITLES


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _all_text(element: etree._Element) -> str:
    return " ".join(part.text or "" for part in element.iter(f"{_A}t"))


def _metadata(deck: Presentation) -> Metadata:
    if all(each.reltype != RELATIONSHIP_TYPE.CORE_PROPERTIES for each in deck.part.package._rels.values()):
        return Metadata()  # python-pptx would make some up
    core = deck.core_properties
    return read_metadata(
        {
            "title": core.title if core.title != "PowerPoint Presentation" else "",
            "author": core.author if core.author != "python-pptx" else "",
            "date": core.modified or core.created,
            "keywords": core.keywords,
            "category": core.category,
            "language": core.language,
        }
    )
