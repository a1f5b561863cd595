"""Page numbers, and headers and footers that repeat from page to page, taken away."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from indexing.formats.pdf_lines import Line

_PAGE_NUMBER = re.compile(r"(?i)\W*(?:page|seite|página|p\.)?\s*\d{1,4}(?:\s*(?:of|/|von|de)\s*\d{1,4})?\W*$")
_PAGED = re.compile(r"(?i)\b(?:page|seite|página)\b")
_DIGITS = re.compile(r"\d{1,9}")
_DASHED_NUMBER = re.compile(r"[-–—]\s?\d{1,4}\s?[-–—]$")
_EDGE_LINES = 3  # this many lines at the top and at the bottom of a page may repeat
_REPEATED_SHARE = 0.6


def without_edges(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages without page numbers, and without headers and footers after their first page."""
    if len(pages) < 2:
        return [list(page) for page in pages]
    edges = [_edge_lines(page) for page in pages]
    dropped = {id(line) for edge in edges for line in edge if _PAGE_NUMBER.match(line.text)}
    dropped |= {id(line) for page in pages for line in page if _DASHED_NUMBER.match(line.text)}
    beside = {id(line) for edge in edges for line in edge if _is_beside_any(line, edge, dropped)}
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in (line for edge in edges for line in edge):
        groups[_shape(line)].append(line)
    least = max(3, round(_REPEATED_SHARE * sum(map(bool, pages))))
    for lines in groups.values():
        many = len(lines) >= least
        if (many or (len(lines) > 1 and _PAGED.search(lines[0].text))) and _counts_pages(lines):
            dropped |= {id(line) for line in lines}
        elif many and len({line.text for line in lines}) == 1:
            numbered = any(id(line) in beside for line in lines)
            dropped |= {id(line) for line in (lines if numbered else lines[1:])}
    return [[line for line in page if id(line) not in dropped] for page in pages]


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    by_height = sorted(page, key=lambda line: line.bottom)
    return [*by_height[:_EDGE_LINES], *by_height[_EDGE_LINES:][-_EDGE_LINES:]]


def _is_beside_any(line: Line, others: Sequence[Line], chosen: Collection[int]) -> bool:
    """Tell whether a line stands on one row with one of those chosen."""
    return any(abs(line.bottom - other.bottom) < 2 for other in others if id(other) in chosen and other is not line)


def _shape(line: Line) -> str:
    """Return the line with its numbers made alike, and about how high it stands."""
    return f"{_DIGITS.sub('#', line.text)}@{round(line.bottom / 20)}"


def _counts_pages(lines: Sequence[Line]) -> bool:
    """Tell whether one number in the lines grows with the page, as in "ACME | 12"."""
    numbers = [[int(found) for found in _DIGITS.findall(line.text)] for line in lines]
    columns = zip(*numbers, strict=True)
    return any(len({each - line.page for each, line in zip(column, lines, strict=True)}) == 1 for column in columns)
