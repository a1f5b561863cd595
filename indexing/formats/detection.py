"""Which parser reads a file: by its name's ending, checked against its content."""

import io
import zipfile
from pathlib import PurePath

import puremagic

from indexing.formats.decoding import is_utf8, looks_binary
from indexing.formats.endings import ADVICE, ENDINGS, KNOWN, NAMES, Format
from rag.errors import ParseError

_PDF, _ZIP, _OLE = b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_HEAD_BYTES = 1024  # a PDF may begin with other bytes
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream of a document with a password
_WORKBOOK_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))
_OUTLOOK_STREAM = "__properties_version1.0".encode("utf-16-le")
_RTF = b"{\\rtf"
_OFFICE = {
    "word/document.xml": "a Word document",
    "xl/workbook.xml": "an Excel workbook",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "META-INF/container.xml": "an EPUB book",
    "content.xml": "an OpenDocument file",
}
_MEMBERS: dict[Format, str] = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "epub": "META-INF/container.xml",
    **dict.fromkeys(("odt", "ods", "odp"), "content.xml"),
}


def detect(name: str, data: bytes) -> Format:
    """Return the format of a file. Raises ParseError with the reason when there is no parser for it."""
    path = PurePath(name)
    ending = path.suffix.lower()
    expected = _expected(path, ending, data)
    if expected is None:
        advice = f"; {ADVICE[ending]}" if ending in ADVICE else f" ({KNOWN})"
        raise ParseError(f"{ending or path.name} is not a format that can be indexed{advice}")
    if not data:
        raise ParseError("it is empty")
    if reason := _mismatch(expected, data):
        raise ParseError(f"it is named {ending or path.name} but {reason}")
    return expected


def _expected(path: PurePath, ending: str, data: bytes) -> Format | None:
    """Return the format by the name; a name without an ending is text only where all of it is sound UTF-8."""
    if ending:
        return ENDINGS.get(ending)
    if path.name.startswith("."):
        return None
    return NAMES.get(path.name.lower()) or ("text" if is_utf8(data) else None)


def _mismatch(expected: Format, data: bytes) -> str:
    """Return what the content is instead of what the name says; empty where they agree."""
    match expected:
        case "pdf":
            return "" if _PDF in data[:_PDF_HEAD_BYTES] else f"is {_described(data)}"
        case "docx" | "xlsx" | "pptx" | "epub" | "odt" | "ods" | "odp":
            return _no_package(expected, data)
        case "xls":
            return _no_old_workbook(data)
        case "outlook":
            return _no_outlook_mail(data)
        case "rtf":
            return "" if data.lstrip().startswith(_RTF) else f"is {_described(data)}"
        case "text" | "markdown" | "html" | "csv" | "rst" | "json" | "ndjson" | "yaml" | "xml" | "code" | "email":
            return f"is {_described(data)}" if _is_foreign(data) else ""


def _no_package(expected: Format, data: bytes) -> str:
    """Say what is wrong with an archive of parts, by its most needed part."""
    if data.startswith(_OLE):
        return _locked(data) or f"is in the old Office format; save it as .{expected}"
    found = data.startswith(_ZIP) and _MEMBERS[expected] in _members(data)
    return "" if found else f"is {_described(data)}"


def _no_old_workbook(data: bytes) -> str:
    if not data.startswith(_OLE):
        new = data.startswith(_ZIP) and _MEMBERS["xlsx"] in _members(data)
        return "is a workbook in the new format; name it .xlsx" if new else f"is {_described(data)}"
    found = any(name in data for name in _WORKBOOK_STREAMS)
    return _locked(data) or ("" if found else "is no Excel workbook")


def _no_outlook_mail(data: bytes) -> str:
    if not data.startswith(_OLE):
        return f"is {_described(data)}"
    return "" if _OUTLOOK_STREAM in data else "is no Outlook message"


def _locked(data: bytes) -> str:
    return "is encrypted with a password; save it without one" if _ENCRYPTED in data else ""


def _is_foreign(data: bytes) -> bool:
    return data.startswith((_PDF, _ZIP, _OLE, _RTF)) or looks_binary(data)


def _described(data: bytes) -> str:
    if data.startswith(_ZIP):
        return next((_OFFICE[each] for each in _OFFICE if each in _members(data)), "a ZIP archive")
    if data.startswith(_PDF):
        return "a PDF document"
    if data.startswith(_RTF):
        return "text in RTF"
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
