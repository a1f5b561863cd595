"""The deck and the workbook of the example handbook, the same bytes on every run."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pptx
import yaml
from markdown_it.tree import SyntaxTreeNode
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.util import Inches

_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_TITLE_LAYOUT, _BODY_LAYOUT = 0, 1
_TABLE_TOP, _ROW_HEIGHT = 1.5, 0.4  # inches


class SlideSource(NamedTuple):
    """A slide: its title and the blocks below it."""

    title: str
    blocks: list[SyntaxTreeNode]


def slides_of(blocks: Sequence[SyntaxTreeNode]) -> Iterator[SlideSource]:
    """Yield a slide for each heading."""
    starts = [at for at, block in enumerate(blocks) if block.type == "heading"]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        yield SlideSource(plain(blocks[start]), list(blocks[start + 1 : end]))


def plain(node: SyntaxTreeNode) -> str:
    """Return the text below a node."""
    return "".join(map(plain, node.children)) if node.children else " " if node.type == "softbreak" else node.content


def make_deck(blocks: Sequence[SyntaxTreeNode]) -> Presentation:
    """Return a deck with a title slide and one slide for each further heading."""
    deck = pptx.Presentation()
    for number, source in enumerate(slides_of(blocks)):
        slide = deck.slides.add_slide(deck.slide_layouts[_BODY_LAYOUT if number else _TITLE_LAYOUT])
        slide.shapes.title.text = source.title
        fill(slide, source.blocks)
    for layout in list(deck.slide_layouts)[_BODY_LAYOUT + 1 :]:
        deck.slide_layouts.remove(layout)
    return deck


def fill(slide: Slide, blocks: Sequence[SyntaxTreeNode]) -> None:
    """Put a table at its place, and paragraphs and items into the body of a slide, each as a paragraph."""
    tables = [block for block in blocks if block.type == "table"]
    lines = [block for block in blocks if block.type != "table"]
    for table in tables:
        add_table(slide, [[plain(cell) for cell in row.children] for part in table.children for row in part.children])
    body = slide.placeholders[1]
    body.text = "\n".join(plain(line) for block in lines for line in (block.children if block.children else [block]))
    if tables:
        body.top, body.height = Inches(5.6), Inches(1.2)
        body.left, body.width = Inches(0.5), Inches(9)


def add_table(slide: Slide, rows: Sequence[Sequence[str]]) -> None:
    """Draw a table with its first row as header."""
    place = (Inches(0.5), Inches(_TABLE_TOP), Inches(9), Inches(_ROW_HEIGHT * len(rows)))
    table = slide.shapes.add_table(len(rows), len(rows[0]), *place).table
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(number, column).text = text


def make_workbook(source: Path) -> openpyxl.Workbook:
    """Return a workbook from its source: tables below each other, each under a caption in merged cells."""
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for each in content["sheets"]:
        sheet = book.create_sheet(each["name"])
        sheet.sheet_state = "hidden" if each.get("hidden") else "visible"
        for table in each["tables"]:
            append_table(sheet, table["caption"], table["rows"])
    about = book.properties
    about.title, about.creator, about.keywords = content["title"], content["owner"], ", ".join(content["tags"])
    about.created = about.modified = datetime.combine(content["date"], time(12))
    return book


def append_table(sheet: Worksheet, caption: str, rows: Sequence[Sequence[str | int]]) -> None:
    """Append a caption over merged cells, the rows, and an empty row."""
    top = sheet.max_row + 2 if sheet["A1"].value else 1
    sheet.cell(top, 1, caption).font = Font(bold=True)
    sheet.merge_cells(start_row=top, end_row=top, start_column=1, end_column=max(2, len(rows[0])))
    for number, row in enumerate(rows, top + 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column, value)
            cell.font = Font(bold=number == top + 1)


def workbook_bytes(source: Path) -> bytes:
    """Return the XLSX of a source; openpyxl would date it with the time of the run."""
    written = io.BytesIO()
    book = make_workbook(source)
    noon = datetime.combine(book.properties.created.date(), time(12), UTC)
    book.save(written)
    return redated(written.getvalue(), noon)


def redated(archive: bytes, at: datetime) -> bytes:
    """Return the same archive, last modified at a time that its core properties state."""
    written, stated = io.BytesIO(), at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, _MODIFIED.sub(rb"\g<1>" + stated, content) if name == "docProps/core.xml" else content)
    return written.getvalue()
