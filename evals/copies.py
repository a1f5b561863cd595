"""Where the text of a reference stands a second time: a verbatim copy proves the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from evals.outcome import Place
from evals.spans import SpanTruth, TrueSpan

# Shorter texts are names and phrases: "University of California" standing elsewhere proves nothing.
COPY_MIN_WORDS = 4
COPY_MIN_CHARS = 24

_BITS = 20  # of a hash, looked up in a table of a megabyte that stays in the processor's cache
_PIECE = 1 << 17  # characters at once: a megabyte of hashes
_FACTOR = 0x9E3779B97F4A7C15  # odd, with its bits well mixed: 2^64 divided by the golden ratio

Hashes: TypeAlias = NDArray[np.uint64]


def find_copies(references: Iterable[Place], texts: Mapping[str, str]) -> dict[Place, tuple[Place, ...]]:
    """Return all other places where exactly the text of a reference stands, by reference, in the order of `texts`.

    Only for texts of at least `COPY_MIN_WORDS` words and `COPY_MIN_CHARS` characters. One pass over all texts, by
    rolling hash (Karp & Rabin, 1987). A reference whose document is not in `texts` has no copies.
    """
    wanted = {each: text for each in references if _long_enough(text := _text_at(each, texts))}
    found: dict[str, list[Place]] = {text: [] for text in wanted.values()}
    for doc, start, text in _occurrences(list(found), texts):
        found[text].append(Place(doc, start, start + len(text)))
    return {each: tuple(place for place in found[text] if place != each) for each, text in wanted.items()}


def span_truths(
    references: Mapping[str, Sequence[Place]], alternatives: Mapping[str, Sequence[Place]], texts: Mapping[str, str]
) -> dict[str, SpanTruth]:
    """Return the truth of each case with references, by case.

    Copies are those of `find_copies`, and the case's alternatives whose text is the reference's but for white space:
    its author says that the short text proves the answer there too.
    """
    copies = find_copies((place for places in references.values() for place in places), texts)
    return {
        case: SpanTruth(tuple(_span(each, copies, alternatives.get(case, ()), texts) for each in places))
        for case, places in references.items()
        if places
    }


def _span(
    reference: Place, copies: Mapping[Place, tuple[Place, ...]], given: Sequence[Place], texts: Mapping[str, str]
) -> TrueSpan:
    words = _text_at(reference, texts).split()
    same = (place for place in given if place != reference and words and _text_at(place, texts).split() == words)
    return TrueSpan(reference, tuple(dict.fromkeys([*copies.get(reference, ()), *same])))


def _text_at(place: Place, texts: Mapping[str, str]) -> str:
    return texts.get(place.doc, "")[place.start : place.end]


def _long_enough(text: str) -> bool:
    return len(text) >= COPY_MIN_CHARS and len(text.split()) >= COPY_MIN_WORDS


def _occurrences(wanted: Sequence[str], texts: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Yield document, start and text of every occurrence, overlapping ones too."""
    by_opening: dict[str, list[str]] = {}
    for text in wanted:
        by_opening.setdefault(text[:COPY_MIN_CHARS], []).append(text)
    seen = np.zeros(1 << _BITS, dtype=np.bool_)
    for opening in by_opening:
        seen[_rolling(opening)] = True
    for doc, text in texts.items():
        for start in _candidates(text, seen):
            for each in by_opening.get(text[start : start + COPY_MIN_CHARS], ()):
                if text.startswith(each, start):
                    yield doc, start, each


def _candidates(text: str, seen: NDArray[np.bool_]) -> Iterator[int]:
    """Yield where a stretch starts whose hash was seen, in order; text too short for one has none."""
    for offset in range(0, len(text) - COPY_MIN_CHARS + 1, _PIECE):
        hashes = _rolling(text[offset : offset + _PIECE + COPY_MIN_CHARS - 1])
        yield from (np.flatnonzero(seen[hashes]) + offset).tolist()


def _rolling(text: str) -> Hashes:
    """Return a hash below 2^20 of each stretch of 24 characters, by where it starts: 24 = 16 + 8, by doubling."""
    one = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    two = _joined(one, one, 1)
    four = _joined(two, two, 2)
    eight = _joined(four, four, 4)
    return _joined(_joined(eight, eight, 8), eight, 16) >> np.uint64(64 - _BITS)


def _joined(left: Hashes, right: Hashes, size: int) -> Hashes:
    """Return hashes of stretches whose first `size` characters `left` describes, and `right` what follows them."""
    factor = np.array(pow(_FACTOR, size, 1 << 64), dtype=np.uint64)
    following = right[size:]
    return left[: len(following)] * factor + following
