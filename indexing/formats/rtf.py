"""Rich Text Format: striprtf's text, with marks for what it does not tell: headings, table rows, list items."""

import re
from collections.abc import Iterator, Sequence

from striprtf.striprtf import rtf_to_text

from indexing.formats.extracted import Extracted, Metadata, TextBuilder
from indexing.formats.hiding import HIDDEN_TEXT, tells
from indexing.formats.metadata import read_metadata
from indexing.formats.rtf_marking import CELL, FIRST_LEVEL, HEADER, ITEM, LEVELS, LINE, ROW, ROW_END, marked
from indexing.formats.tables import is_header
from rag.errors import ParseError

_ROWS = re.compile(f"({ROW}[^{ROW}{ROW_END}]*{ROW_END})")
_LEVEL = re.compile(f"[{FIRST_LEVEL}-{chr(ord(FIRST_LEVEL) + LEVELS - 1)}]")
_MARKS = re.compile(f"[{ROW}{ROW_END}{CELL}{HEADER}{ITEM}{LINE}]|{_LEVEL.pattern}")
_STATED = re.compile(r"\{\\(title|author|keywords|category)\b ?([^{}]{0,2000})\}")
_TIME = re.compile(r"\{\\(revtim|creatim)\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_CODE_PAGE = re.compile(r"\\ansicpg\d{1,5}")
_ERRORS = (ValueError, IndexError, KeyError, TypeError, OverflowError, LookupError)


def parse_rtf(data: bytes) -> Extracted:
    """Return headings, paragraphs, list items with their numbers, and table rows; embedded objects are left out."""
    source = data.decode("latin-1")
    prepared = marked(source)
    builder = _built(_stripped(prepared.source))
    warnings = (HIDDEN_TEXT,) if tells(prepared.hidden) else ()
    return Extracted("rtf", builder.text, tuple(builder.blocks), _metadata(source), warnings)


def _stripped(source: str) -> str:
    try:
        text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]  # it has no types
    except _ERRORS as error:
        raise ParseError("it is a damaged RTF document") from error
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # characters come in halves


def _built(text: str) -> TextBuilder:
    builder = TextBuilder()
    rows: list[str] = []
    for part in _ROWS.split(text):
        if part.startswith(ROW):
            rows.append(part)
        elif part.strip():
            _add_rows(rows, builder)
            rows = []
            _add_paragraphs(part, builder)
    _add_rows(rows, builder)
    return builder


def _add_rows(rows: Sequence[str], builder: TextBuilder) -> None:
    cells = [[" ".join(_MARKS.sub(" ", cell).split()) for cell in row.split(CELL)[:-1]] for row in rows]
    texts = [" | ".join(row).rstrip(" |").lstrip() for row in cells]
    named = len(rows) > 1 and (HEADER in rows[0] or (len(cells[0]) > 2 and all(cells[0]) and is_header(cells[0])))
    builder.separate()
    for at, text in enumerate(texts):
        builder.add("table_row", text, header=texts[0] if named and at else "")


def _add_paragraphs(part: str, builder: TextBuilder) -> None:
    for line in part.split("\n"):
        level = _LEVEL.search(line)
        text = _MARKS.sub("", line.replace(CELL, " | ").replace(LINE, "\n")).strip()
        if level:
            builder.add("heading", " ".join(text.split()), level=ord(level[0]) - ord(FIRST_LEVEL) + 1)
        elif ITEM in line:
            builder.add("list_item", _labelled(text))
        else:
            builder.add("paragraph", text)


def _labelled(text: str) -> str:
    """Return a list item with its number, but without its bullet."""
    label, tab, rest = text.partition("\t")
    if not tab:
        return text
    return f"{label} {rest}" if any(map(str.isalnum, label)) else rest


def _metadata(source: str) -> Metadata:
    start = source.find("{\\info")
    info = source[start : start + 20_000] if start >= 0 else ""
    return read_metadata(dict(_stated(info, _CODE_PAGE.search(source, 0, 1000))))


def _stated(info: str, code_page: re.Match[str] | None) -> Iterator[tuple[str, str]]:
    for name, value in _STATED.findall(info):
        yield name, _stripped(f"{{\\rtf1\\ansi{code_page[0] if code_page else ''} {value}}}")
    for name, year, month, day in _TIME.findall(info):
        yield {"revtim": "modified", "creatim": "created"}[name], f"{year}-{int(month):02}-{int(day):02}"
