"""Spans against the chunks of their document: which are whole in one chunk, and which are split."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from evals.spans import Interval


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a chunking treats one span."""

    chunks: int  # that hold some of it
    share: float  # of the span in the chunk that holds most of it, in [0, 1]

    @property
    def whole(self) -> bool:
        """Whether one chunk holds all of it."""
        return self.share == 1

    @property
    def split(self) -> bool:
        """Whether chunks hold it, and none of them all of it."""
        return self.chunks > 0 and not self.whole


def coverage(text: str, span: Interval, chunks: Sequence[Interval]) -> Coverage:
    """Return how chunks hold a span of their document's text; blanks at its ends do not count: no chunk holds them.

    chunks: in reading order; they may overlap.
    Raises ValueError for a span without any text.
    """
    start, end = _trimmed(text, span)
    first = bisect_right(chunks, start, key=lambda each: each[1])
    near = chunks[first : bisect_left(chunks, end, key=lambda each: each[0])]
    held = [min(end, chunk_end) - max(start, chunk_start) for chunk_start, chunk_end in near]
    return Coverage(len(held), max(held, default=0) / (end - start))


def _trimmed(text: str, span: Interval) -> Interval:
    inside = text[span[0] : span[1]]
    if not inside.strip():
        raise ValueError(f"a span needs text, and {span} has none")
    return span[0] + len(inside) - len(inside.lstrip()), span[0] + len(inside.rstrip())
