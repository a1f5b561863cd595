"""Rank metrics where the truth is spans: which chunks of a corpus count as relevant."""

from collections.abc import Iterator, Mapping, Sequence

from evals.graded import average_precision, mrr_at_k, ndcg_at_k
from evals.outcome import Place, RankedChunk
from evals.spans import ChunkPlaces, SpanTruth, TrueSpan, covers, overlap


def span_grades(chunks: ChunkPlaces, truth: SpanTruth) -> dict[str, int]:
    """Return grade 1 for each chunk that shares at least half of the shorter of both with a reference, by id.

    Empty where no chunk does, as when parsing lost the text: then rank metrics are undefined, and recall is 0.
    """
    return {chunk_id: 1 for span in truth.spans for _, chunk_id in _chunks_of(span, chunks)}


def stand_ins(ranking: Sequence[RankedChunk], truth: SpanTruth, chunks: ChunkPlaces) -> list[str]:
    """Return the ids of a ranking, a chunk that covers a copy under the id of the original's chunk; no id twice.

    Of two chunks that prove the same, the better placed has the relevant id and the other that of the copy, which is
    not relevant: it keeps its rank, for the reader pays for it.
    """
    return _stand_ins(ranking, truth, chunks, span_grades(chunks, truth))


def _stand_ins(
    ranking: Sequence[RankedChunk], truth: SpanTruth, chunks: ChunkPlaces, grades: Mapping[str, int]
) -> list[str]:
    ids: list[str] = []
    stood_in: dict[str, str] = {}  # by original: the copy that has its place
    for chunk in ranking:
        original = chunk.id if chunk.id in grades else _original(chunk.place, truth, chunks)
        if original == chunk.id:
            ids.append(stood_in.get(chunk.id, chunk.id))
        elif original is None or original in ids:
            ids.append(chunk.id)
        else:
            ids.append(original)
            stood_in[original] = chunk.id
    return ids


def span_rank_metrics(
    ranking: Sequence[RankedChunk], truth: SpanTruth, chunks: ChunkPlaces, ks: Sequence[int]
) -> dict[str, float]:
    """Return `ndcg@K`, `mrr@K` and `ap` by name, in [0, 1]. Raises ValueError where no chunk holds a reference."""
    grades = span_grades(chunks, truth)
    ids = _stand_ins(ranking, truth, chunks, grades)
    metrics = {"ap": average_precision(ids, grades)}
    for k in ks:
        metrics |= {f"ndcg@{k}": ndcg_at_k(ids, grades, k), f"mrr@{k}": mrr_at_k(ids, grades, k)}
    return metrics


def _chunks_of(span: TrueSpan, chunks: ChunkPlaces) -> Iterator[tuple[Place, str]]:
    return (entry for entry in chunks.overlapping(span.place) if covers(entry[0], span.place))


def _original(chunk: Place, truth: SpanTruth, chunks: ChunkPlaces) -> str | None:
    """Return the chunk that holds most of what `chunk` holds of a copy, the first of equals."""
    best: tuple[int, str] | None = None
    for place, (_, span) in truth.places.overlapping(chunk):
        if not covers(chunk, place):
            continue
        stretch = span.original(place, max(place.start, chunk.start), min(place.end, chunk.end))
        copied = Place(span.place.doc, *stretch)
        for where, chunk_id in _chunks_of(span, chunks):
            if best is None or overlap(where, copied) > best[0]:
                best = overlap(where, copied), chunk_id
    return best[1] if best else None
