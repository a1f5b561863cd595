"""Span metrics of one question: characters of its references against characters of a ranking.

`strict` scoring knows verbatim copies and true offsets. `chroma` scoring is that of Smith & Troynikov, "Evaluating
Chunking Strategies for Retrieval" (Chroma, 2024), without copies, so that its published numbers can be repeated.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evals.outcome import Place, RankedChunk, Scoring
from evals.spans import ChunkPlaces, Interval, SpanTruth, add, intersection_length, length, overlap, union


class Found(NamedTuple):  # made for every rank of every question: a dataclass takes four times as long
    """What the first chunks of a ranking hold, in characters."""

    chars: int  # of the references
    retrieved: int  # text retrieved twice counts twice
    relevant: int  # retrieved, each once, and part of a reference or of a copy
    found: int  # of the references, by themselves or by a copy
    missing: int  # of the references, not found
    whole: bool  # at least one reference or copy is there from start to end

    @property
    def recall(self) -> float:
        """Share of the references' characters, in [0, 1]."""
        return self.found / self.chars

    @property
    def precision(self) -> float:
        """Share of the retrieved characters that are relevant, in [0, 1]. Raises ValueError where there are none."""
        if not self.retrieved:
            raise ValueError("nothing was retrieved, so precision is undefined")
        return self.relevant / self.retrieved

    @property
    def iou(self) -> float:
        """Intersection over union of relevant and retrieved characters, in [0, 1]."""
        return self.relevant / (self.retrieved + self.missing)


def span_metrics(
    ranking: Sequence[RankedChunk],
    truth: SpanTruth,
    *,
    ks: Sequence[int],
    budgets: Sequence[int],
    scoring: Scoring = "strict",
) -> dict[str, float]:
    """Return recall, precision, IoU and success of the first k chunks, and recall and IoU by budget, all in [0, 1].

    ranking: best first, without repeats; where it is shorter than k, all of it counts.
    budgets: context tokens: whole chunks, best first, up to the first that does not fit.
    Precision is absent where nothing was retrieved.
    """
    steps = found_by_rank(ranking, truth, scoring)
    metrics: dict[str, float] = {}
    for k in ks:
        at = steps[min(k, len(ranking))]
        metrics |= {f"recall@{k}": at.recall, f"iou@{k}": at.iou, f"success@{k}": float(at.whole)}
        if at.retrieved:
            metrics[f"precision@{k}"] = at.precision
    for budget, at in _within(budgets, steps, ranking):
        metrics |= {f"recall@{budget}t": at.recall, f"iou@{budget}t": at.iou}
    return metrics


def found_by_rank(ranking: Sequence[RankedChunk], truth: SpanTruth, scoring: Scoring = "strict") -> list[Found]:
    """Return what the first 0, 1, 2, ... chunks hold, in one pass."""
    match scoring:
        case "strict":
            return list(_found(ranking, truth, pay_each=False))
        case "chroma":
            return list(_found(ranking, truth.without_copies, pay_each=True))


def precision_omega(chunks: ChunkPlaces, truth: SpanTruth, scoring: Scoring = "strict") -> float:
    """Return the precision of a retriever that finds exactly the chunks with a part of a reference, in [0, 1].

    Hit characters divided by those of these chunks, each once, and of the references that no chunk holds. The study
    also takes a chunk that only touches a reference; `strict` wants one character. In `strict` scoring a copy that
    stands in such a chunk is a hit too.
    """
    if scoring == "chroma":
        truth = truth.without_copies
    near = {
        place for span in truth.spans for place, _ in chunks.near(span.place) if _counts(place, span.place, scoring)
    }
    hits = paid = 0
    for doc in truth.references:
        taken = union((place.start, place.end) for place in near if place.doc == doc)
        relevant = union((p.start, p.end) for span in truth.spans for p in span.places if p.doc == doc)
        hits += intersection_length(relevant, taken)
        paid += length(union([*taken, *truth.references[doc]]))
    return hits / paid


def locate_as_study(chunk_text: str, document_text: str) -> Interval:
    """Return where the study believes a chunk to be: its first exact occurrence, less one trailing full stop.

    Raises ValueError where the text does not occur.
    """
    target = chunk_text.removesuffix(".")
    start = document_text.index(target)
    return start, start + len(target)


def _counts(chunk: Place, reference: Place, scoring: Scoring) -> bool:
    return scoring == "chroma" or overlap(chunk, reference) > 0


def _found(ranking: Sequence[RankedChunk], truth: SpanTruth, *, pay_each: bool) -> Iterator[Found]:
    """Yield what the first 0, 1, 2, ... chunks hold; `pay_each`: a character of two references is missed twice."""
    chars = sum(span.place.end - span.place.start for span in truth.spans) if pay_each else truth.chars
    retrieved = relevant = found = paid = 0
    whole = False
    hits: dict[str, list[Interval]] = {}  # retrieved stretches of references and copies, by document
    proved: dict[str, list[Interval]] = {}  # stretches of references that they stand for, by document
    held: dict[int, list[Interval]] = {}  # retrieved stretches of each reference and each copy
    yield Found(chars, 0, 0, 0, chars, whole=False)
    for chunk in ranking:
        retrieved += chunk.place.end - chunk.place.start
        for place, (number, span) in truth.places.overlapping(chunk.place):
            start, end = max(place.start, chunk.place.start), min(place.end, chunk.place.end)
            relevant += add(hits.setdefault(place.doc, []), start, end)
            found += add(proved.setdefault(span.place.doc, []), *span.original(place, start, end))
            paid += add(held.setdefault(number, []), start, end)
            whole = whole or held[number][0] == (place.start, place.end)
        yield Found(chars, retrieved, relevant, found, chars - (paid if pay_each else found), whole)


def _within(
    budgets: Sequence[int], steps: Sequence[Found], ranking: Sequence[RankedChunk]
) -> Iterator[tuple[int, Found]]:
    """Yield each budget of context tokens with what the chunks hold that fit in it."""
    spent, total = [], 0
    for chunk in ranking:
        total += chunk.tokens
        spent.append(total)
    for budget in budgets:
        yield budget, steps[bisect_right(spent, budget)]
