"""Make the PDF and Office files of the example handbook from their sources, the same bytes on every run."""

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import docx
import yaml
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.parser import OxmlElement
from docx.text.paragraph import Paragraph
from make_office import make_deck, workbook_bytes
from make_scan import scan_bytes
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.front_matter import front_matter_plugin
from reportlab import platypus
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, StyleSheet1, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "handbook-sources"
TARGET = HERE / "handbook"
COMPANY = "Harbour & Vale Instruments"
MARGIN = 22 * mm
TEXT_BOX = (MARGIN, MARGIN, A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN)


class Source(NamedTuple):
    """One parsed source: its front matter, dated at noon in UTC, and the blocks of its body."""

    title: str
    date: datetime
    owner: str
    tags: list[str]
    version: str
    blocks: list[SyntaxTreeNode]


def read_source(path: Path) -> Source:
    """Parse a Markdown file with front matter."""
    parser = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    front, *blocks = SyntaxTreeNode(parser.parse(path.read_text(encoding="utf-8"))).children
    fields = yaml.safe_load(front.content)
    noon = datetime.combine(fields["date"], time(12), UTC)
    return Source(fields["title"], noon, fields["owner"], fields["tags"], fields["version"], blocks)


def runs(node: SyntaxTreeNode, *, bold: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the text below a node in order, each piece with whether it is bold."""
    for child in node.children:
        if child.children:
            yield from runs(child, bold=bold or child.type == "strong")
        else:
            yield " " if child.type == "softbreak" else child.content, bold


def table_rows(table: SyntaxTreeNode) -> list[list[SyntaxTreeNode]]:
    """Return the cells of a table by row, the header row first."""
    return [row.children for part in table.children for row in part.children]


def pdf_styles() -> StyleSheet1:
    """Return the paragraph styles of the PDF files, headings included."""
    sheet = getSampleStyleSheet()
    body = sheet["BodyText"]
    body.fontSize, body.leading, body.spaceAfter = 10.5, 15, 5
    for level, size in ((1, 20), (2, 14), (3, 11.5)):
        heading = sheet[f"Heading{level}"]
        heading.fontSize, heading.leading, heading.keepWithNext = size, size * 1.25, 1
        heading.spaceBefore, heading.spaceAfter = size, 5
    sheet.add(ParagraphStyle("Cell", body, fontSize=9, leading=11.5, spaceBefore=0, spaceAfter=0))
    return sheet


def marked_up(node: SyntaxTreeNode) -> str:
    """Return the text below a node in reportlab's paragraph markup."""
    return "".join(f"<b>{escape(text)}</b>" if bold else escape(text) for text, bold in runs(node))


def column_widths(rows: list[list[SyntaxTreeNode]]) -> list[float]:
    """Share the text width by the square root of each column's longest cell, so that short columns stay readable."""
    lengths = [[len("".join(text for text, _ in runs(cell))) for cell in row] for row in rows]
    weights = [max(*column, 5) ** 0.5 for column in zip(*lengths, strict=True)]
    width = TEXT_BOX[2] - 12  # a reportlab frame pads 6 points on each side
    return [width * weight / sum(weights) for weight in weights]


def pdf_table(node: SyntaxTreeNode, sheet: StyleSheet1) -> platypus.Table:
    """Return a ruled table whose header row repeats on each page."""
    header, *rows = table_rows(node)
    cells = [[platypus.Paragraph(f"<b>{marked_up(cell)}</b>", sheet["Cell"]) for cell in header]]
    cells += [[platypus.Paragraph(marked_up(cell), sheet["Cell"]) for cell in row] for row in rows]
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#E6EEF2")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    widths = column_widths([header, *rows])
    return platypus.Table(cells, colWidths=widths, style=style, repeatRows=1, spaceBefore=6, spaceAfter=10)


def pdf_list(node: SyntaxTreeNode, sheet: StyleSheet1) -> platypus.ListFlowable:
    """Return a numbered or bulleted list."""
    items = [platypus.ListItem(platypus.Paragraph(marked_up(item), sheet["BodyText"])) for item in node.children]
    kind, marker = ("1", "%s.") if node.type == "ordered_list" else ("bullet", None)
    return platypus.ListFlowable(items, bulletType=kind, bulletFormat=marker, leftIndent=18, bulletFontSize=10)


def pdf_block(block: SyntaxTreeNode, sheet: StyleSheet1) -> platypus.Flowable:
    """Return the flowable of one block; a thematic break starts a new page."""
    match block.type:
        case "heading" | "paragraph":
            style = f"Heading{block.tag[1]}" if block.type == "heading" else "BodyText"
            return platypus.Paragraph(marked_up(block), sheet[style])
        case "bullet_list" | "ordered_list":
            return pdf_list(block, sheet)
        case "table":
            return pdf_table(block, sheet)
        case "fence":
            return platypus.Preformatted(block.content.rstrip(), sheet["Code"])
        case "hr":
            return platypus.PageBreak()
        case _:
            raise ValueError(f"{block.type} has no form in a PDF")


def draw_footer(canvas: Canvas, document: platypus.BaseDocTemplate) -> None:
    """Write company, version and page number below the text of a page."""
    canvas.setFont("Helvetica", 8)
    canvas.drawString(MARGIN, 12 * mm, f"{COMPANY}, {document.subject}")
    canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"Page {document.page}")


def pdf_bytes(source: Source) -> bytes:
    """Return the PDF of a source, dated with its own date and uncompressed: zlib gives other bytes elsewhere."""
    os.environ["SOURCE_DATE_EPOCH"] = str(int(source.date.timestamp()))  # reportlab's only way to set CreationDate
    written = io.BytesIO()
    about = {"title": source.title, "author": f"{source.owner}, {COMPANY}", "keywords": ", ".join(source.tags)}
    about |= {"subject": f"version {source.version} of {source.date:%Y-%m-%d}", "creator": COMPANY, "lang": "en"}
    page = platypus.PageTemplate(frames=[platypus.Frame(*TEXT_BOX)], onPageEnd=draw_footer, pagesize=A4)
    template = platypus.BaseDocTemplate(written, pageTemplates=[page], invariant=1, pageCompression=0, **about)
    sheet = pdf_styles()
    template.build([pdf_block(block, sheet) for block in source.blocks])
    return written.getvalue()


def add_runs(paragraph: Paragraph, node: SyntaxTreeNode, *, bold: bool = False) -> None:
    """Append the text below a node to a DOCX paragraph."""
    for text, strong in runs(node, bold=bold):
        paragraph.add_run(text).bold = strong or None


def add_table(document: Document, node: SyntaxTreeNode) -> None:
    """Append a ruled table whose first row is marked as its header."""
    rows = table_rows(node)
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for row, contents in zip(table.rows, rows, strict=True):
        for cell, content in zip(row.cells, contents, strict=True):
            add_runs(cell.paragraphs[0], content, bold=contents is rows[0])
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # python-docx has no public way
    document.add_paragraph()


def add_block(document: Document, block: SyntaxTreeNode) -> None:
    """Append one block to a DOCX document."""
    match block.type:
        case "heading":
            add_runs(document.add_heading(level=int(block.tag[1])), block)
        case "paragraph":
            add_runs(document.add_paragraph(), block)
        case "bullet_list" | "ordered_list":
            style = "List Number" if block.type == "ordered_list" else "List Bullet"
            for item in block.children:
                add_runs(document.add_paragraph(style=style), item)
        case "table":
            add_table(document, block)
        case _:
            raise ValueError(f"{block.type} has no form in a DOCX")


def slim_document() -> Document:
    """Return an empty document without the template's unused table styles, nine tenths of its size."""
    document = docx.Document()
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in {"Normal Table", "Table Grid"}:
            style.delete()
    parts = document.part.rels
    del parts[next(key for key, part in parts.items() if part.reltype.endswith("/stylesWithEffects"))]
    return document


def with_fixed_dates(archive: bytes) -> bytes:
    """Return the same zip archive, uncompressed, its members dated 1980-01-01 and marked as made on Unix."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name)
            member.create_system = 3
            new.writestr(member, old.read(name))
    return written.getvalue()


def docx_bytes(source: Source) -> bytes:
    """Return the DOCX of a source, with core properties from its front matter."""
    document = slim_document()
    about = document.core_properties
    about.title, about.author, about.last_modified_by = source.title, f"{source.owner}, {COMPANY}", source.owner
    about.version, about.keywords, about.language, about.comments = source.version, ", ".join(source.tags), "en", ""
    about.created = about.modified = source.date.replace(tzinfo=None)
    for block in source.blocks:
        add_block(document, block)
    written = io.BytesIO()
    document.save(written)
    return with_fixed_dates(written.getvalue())


def pptx_bytes(source: Source) -> bytes:
    """Return the PPTX of a source, a slide for each heading."""
    deck = make_deck(source.blocks)
    about = deck.core_properties
    about.title, about.author, about.last_modified_by = source.title, f"{source.owner}, {COMPANY}", source.owner
    about.version, about.keywords, about.language = source.version, ", ".join(source.tags), "en"
    about.created = about.modified = source.date.replace(tzinfo=None)
    written = io.BytesIO()
    deck.save(written)
    return with_fixed_dates(written.getvalue())


def made_files() -> Mapping[Path, bytes]:
    """Return the bytes of each file to make, by its path: `name.pdf.md` gives `name.pdf`, `name.pdf.txt` a scan."""
    writers = {".pdf": pdf_bytes, ".docx": docx_bytes, ".pptx": pptx_bytes}
    made = {target: writers[target.suffix](read_source(path)) for path, target in targets("*.md")}
    made |= {target: with_fixed_dates(workbook_bytes(path)) for path, target in targets("*.xlsx.yaml")}
    return made | {target: scan_bytes(path.read_text(encoding="utf-8")) for path, target in targets("*.pdf.txt")}


def targets(pattern: str) -> list[tuple[Path, Path]]:
    """Return sources and the files that they give."""
    return [(path, TARGET / path.relative_to(SOURCES).with_suffix("")) for path in sorted(SOURCES.rglob(pattern))]


def main() -> int:
    """Write the files that changed; with --check write none and return 1 if one is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is out of date")
    check = parser.parse_args().check
    stale = {path: data for path, data in made_files().items() if not path.is_file() or path.read_bytes() != data}
    for path, data in stale.items():
        print(f"{'out of date' if check else 'written'}: {path.relative_to(HERE)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
