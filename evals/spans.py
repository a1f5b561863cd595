"""Stretches of text as intervals, and the truth that a question's references make with their copies."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Generic, TypeAlias, TypeVar

from evals.outcome import Place

Interval: TypeAlias = tuple[int, int]  # start, end; the end is not part of it
T = TypeVar("T")
_START, _END = itemgetter(0), itemgetter(1)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same characters as sorted intervals that neither overlap nor touch; empty ones are dropped."""
    merged: list[Interval] = []
    for start, end in sorted(each for each in intervals if each[0] < each[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def length(intervals: Iterable[Interval]) -> int:
    """Return the sum of the lengths; a character in two intervals counts twice."""
    return sum(end - start for start, end in intervals)


def intersection_length(left: Sequence[Interval], right: Sequence[Interval]) -> int:
    """Return how many characters are in both; each side sorted and disjoint."""
    return length(left) - length(difference(left, right))


def difference(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Return what is in `left` and not in `right`; each side sorted and disjoint."""
    rest: list[Interval] = []
    position = 0
    for start, end in left:
        at = start
        while position < len(right) and right[position][1] <= start:
            position += 1
        for cut_start, cut_end in right[position : bisect_left(right, end, key=_START)]:
            rest.append((at, max(at, cut_start)))
            at = cut_end
        rest.append((at, end))
    return [each for each in rest if each[0] < each[1]]


def add(intervals: list[Interval], start: int, end: int) -> int:
    """Add a stretch to sorted disjoint intervals, in place; return how many of its characters are new."""
    first = bisect_left(intervals, start, key=_END)
    last = bisect_right(intervals, end, key=_START)
    known = intervals[first:last]
    if known:
        start, end = min(start, known[0][0]), max(end, known[-1][1])
    intervals[first:last] = [(start, end)]
    return end - start - length(known)


def overlap(left: Place, right: Place) -> int:
    """Return how many characters two places share, 0 or more."""
    if left.doc != right.doc:
        return 0
    return max(0, min(left.end, right.end) - max(left.start, right.start))


def covers(left: Place, right: Place) -> bool:
    """Whether two places share at least half of the shorter of both, and at least one character."""
    shared = overlap(left, right)
    return shared > 0 and 2 * shared >= min(left.end - left.start, right.end - right.start)


class PlaceIndex(Generic[T]):
    """Places with what stands there, found by a place in time that hardly grows with their number."""

    def __init__(self, items: Iterable[tuple[Place, T]]) -> None:
        self._items: dict[str, list[tuple[Place, T]]] = {}
        for place, item in items:
            self._items.setdefault(place.doc, []).append((place, item))
        for each in self._items.values():
            each.sort(key=lambda entry: (entry[0].start, entry[0].end))
        self._starts = {doc: [place.start for place, _ in each] for doc, each in self._items.items()}
        self._longest = {doc: max(place.end - place.start for place, _ in each) for doc, each in self._items.items()}

    def __contains__(self, doc: str) -> bool:
        """Whether the document has a place here."""
        return doc in self._items

    def near(self, place: Place) -> Iterator[tuple[Place, T]]:
        """Yield what overlaps `place` or touches it, in the order of the text."""
        if place.doc not in self._items:
            return
        starts = self._starts[place.doc]
        first = bisect_left(starts, place.start - self._longest[place.doc])
        for entry in self._items[place.doc][first : bisect_right(starts, place.end)]:
            if entry[0].end >= place.start:
                yield entry

    def overlapping(self, place: Place) -> Iterator[tuple[Place, T]]:
        """Yield what shares at least one character with `place`, in the order of the text."""
        return (entry for entry in self.near(place) if overlap(entry[0], place))


ChunkPlaces: TypeAlias = PlaceIndex[str]  # where the chunks of a corpus are: their ids by place


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """A reference, and the other places where its text stands."""

    place: Place
    copies: tuple[Place, ...] = ()

    @property
    def places(self) -> tuple[Place, ...]:
        """The reference first, then its copies."""
        return (self.place, *self.copies)

    def original(self, where: Place, start: int, end: int) -> Interval:
        """Return the stretch of the reference that `start` to `end` of one of its places stands for.

        A copy that differs in its white space is stretched or shrunk to the reference's length.
        """
        size, copied = self.place.end - self.place.start, where.end - where.start
        left, right = ((each - where.start) * size // copied for each in (start, end))
        return self.place.start + left, self.place.start + right


@dataclass(frozen=True)
class SpanTruth:
    """What proves a question's answer. Raises ValueError without references, or where a place is empty."""

    spans: tuple[TrueSpan, ...]

    def __post_init__(self) -> None:
        if not self.spans:
            raise ValueError("a question without references has no span truth")
        if empty := [place for span in self.spans for place in span.places if place.start >= place.end]:
            raise ValueError(f"a reference needs at least one character: {empty[0]}")

    @cached_property
    def places(self) -> PlaceIndex[tuple[int, TrueSpan]]:
        """Where references and copies are, each with a number of its own (from 0, without gaps) and its span."""
        pairs = [(place, span) for span in self.spans for place in span.places]
        return PlaceIndex((place, (number, span)) for number, (place, span) in enumerate(pairs))

    @cached_property
    def references(self) -> dict[str, list[Interval]]:
        """The characters of the references by document, each once: sorted disjoint intervals."""
        docs = dict.fromkeys(span.place.doc for span in self.spans)
        return {doc: union((s.place.start, s.place.end) for s in self.spans if s.place.doc == doc) for doc in docs}

    @cached_property
    def chars(self) -> int:
        """How many characters the references have, each counted once."""
        return sum(length(each) for each in self.references.values())

    @cached_property
    def without_copies(self) -> "SpanTruth":
        """The references alone, as the chunking study knows them."""
        return SpanTruth(tuple(TrueSpan(span.place) for span in self.spans))
