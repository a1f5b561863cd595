"""OpenDocument texts, sheets and slides (ODT, ODS, ODP)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from indexing.formats.containers import Container, opened
from indexing.formats.extracted import Extracted, Metadata, Outline, TextBuilder
from indexing.formats.hiding import HIDDEN_CELLS, HIDDEN_SLIDES, HIDDEN_TEXT, tells
from indexing.formats.metadata import read_metadata
from indexing.formats.opendocument_cells import SheetReader
from indexing.formats.opendocument_styles import DRAW, OFFICE, PRESENTATION, SVG, TABLE, Styles
from indexing.formats.opendocument_text import BodyReader
from indexing.formats.sheet_tables import add_sheet
from indexing.formats.slide_order import Place, reading_order
from rag.errors import ParseError

_LENGTH = re.compile(r"(-?[\d.]+)(mm|cm|in|pt)$")
_HUNDREDTHS = {"mm": 100, "cm": 1000, "in": 2540, "pt": 35.28}  # of a millimetre
_MANIFEST = "META-INF/manifest.xml"


@dataclass(frozen=True, slots=True)
class _File:
    """The parts of a file that are read."""

    body: etree._Element
    styles: Styles
    metadata: Metadata


def parse_odt(data: bytes) -> Extracted:
    """Return headings and lists with their numbers, paragraphs, tables and notes."""
    with _read(data, "text") as file:
        builder = TextBuilder()
        reader = BodyReader(builder, file.styles)
        reader.read(file.body)
        return _extracted("odt", builder, file.metadata, {HIDDEN_TEXT: reader.hidden})


def parse_ods(data: bytes) -> Extracted:
    """Return each shown sheet under its name, its tables parted, their rows with their headers."""
    with _read(data, "spreadsheet") as file:
        builder = TextBuilder()
        hidden: list[str] = []
        for table in file.body.iterchildren(f"{TABLE}table"):
            if file.styles.hides(table.get(f"{TABLE}style-name")):
                hidden += table.itertext()
                continue
            reader = SheetReader(file.styles)
            add_sheet(reader.read(table), builder)
            hidden += reader.hidden
        return _extracted("ods", builder, file.metadata, {HIDDEN_CELLS: hidden})


def parse_odp(data: bytes) -> Extracted:
    """Return what the slides show, in reading order, with page numbers; hidden slides are left out, and told."""
    with _read(data, "presentation") as file:
        builder = TextBuilder()
        reader = BodyReader(builder, file.styles)
        hidden: list[str] = []
        for number, page in enumerate(file.body.iterchildren(f"{DRAW}page"), 1):
            if file.styles.hides(page.get(f"{DRAW}style-name")):
                hidden += page.itertext()
                continue
            builder.page, builder.outline = number, Outline()
            builder.separate()
            _add_slide(page, reader)
        return _extracted("odp", builder, file.metadata, {HIDDEN_TEXT: reader.hidden, HIDDEN_SLIDES: hidden})


def _add_slide(page: etree._Element, reader: BodyReader) -> None:
    notes = f"{PRESENTATION}notes"
    shapes = [each for each in page.iterchildren("*") if each.tag != notes]
    ordered = [shapes[at] for at in reading_order([_place(shape) for shape in shapes])]
    titles = [shape for shape in ordered if shape.get(f"{PRESENTATION}class") == "title"]
    for title in titles:
        reader.builder.add("heading", " ".join("".join(title.itertext()).split()), level=1)
    for shape in ordered:
        if shape not in titles:
            reader.read(shape)
    for said in page.iterchildren(notes):
        if "".join(said.itertext()).strip():
            reader.builder.add("heading", "Notes", level=2)
            reader.read(said)


@contextmanager
def _read(data: bytes, kind: str) -> Iterator[_File]:
    with opened(data, f"OpenDocument {kind}", doctypes=True) as container:
        if _MANIFEST in container.names and b"encryption-data" in container.read(_MANIFEST):
            raise ParseError("it is encrypted; save it without a password")
        content = container.tree("content.xml")
        roots = [content, *(container.tree(name) for name in ("styles.xml",) if name in container.names)]
        body = content.find(f"{OFFICE}body/{OFFICE}{kind}")
        if body is None:
            raise ParseError(f"it is no OpenDocument {kind}")
        yield _File(body, Styles.of(roots), _metadata(container))


def _extracted(kind: str, builder: TextBuilder, metadata: Metadata, hidden: dict[str, list[str]]) -> Extracted:
    warnings = tuple(warning for warning, texts in hidden.items() if tells(" ".join(texts)))
    return Extracted(kind, builder.text, tuple(builder.blocks), metadata, warnings)


def _place(shape: etree._Element) -> Place:
    measures: Callable[[str], int] = lambda name: _hundredths(shape.get(f"{SVG}{name}", ""))  # noqa: E731
    return Place(measures("y"), measures("x"), measures("height"), measures("width"))


def _hundredths(length: str) -> int:
    found = _LENGTH.match(length)
    return round(float(found[1]) * _HUNDREDTHS[found[2]]) if found else 0


def _metadata(container: Container) -> Metadata:
    if "meta.xml" not in container.names:
        return Metadata()
    found: dict[str, str] = {}
    for element in container.tree("meta.xml").iterfind("{*}meta/*"):
        name = etree.QName(element).localname
        found[name] = ", ".join(filter(None, (found.get(name), element.text)))
    return read_metadata(
        {
            "title": found.get("title", ""),
            "author": found.get("initial-creator") or found.get("creator", ""),
            "date": found.get("date") or found.get("creation-date"),
            "keywords": found.get("keyword", ""),
            "language": found.get("language", ""),
        }
    )
