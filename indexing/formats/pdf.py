"""PDF: the text layer in reading order, with pages, headings and ruled tables."""

import re
from collections.abc import Sequence

import pypdfium2 as pdfium
from pypdfium2 import raw

from indexing.formats.extracted import Extracted, Metadata
from indexing.formats.hiding import HIDDEN_TEXT
from indexing.formats.metadata import read_metadata
from indexing.formats.pdf_layout import compose
from indexing.formats.pdf_lines import PageText, read_page
from indexing.formats.pdf_tables import find_tables
from rag.errors import ParseError

_MAX_PAGES = 20_000
_NO_TITLE = re.compile(r"(?i)untitled|\(anonymous\)|microsoft |powerpoint|document\d*$|.*\.\w{2,4}$|\S+$")


def parse_pdf(data: bytes) -> Extracted:
    """Return the text that the file carries; nothing is read from pictures."""
    document = _open(data)
    try:
        return _parsed(data, document)
    except pdfium.PdfiumError as error:
        raise ParseError("it is a damaged PDF: a page cannot be read") from error
    finally:
        document.close()


def _parsed(data: bytes, document: pdfium.PdfDocument) -> Extracted:
    pages = [read_page(document, number) for number in range(len(document))]
    _refuse_pictures(pages)
    lines = [page.lines for page in pages]
    builder = compose(lines, find_tables(data, document, lines))
    return Extracted("pdf", builder.text, tuple(builder.blocks), _metadata(document), tuple(_warnings(pages)))


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise ParseError("it is encrypted: a password is needed to read it") from error
        raise ParseError("it is a damaged or truncated PDF") from error
    if not 0 < len(document) <= _MAX_PAGES:
        raise ParseError(f"it has {len(document)} pages; 1 to {_MAX_PAGES} can be read")
    if document.get_formtype():
        document.init_forms()
    return document


def _refuse_pictures(pages: Sequence[PageText]) -> None:
    if any(page.lines for page in pages):
        return
    if any(page.pictures for page in pages):
        raise ParseError(
            "it is a scan: pictures of pages with no text layer, and text recognition (OCR) is not installed"
        )
    raise ParseError("it is empty: no page has text")


def _warnings(pages: Sequence[PageText]) -> list[str]:
    unread = [number for number, page in enumerate(pages, 1) if page.pictures and not page.lines]
    warnings = [HIDDEN_TEXT] if any(page.hidden for page in pages) else []
    if unread:
        shown = ", ".join(map(str, unread[:10])) + (" and others" if len(unread) > 10 else "")
        warnings.append(f"pages without a text layer were not read: {shown}")
    return warnings


def _metadata(document: pdfium.PdfDocument) -> Metadata:
    stated = document.get_metadata_dict(skip_empty=True)
    title = " ".join(stated.get("Title", "").split())
    return read_metadata(
        {
            "title": "" if _NO_TITLE.match(title) else title,
            "author": stated.get("Author", "").replace("(anonymous)", "").replace("anonymous", ""),
            "date": stated.get("ModDate") or stated.get("CreationDate", ""),
            "keywords": stated.get("Keywords", ""),
        }
    )
