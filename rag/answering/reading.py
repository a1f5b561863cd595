"""Hits to the sentences that an answer may quote, each with what it stands under."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import split_sentences
from rag.types import Hit

MAX_SENTENCES = 300  # of one request, in the order of the hits: encoding them is what takes time
_HEADING_WORDS = 12
_MARKED_HEADING = re.compile(r"#{1,6}\s|title:\s", re.IGNORECASE)
# A short line of its own, numbered or not, that ends like a title or like a question of a list of them.
_BARE_HEADING = re.compile(r"\*\*[^*]+\*\*:?|(?:\(?[\dA-Z]{1,3}(?:\.\d+)*[.)]?\s+)?[^.!?;:,|。！？]{2,80}[?？]?")
_RULER = re.compile(r"[\W_]*")
_SAYS_NOTHING = re.compile(r"[\W_]*|[^\n]*[?？]")
_FIGURE = re.compile(r"\d")
_TABLE_FILE = re.compile(r"\.(?:csv|tsv)$", re.IGNORECASE)
_RECORD = re.compile(r'(?=\S)(?:"[^"]*"|[^"\n])+(?<!\s)')
_ROW = re.compile(r"\s*\|")
_ITEM = re.compile(r"\s*[-*+•|]\s")


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A sentence, list item or table row of a hit. Indices are places in the same reading."""

    text: str
    hit: int
    start: int  # offsets into the canonical text of the hit's document
    end: int
    quotable: bool = True  # headings, table headers, rulers and questions are not
    before: int | None = None  # the sentence before it
    under: tuple[int, ...] = ()  # the heading and the table header above it


def read(hits: Sequence[Hit]) -> list[ReadSentence]:
    """Return the sentences of the hits in their order, at most 300 of them."""
    found: list[ReadSentence] = []
    for place, hit in enumerate(hits):
        found.extend(_of_hit(place, hit, len(found)))
    return found[:MAX_SENTENCES]


def _of_hit(place: int, hit: Hit, first: int) -> Iterator[ReadSentence]:
    text = hit.chunk.text
    spans = _records(text) if _TABLE_FILE.search(hit.document.uri) else split_sentences(text, hit.document.language)
    heading = header = None
    for index, (start, end) in enumerate(spans):
        before, following = (_line(text, spans, at) for at in (index - 1, index + 1))
        here = first + index
        is_heading, is_header = _is_heading(text, start, end), _is_header(before, text[start:end], following)
        heading = here if is_heading else heading
        header = here if is_header else header if _cells(text[start:end]) > 1 else None
        above = tuple(each for each in (heading, header) if each is not None and each != here)
        yield ReadSentence(
            text[start:end],
            place,
            hit.chunk.start + start,
            hit.chunk.start + end,
            quotable=not (is_heading or is_header or _SAYS_NOTHING.fullmatch(text[start:end])),
            before=here - 1 if index else None,
            under=() if is_heading else above,
        )


def _records(text: str) -> list[tuple[int, int]]:
    """Return the spans of the rows of comma-separated values; a line break within quotes does not end a row."""
    return [found.span() for found in _RECORD.finditer(text)]


def _is_heading(text: str, start: int, end: int) -> bool:
    """Whether a line is marked as a heading, or is short, alone, and followed by a blank line."""
    line = text[start:end]
    if _MARKED_HEADING.match(line):
        return True
    alone = text[:start].rstrip(" \t")[-1:] in {"", "\n"} and text[end:].lstrip(" \t\r").startswith(("\n\n", "\n\r\n"))
    short = "\n" not in line and len(line.split()) <= _HEADING_WORDS
    return alone and short and not _ITEM.match(line) and bool(_BARE_HEADING.fullmatch(line))


def _is_header(before: str, line: str, following: str) -> bool:
    """Whether a row of names stands above a ruler, or first above a row of as many cells with a figure in it."""
    if _ROW.match(line) and following and _RULER.fullmatch(following):
        return True
    first = _cells(line) > 1 and _cells(before) != _cells(line) == _cells(following)
    return first and not _FIGURE.search(line) and bool(_FIGURE.search(following))


def _cells(line: str) -> int:
    return line.strip().strip("|").count(" | ") + 1


def _line(text: str, spans: Sequence[tuple[int, int]], index: int) -> str:
    return text[slice(*spans[index])] if 0 <= index < len(spans) else ""
