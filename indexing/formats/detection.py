"""Which parser reads a file: by its name's ending, checked against its content."""

import io
import zipfile
from pathlib import PurePath
from typing import Literal, TypeAlias

import puremagic

from indexing.formats.decoding import looks_binary
from rag.errors import ParseError

Format: TypeAlias = Literal["text", "markdown", "html", "pdf", "docx", "csv"]

_ENDINGS: dict[str, Format] = {
    **dict.fromkeys((".txt", ".text", ".log", ""), "text"),
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    ".pdf": "pdf",
    ".docx": "docx",
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
}
_KNOWN = "Markdown, text, HTML, PDF, DOCX, CSV and TSV can"
_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_HEAD_BYTES = 1024  # a PDF may begin with other bytes
_OFFICE = {
    "word/document.xml": "a Word document",
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "META-INF/container.xml": "an EPUB book",
}


def detect(name: str, data: bytes) -> Format:
    """Return the format of a file. Raises ParseError with the reason when there is no parser for it."""
    path = PurePath(name)
    ending = path.suffix.lower()
    if ending not in _ENDINGS or (not ending and path.name.startswith(".")):
        raise ParseError(f"{ending or path.name} is not a format that can be indexed ({_KNOWN})")
    if not data:
        raise ParseError("it is empty")
    expected = _ENDINGS[ending]
    reason = _mismatch(expected, data)
    if reason:
        raise ParseError(f"it is named {ending or path.name} but {reason}")
    return expected


def _mismatch(expected: Format, data: bytes) -> str:
    """Return what the content is instead of what the name says; empty where they agree."""
    match expected:
        case "pdf":
            return "" if _PDF in data[:_PDF_HEAD_BYTES] else f"is {_described(data)}"
        case "docx":
            return _no_docx(data)
        case "text" | "markdown" | "html" | "csv":
            return f"is {_described(data)}" if _is_foreign(data) else ""


def _no_docx(data: bytes) -> str:
    if data.startswith(_OLE):
        return "is encrypted or in the old Word format; save it as .docx without a password"
    is_word = data.startswith(_ZIP) and "word/document.xml" in _members(data)
    return "" if is_word else f"is {_described(data)}"


def _is_foreign(data: bytes) -> bool:
    return data.startswith((_PDF, _ZIP, _OLE)) or looks_binary(data)


def _described(data: bytes) -> str:
    if data.startswith(_ZIP):
        return next((_OFFICE[each] for each in _OFFICE if each in _members(data)), "a ZIP archive")
    if data.startswith(_PDF):
        return "a PDF document"
    if not looks_binary(data):
        return "text"
    try:
        return f"of the type {puremagic.from_string(data[:100_000]).lstrip('.')}"
    except puremagic.PureError:
        return "binary data of no known type"


def _members(data: bytes) -> frozenset[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise ParseError("it is a damaged or truncated ZIP archive") from None
