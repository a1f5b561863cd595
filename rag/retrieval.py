"""A question to hits: both legs with the caller's filter, the check of rights, and what fits the context."""

from collections.abc import Iterator, Mapping, Sequence

from rag.analysis import analyse_query
from rag.ports import Pointer, Reading, Snapshot
from rag.types import Chunk, ChunkId, DocumentInfo, Encoded, Hit, Request, Scored

Legs = dict[str, list[Scored]]


def retrieve(snapshot: Snapshot, request: Request, encoded: Encoded, pointer: Pointer) -> Legs:
    """Return the candidates of each leg of the bundle, best first, filtered before the cut."""
    config = pointer.bundle.query
    depth = max(config.candidates, request.limit or 0)
    legs: Legs = {}
    if "dense" in config.legs:
        legs["dense"] = snapshot.dense(encoded.vector, request.allowed, depth)
    if "lexical" in config.legs:
        tokens = sorted(analyse_query(request.question, pointer.languages))
        legs["lexical"] = snapshot.lexical(tokens, request.allowed, depth, k1=config.k1, b=config.b)
    return legs


def readable(legs: Legs, reading: Reading, request: Request) -> tuple[Legs, dict[ChunkId, DocumentInfo]]:
    """Return the legs without what the caller may not read now, and the documents of what is left."""
    ids = sorted({chunk_id for leg in legs.values() for chunk_id, _ in leg})
    documents = reading.documents(ids, request.caller.roles)
    return {name: [each for each in leg if each[0] in documents] for name, leg in legs.items()}, documents


def keep(
    ranking: Sequence[Scored],
    request: Request,
    pointer: Pointer,
    documents: Mapping[ChunkId, DocumentInfo],
    reading: Reading,
    legs: Legs,
) -> tuple[tuple[Hit, ...], dict[ChunkId, str]]:
    """Return the hits that are used, with their texts, and of every candidate what became of it.

    A request with a limit gets that many; else the bundle's `top_k`, as far as they fit `context_tokens`.
    """
    config = pointer.bundle.query
    count = request.limit or config.top_k
    chunks = reading.chunks([chunk_id for chunk_id, _ in ranking[:count]])
    hits = [_hit(scored, chunks[scored[0]], documents[scored[0]], legs) for scored in ranking[:count]]
    kept = hits if request.limit else list(within_budget(hits, config.context_tokens))
    fates = {chunk_id: f"below the first {count}" for chunk_id, _ in ranking}
    fates |= {hit.chunk.id: f"beyond {config.context_tokens} context tokens" for hit in hits}
    fates |= {hit.chunk.id: "kept" for hit in kept}
    return tuple(kept), fates


def within_budget(hits: Sequence[Hit], context_tokens: int) -> Iterator[Hit]:
    """Yield hits, best first, as long as their texts fit; the first always does."""
    spent = 0
    for hit in hits:
        spent += hit.chunk.tokens
        if spent > context_tokens and spent > hit.chunk.tokens:
            return
        yield hit


def _hit(scored: Scored, chunk: Chunk, document: DocumentInfo, legs: Legs) -> Hit:
    chunk_id, score = scored
    by_leg = {name: dict(leg).get(chunk_id) for name, leg in legs.items()}
    return Hit(chunk, document, score, {name: round(each, 6) for name, each in by_leg.items() if each is not None})
