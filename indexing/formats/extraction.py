"""Bytes -> Extracted, by the parser of their format, with title and language filled in."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from indexing.formats.decoding import decode
from indexing.formats.detection import detect
from indexing.formats.endings import Format, MailFormat, MarkupFormat, OfficeFormat, PlainFormat
from indexing.formats.extracted import MAX_DEPTH, SEPARATOR, Extracted
from indexing.formats.language import detect_language
from rag.errors import ParseError

if TYPE_CHECKING:  # it brings lxml with it
    from indexing.formats.letter import Letter

_WORKBOOKS = ("xlsx", "xls", "ods")  # the name of the first sheet is not the title
_OWN_TEXT = ("text", "markdown", "rst", "csv", "json", "ndjson", "yaml", "code")  # the file's own text is theirs
_TITLE_CHARS = 500
_TOO_DEEP = f"mails that lie more than {MAX_DEPTH} deep in each other are not opened"
_FIRST_BLOCKS = 5  # a heading further down is not the title


def extract(name: str, data: bytes, max_chars: int, member: str = "") -> Extracted:
    """Return what a file holds, or what one of its attachments does.

    member: the names of the attachment and of the mails that it lies in, below the file.
    Raises ParseError with the reason when it cannot be indexed.
    """
    names = member.split(SEPARATOR) if member else []
    if len(names) > MAX_DEPTH:
        raise ParseError(_TOO_DEEP)
    mail: Letter | None = None
    if not names:
        _opened.cache_clear()
    for each in names:
        mail = _opened(name, data)
        name, data = each, mail.attachment(each)
    found = _extracted(name, data, max_chars)
    if found.attachments and len(names) == MAX_DEPTH:
        found = replace(found, attachments=(), warnings=(*found.warnings, _TOO_DEEP))
    return _with_mail(found, mail) if mail else found


def _extracted(name: str, data: bytes, max_chars: int) -> Extracted:
    kind = detect(name, data)
    if kind in _OWN_TEXT and len(data) > max_chars:
        _refuse_long(len(decode(data).text), max_chars)  # before all the work
    extracted = _parser(kind, name)(data)
    _refuse_long(len(extracted.text), max_chars)
    metadata = extracted.metadata
    filled = replace(
        metadata,
        title=metadata.title or ("" if extracted.format in _WORKBOOKS else _first_heading(extracted)) or _spoken(name),
        language=metadata.language or detect_language(extracted.text),
        type=metadata.type or extracted.format,
    )
    return replace(extracted, metadata=filled)


def _refuse_long(chars: int, max_chars: int) -> None:
    if chars > max_chars:
        raise ParseError(f"its text has {chars} characters, more than the {max_chars} allowed")


@lru_cache(maxsize=MAX_DEPTH)  # the attachments of a mail are asked for one after the other
def _opened(name: str, data: bytes) -> "Letter":
    """Return the mail that a file is. Raises ParseError where it is none."""
    match detect(name, data):
        case "email":
            from indexing.formats.mail import read_eml as read  # noqa: PLC0415
        case "outlook":
            from indexing.formats.outlook import read_msg as read  # noqa: PLC0415
        case _:
            raise ParseError("what it lies in is no e-mail any more")
    return read(data)


def _with_mail(found: Extracted, mail: "Letter") -> Extracted:
    """Let an attachment name its mail, and take the mail's date and sender where it states none."""
    stated = found.metadata
    title = f"{stated.title} (attached to: {mail.subject})" if mail.subject else stated.title
    named = replace(
        stated, title=title[:_TITLE_CHARS], date=stated.date or mail.date, owner=stated.owner or mail.sender
    )
    return replace(found, metadata=named)


def _parser(kind: Format, name: str) -> Callable[[bytes], Extracted]:
    """Return the parser, imported now: a run over text files starts ten times faster without the other libraries."""
    match kind:
        case "pdf":
            from indexing.formats.pdf import parse_pdf  # noqa: PLC0415

            return parse_pdf
        case "code":
            from indexing.formats.code import parse_code  # noqa: PLC0415

            return lambda data: parse_code(data, name)
        case "text" | "csv" | "json" | "ndjson" | "yaml":
            return _plain_parser(kind)
        case "markdown" | "html" | "rst" | "xml":
            return _markup_parser(kind)
        case "docx" | "pptx" | "xlsx" | "xls" | "odt" | "ods" | "odp" | "rtf" | "epub":
            return _office_parser(kind)
        case "email" | "outlook":
            return _mail_parser(kind)


def _plain_parser(kind: PlainFormat) -> Callable[[bytes], Extracted]:
    match kind:
        case "text":
            from indexing.formats.text import parse_text as parse  # noqa: PLC0415
        case "csv":
            from indexing.formats.tables import parse_csv as parse  # noqa: PLC0415
        case "json":
            from indexing.formats.json_values import parse_json as parse  # noqa: PLC0415
        case "ndjson":
            from indexing.formats.json_values import parse_ndjson as parse  # noqa: PLC0415
        case "yaml":
            from indexing.formats.yaml_values import parse_yaml as parse  # noqa: PLC0415
    return parse


def _markup_parser(kind: MarkupFormat) -> Callable[[bytes], Extracted]:
    match kind:
        case "markdown":
            from indexing.formats.markdown import parse_markdown as parse  # noqa: PLC0415
        case "html":
            from indexing.formats.html import parse_html as parse  # noqa: PLC0415
        case "rst":
            from indexing.formats.rst import parse_rst as parse  # noqa: PLC0415
        case "xml":
            from indexing.formats.xml_elements import parse_xml as parse  # noqa: PLC0415
    return parse


def _mail_parser(kind: MailFormat) -> Callable[[bytes], Extracted]:
    match kind:
        case "email":
            from indexing.formats.mail import parse_eml as parse  # noqa: PLC0415
        case "outlook":
            from indexing.formats.outlook import parse_msg as parse  # noqa: PLC0415
    return parse


def _office_parser(kind: OfficeFormat) -> Callable[[bytes], Extracted]:
    match kind:
        case "docx":
            from indexing.formats.office import parse_docx as parse  # noqa: PLC0415
        case "pptx":
            from indexing.formats.slides import parse_pptx as parse  # noqa: PLC0415
        case "xlsx":
            from indexing.formats.spreadsheets import parse_xlsx as parse  # noqa: PLC0415
        case "xls":
            from indexing.formats.spreadsheets import parse_xls as parse  # noqa: PLC0415
        case "odt":
            from indexing.formats.opendocument import parse_odt as parse  # noqa: PLC0415
        case "ods":
            from indexing.formats.opendocument import parse_ods as parse  # noqa: PLC0415
        case "odp":
            from indexing.formats.opendocument import parse_odp as parse  # noqa: PLC0415
        case "rtf":
            from indexing.formats.rtf import parse_rtf as parse  # noqa: PLC0415
        case "epub":
            from indexing.formats.epub import parse_epub as parse  # noqa: PLC0415
    return parse


def _first_heading(extracted: Extracted) -> str:
    headings = (block for block in extracted.blocks[:_FIRST_BLOCKS] if block.kind == "heading")
    return next((block.heading_path[-1] for block in headings if block.heading_path[-1]), "")


def _spoken(name: str) -> str:
    """Return a file name as a title: "1973_oil_crisis.txt" is "1973 oil crisis"."""
    stem = PurePath(name).stem
    return " ".join(stem.replace("_", " ").split()) if " " in stem or "_" in stem else stem.replace("-", " ").strip()
