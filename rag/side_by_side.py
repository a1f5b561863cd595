"""What moved between two answers to one question: chunks by rank, and quotes that only one of them has."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers import Citation, TracedHit
from rag.types import Chunk

Ranked = tuple[TracedHit, Chunk]


@dataclass(frozen=True, slots=True)
class Move:
    """One chunk in two rankings; ranks count from 1, None where the ranking does not have it."""

    hit: TracedHit
    chunk: Chunk
    rank_a: int | None
    rank_b: int | None
    kept_a: bool = False
    kept_b: bool = False

    @property
    def change(self) -> int | None:
        """Places up from A to B; None where one of them does not have it."""
        return self.rank_a - self.rank_b if self.rank_a is not None and self.rank_b is not None else None


def moves(a: Sequence[Ranked], b: Sequence[Ranked]) -> list[Move]:
    """Return the chunks of two rankings in the order of A, then those that only B has.

    Two chunkings cut a document in different places: a chunk is the one of the other ranking that shares most text
    with it, and each is taken once.
    """
    left = dict(enumerate(b, 1))
    found = []
    for rank, (hit, chunk) in enumerate(a, 1):
        same = max(left, key=lambda each: (shared(chunk, left[each][1]), -each), default=0)
        if not same or not shared(chunk, left[same][1]):
            found.append(Move(hit, chunk, rank, None, kept_a=hit.fate == "kept"))
            continue
        other, _ = left.pop(same)
        found.append(Move(hit, chunk, rank, same, hit.fate == "kept", other.fate == "kept"))
    return found + [Move(hit, chunk, None, rank, kept_b=hit.fate == "kept") for rank, (hit, chunk) in left.items()]


def only_in_first(first: Sequence[Citation], second: Sequence[Citation]) -> list[Citation]:
    """Return the citations whose quotes share no text with one of the others."""
    return [each for each in first if not any(shared(each, other) for other in second)]


def shared(one: Chunk | Citation, other: Chunk | Citation) -> int:
    """Return how many characters two places of documents share."""
    if one.document_id != other.document_id:
        return 0
    return max(min(one.end, other.end) - max(one.start, other.start), 0)
