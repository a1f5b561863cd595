"""Lines of a PDF -> headings, paragraphs, list items and table rows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from indexing.formats.extracted import TextBuilder
from indexing.formats.pdf_lines import Line

_ITEM = re.compile(r"(?:[•‣▪●◦∙·*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s+\S")
_BULLET = re.compile(r"[•‣▪●◦∙·*–—-]\s+\S")
_NUMBERED = re.compile(r"(?:\d{1,2}\.)*\d{1,2}\.?\s+[^\W\d_a-z]")
_PAGE_NUMBER = re.compile(r"(?i)\W*(?:page|seite|página|p\.)?\s*\d{1,4}(?:\s*(?:of|/|von|de)\s*\d{1,4})?\W*$")
_PAGED = re.compile(r"(?i)\b(?:page|seite|página)\b")
_DIGITS = re.compile(r"\d{1,9}")
_DASHED_NUMBER = re.compile(r"[-–—]\s?\d{1,4}\s?[-–—]$")
_OPEN_END = re.compile(r"(?:[,;]|\b(?:an?|the|of|and|or|to|in|on|by|for|with|that|is|are|be|shall|will|may|as))$")
_SENTENCE_END = re.compile(r"""[.!?:;。！？]["'”’)\]]*$""")
_EDGE_LINES = 3  # this many lines at the top and at the bottom of a page may repeat
_REPEATED_SHARE = 0.6
_HEADING_CHARS, _HEADING_WORDS = 120, 14
_LARGER, _LOOSER = 1.12, 1.4  # than the body's letters; than the body's line pitch
_COLUMN_POINTS = 40  # lines that begin this close to each other are of one column
_FULL_SHARE = 0.88  # of the column: a shorter line ends because the writer ended it


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table in the place of the lines that it holds."""

    page: int
    left: float
    bottom: float
    right: float
    top: float
    rows: Sequence[str]
    header: str

    def holds(self, line: Line) -> bool:
        x, y = line.middle
        return line.page == self.page and self.left <= x <= self.right and self.bottom <= y <= self.top


def compose(pages: Sequence[Sequence[Line]], tables: Sequence[Table]) -> TextBuilder:
    """Return the text of a document; each block lies on one page."""
    kept = _without_edges(pages)
    look = _Look.of([line for page in kept for line in page])
    builder = TextBuilder()
    for number, page in enumerate(kept, 1):
        builder.page = number
        _compose_page(builder, look, page, [table for table in tables if table.page == number])
    return builder


def _compose_page(builder: TextBuilder, look: "_Look", lines: Sequence[Line], tables: list[Table]) -> None:
    waiting: list[Line] = []
    for line in lines:
        table = next((each for each in tables if each.holds(line)), None)
        if table is None:
            waiting.append(line)
        elif table.rows:
            _compose_text(builder, look, waiting)
            waiting = []
            _add_rows(builder, table)
            tables[tables.index(table)] = replace(table, rows=())
    _compose_text(builder, look, waiting)


def _add_rows(builder: TextBuilder, table: Table) -> None:
    for number, row in enumerate(table.rows):
        builder.add("table_row", row, header=table.header if number else "")


def _compose_text(builder: TextBuilder, look: "_Look", lines: Sequence[Line]) -> None:
    if not lines:
        return
    rights = _column_rights(lines)
    paragraphs = list(_paragraphs(_rows(lines), rights))
    for paragraph, following in zip(paragraphs, [*paragraphs[1:], None], strict=True):
        text = _joined(paragraph, rights)
        level = look.level(paragraph, text, following)
        if level:
            builder.add("heading", text.replace("\n", " "), level=level)
        else:
            builder.add("list_item" if _ITEM.match(text) else "paragraph", text)


def _without_edges(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages without page numbers, and without headers and footers after their first page."""
    if len(pages) < 2:
        return [list(page) for page in pages]
    edges = [_edge_lines(page) for page in pages]
    dropped = {id(line) for edge in edges for line in edge if _PAGE_NUMBER.match(line.text)}
    dropped |= {id(line) for page in pages for line in page if _DASHED_NUMBER.match(line.text)}
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in (line for edge in edges for line in edge):
        groups[_shape(line)].append(line)
    least = max(3, round(_REPEATED_SHARE * sum(map(bool, pages))))
    for lines in groups.values():
        many = len(lines) >= least
        if (many or (len(lines) > 1 and _PAGED.search(lines[0].text))) and _counts_pages(lines):
            dropped |= {id(line) for line in lines}
        elif many and len({line.text for line in lines}) == 1:
            dropped |= {id(line) for line in lines[1:]}
    return [[line for line in page if id(line) not in dropped] for page in pages]


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    by_height = sorted(page, key=lambda line: line.bottom)
    return [*by_height[:_EDGE_LINES], *by_height[_EDGE_LINES:][-_EDGE_LINES:]]


def _shape(line: Line) -> str:
    """Return the line with its numbers made alike, and about how high it stands."""
    return f"{_DIGITS.sub('#', line.text)}@{round(line.bottom / 20)}"


def _counts_pages(lines: Sequence[Line]) -> bool:
    """Tell whether one number in the lines grows with the page, as in "ACME | 12"."""
    numbers = [[int(found) for found in _DIGITS.findall(line.text)] for line in lines]
    columns = zip(*numbers, strict=True)
    return any(len({each - line.page for each, line in zip(column, lines, strict=True)}) == 1 for column in columns)


def _rows(lines: Sequence[Line]) -> list[Line]:
    """Join what stands side by side on one row and follows in reading order."""
    rows: list[Line] = []
    for line in lines:
        before = rows[-1] if rows else None
        if before and abs(before.bottom - line.bottom) < 0.4 * line.size and 0 <= line.left - before.right < 250:
            text = f"{before.text} {line.text}"
            rows[-1] = replace(
                before, text=text, right=line.right, top=max(before.top, line.top), bold=before.bold and line.bold
            )
        else:
            rows.append(line)
    return rows


def _column_rights(lines: Sequence[Line]) -> Mapping[int, float]:
    rights: dict[int, float] = defaultdict(float)
    for line in lines:
        for column in range(int(line.left // _COLUMN_POINTS) - 1, int(line.left // _COLUMN_POINTS) + 2):
            rights[column] = max(rights[column], line.right)
    return rights


def _is_full(line: Line, rights: Mapping[int, float]) -> bool:
    width = rights[int(line.left // _COLUMN_POINTS)] - line.left
    return line.right - line.left >= _FULL_SHARE * width


def _paragraphs(lines: Sequence[Line], rights: Mapping[int, float]) -> Iterator[list[Line]]:
    pitches = [a.bottom - b.bottom for a, b in pairwise(lines) if 0 < a.bottom - b.bottom < 3 * a.size]
    pitch = median(pitches) if pitches else 0.0
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins(paragraph[-1], line, pitch, rights):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _begins(before: Line, line: Line, pitch: float, rights: Mapping[int, float]) -> bool:
    """Tell whether a line begins a paragraph."""
    step = before.bottom - line.bottom
    if step < -0.5 * line.size:  # the next column: a sentence may go on there
        return not (_is_full(before, rights) and line.text[0].islower())
    if _looks_different(before, line, rights):
        return True
    if step > max(_LOOSER * pitch, 1.25 * line.size):
        return True
    if _ITEM.match(line.text) and (_BULLET.match(line.text) or not _is_full(before, rights)):
        return True
    if _is_full(before, rights):
        return line.left > before.left + 0.8 * line.size and not line.text[0].islower() and not _ITEM.match(before.text)
    return bool(_SENTENCE_END.search(before.text)) and not line.text[0].islower()


def _looks_different(before: Line, line: Line, rights: Mapping[int, float]) -> bool:
    other_size = abs(line.size - before.size) > 0.12 * before.size
    return other_size or (line.bold != before.bold and not _is_full(before, rights))


def _joined(paragraph: Sequence[Line], rights: Mapping[int, float]) -> str:
    """Return one text: a full line goes on after a blank, a shorter one was ended on purpose."""
    text = paragraph[0].text
    for before, line in pairwise(paragraph):
        if text.endswith("-") and line.text[0].islower():
            text += line.text
        else:
            text += (" " if _is_full(before, rights) or line.text[0].islower() else "\n") + line.text
    return text


@dataclass(frozen=True, slots=True)
class _Look:
    """How the body and the headings of a document look."""

    body: float
    larger: tuple[float, ...]  # sizes of headings, the largest first
    is_bold: bool

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Look":
        sizes: Counter[float] = Counter()
        bold = 0
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text)
            bold += len(line.text) * line.bold
        body = sizes.most_common(1)[0][0] if sizes else 0.0
        larger = sorted((size for size in sizes if size > _LARGER * body), reverse=True)
        return cls(body, tuple(larger), 2 * bold > sizes.total())

    def level(self, paragraph: Sequence[Line], text: str, following: Sequence[Line] | None) -> int:
        """Return the level of a heading, 1 for the largest; 0 where the paragraph is none."""
        if len(paragraph) > 3 or len(text) > _HEADING_CHARS or not any(map(str.isalpha, text)):
            return 0
        if _rounded(paragraph[0].size) in self.larger:
            return min(6, 1 + self.larger.index(_rounded(paragraph[0].size)))
        if following is None or len(paragraph) > 1 or following[0].text[0].islower():
            return 0
        stands_out = paragraph[0].bold and not self.is_bold and not following[0].bold and text[-1] not in ".,;"
        is_heading = stands_out and len(text.split()) <= _HEADING_WORDS
        return min(6, 2 + len(self.larger)) if is_heading or _is_titled(text, following) else 0


def _is_titled(text: str, following: Sequence[Line]) -> bool:
    """Tell whether a line reads like a heading, by its number or its capitals, and has text below it."""
    words = len(text.split())
    numbered = _NUMBERED.match(text) and words <= (6 if text[-1] in ".:" else 9) and not _OPEN_END.search(text)
    below = following[0].text
    inner = bool(numbered) and below.startswith(text.split(maxsplit=1)[0].rstrip(".") + ".")
    apart = inner or (len(following) > 1 and not _ITEM.match(below))
    return apart and (bool(numbered) or (text.isupper() and len(text) > 3 and words <= _HEADING_WORDS))


def _rounded(size: float) -> float:
    return round(size * 2) / 2
