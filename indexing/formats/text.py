"""Plain text: the file's own text, paragraphs by blank lines."""

import re
from collections.abc import Iterator

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted, Metadata, Outline, covering
from indexing.formats.metadata import is_known_key, read_metadata
from rag.types import Block

_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n(?![^\S\n]*(?:\n|\Z))[^\n]*)*")
_ITEM = re.compile(r"(?m)^[^\S\n]*(?:[-*+•‣▪●]|\(?\d{1,3}[.)])[^\S\n]+(?=\S)")
_UNDERLINED = re.compile(r"(.{1,120}?)\s*\n(=|-|~)\2{2,}\s*$")
_NUMBERED = re.compile(r"((?:\d{1,2}\.)+\d{0,2}|\d{1,2}(?:\.\d{1,2})+)\s+[^\W\d_a-z][^.!?]*$")
_CHAPTER = re.compile(r"(?i)(?:(book|part)|(chapter|article|section|appendix|annex))\s+[\dIVXLC]+\b.{0,80}$")
_HEADING_CHARS = 90
_KEY_LINE = re.compile(r"([^\W\d_][\w -]{1,24}):[^\S\n]+(\S.*)")
_TOP_LINES = 12


def parse_text(data: bytes) -> Extracted:
    """Return paragraphs, list items and headings as they stand; `Title: ...` lines at the top are metadata too."""
    decoded = decode(data)
    blocks = covering(decoded.text, _blocks(decoded.text.replace("\r\n", " \n").replace("\r", "\n")))
    return Extracted("text", decoded.text, blocks, stated_above(decoded.text), decoded.warnings)


def plain_blocks(text: str) -> Iterator[Block]:
    """Yield paragraphs and list items, and take no line for a heading."""
    for match in _PARAGRAPH.finditer(text):
        yield from _items(match[0].rstrip(), match.start(), ())


def _blocks(text: str) -> Iterator[Block]:
    outline = Outline()
    for match in _PARAGRAPH.finditer(text):
        paragraph = match[0].rstrip()
        if heading := _heading(paragraph):
            path = outline.enter(*heading)
            yield Block("heading", match.start(), match.start() + len(paragraph), heading_path=path)
        else:
            yield from _items(paragraph, match.start(), outline.path)


def _heading(paragraph: str) -> tuple[int, str] | None:
    """Return level and title of a paragraph that is nothing but a heading."""
    if underlined := _UNDERLINED.match(paragraph):
        return ("=-~".index(underlined[2]) + 1, underlined[1])
    if "\n" in paragraph or len(paragraph) > _HEADING_CHARS:
        return None
    if chapter := _CHAPTER.match(paragraph):
        return (1 if chapter[1] else 2, paragraph)
    if numbered := _NUMBERED.match(paragraph):
        return (2 + numbered[1].strip(".").count("."), paragraph)
    if paragraph.isupper() and sum(map(str.isalpha, paragraph)) > 3 and paragraph[-1] not in ".,;!?":
        return (3, paragraph)
    return None


def _items(paragraph: str, at: int, path: tuple[str, ...]) -> Iterator[Block]:
    """Yield the paragraph, or its list items and what stands before them."""
    starts = [match.start() for match in _ITEM.finditer(paragraph)]
    if not starts:
        yield Block("paragraph", at, at + len(paragraph), heading_path=path)
        return
    if lead := paragraph[: starts[0]].rstrip():
        yield Block("paragraph", at, at + len(lead), heading_path=path)
    for start, end in zip(starts, [*starts[1:], len(paragraph)], strict=True):
        item = paragraph[start:end]
        start += len(item) - len(item.lstrip())  # noqa: PLW2901  # the blanks before it are no part of an item
        yield Block("list_item", at + start, at + start + len(item.strip()), heading_path=path)


def stated_above(text: str) -> Metadata:
    """Return what `Title: ...` lines at the top of a text say of it."""
    lines = text.lstrip()[:4000].splitlines()[:_TOP_LINES]
    found = (match.groups() for line in lines if (match := _KEY_LINE.match(line)))
    return read_metadata({key: value for key, value in found if is_known_key(key)})
