"""A text cut up for drawing: rows that two columns share, parts of a length that a page shows, pieces of one look."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evals.spans import Interval
from rag.types import Block

PART_CHARS = 12_000  # of the text, drawn at once
_ROW_CHARS = 2_000  # of a row at most: beside one that is taller, both columns would drift apart


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that lies in the same chunks and spans throughout; numbers are places in the lists that were given."""

    start: int
    end: int
    chunks: tuple[int, ...] = ()
    spans: tuple[int, ...] = ()


def rows(text: str, blocks: Sequence[Block]) -> list[Interval]:
    """Return stretches that cover the text once, in order: each begins with a line that begins a block."""
    begins = {0, *(text.rfind("\n", 0, block.start) + 1 for block in blocks)} - {len(text)}
    edges = [*sorted(begins), len(text)]
    return [row for start, end in itertools.pairwise(edges) for row in _short(text, start, end)]


def parts(all_rows: Sequence[Interval]) -> list[list[Interval]]:
    """Return the rows in runs of about PART_CHARS characters."""
    found: list[list[Interval]] = []
    for row in all_rows:
        if not found or row[1] - found[-1][0][0] > PART_CHARS:
            found.append([])
        found[-1].append(row)
    return found


def part_at(all_parts: Sequence[Sequence[Interval]], at: int) -> int:
    """Return the number of the part, from 0, that holds a character."""
    return max(bisect_right([part[0][0] for part in all_parts], at) - 1, 0)


def pieces(row: Interval, chunks: Sequence[Interval], spans: Sequence[Interval]) -> list[Piece]:
    """Return the pieces that cover a row once, in order.

    chunks, spans: in the order of their starts.
    """
    near_chunks, near_spans = touching(row, chunks), touching(row, spans)
    near = [*(chunks[at] for at in near_chunks), *(spans[at] for at in near_spans)]
    edges = sorted({*row, *(edge for each in near for edge in each if row[0] < edge < row[1])})
    return [
        Piece(start, end, _holding(start, near_chunks, chunks), _holding(start, near_spans, spans))
        for start, end in itertools.pairwise(edges)
    ]


def _short(text: str, start: int, end: int) -> Iterator[Interval]:
    """Yield a stretch in rows that are not too long, cut after a line or a blank where there is one."""
    while end - start > _ROW_CHARS:
        limit = start + _ROW_CHARS
        cut = max(text.rfind("\n", start, limit), text.rfind(" ", start, limit)) + 1
        yield start, cut if cut > start else limit
        start = cut if cut > start else limit
    if start < end:
        yield start, end


def touching(row: Interval, intervals: Sequence[Interval]) -> list[int]:
    """Return the places of the intervals that share a character with a row."""
    last = bisect_left(intervals, row[1], key=lambda each: each[0])
    return [at for at in range(last) if intervals[at][1] > row[0]]


def _holding(at: int, places: Iterable[int], intervals: Sequence[Interval]) -> tuple[int, ...]:
    return tuple(place for place in places if intervals[place][0] <= at < intervals[place][1])
