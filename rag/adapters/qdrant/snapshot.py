"""Both legs at one revision."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from qdrant_client import QdrantClient, models

from rag.adapters.qdrant.errors import translated_errors
from rag.adapters.qdrant.points import (
    DENSE,
    PREFIX,
    TOKENS,
    any_of,
    as_text,
    between,
    chunk_id_of,
    keyword,
    lets_nothing_pass,
    must,
    pages,
    required_keywords,
)
from rag.types import TOKEN_SCALE, ChunkId, Filter, Matrix, Scored, Vector

DECIMALS = 6  # scores closer than this are a tie, and ties go by id

_Query: TypeAlias = list[float] | list[list[float]] | models.TextQuery


class QdrantSnapshot:
    """A Snapshot: the revision is part of every filter."""

    def __init__(self, client: QdrantClient, build: str, revision: int, token_dim: int) -> None:
        self._client, self._build, self._name = client, build, PREFIX + build
        self._token_dim = token_dim
        self._visible = [between("born", last=revision), between("died", first=revision + 1)]

    @translated_errors()
    def dense(self, vector: Vector, allowed: Filter, limit: int) -> list[Scored]:
        return self._best(vector.tolist(), DENSE if self._token_dim else None, allowed, limit)

    @translated_errors()
    def lexical(
        self, tokens: Sequence[str], allowed: Filter, limit: int, *, k1: float = 1.2, b: float = 0.75
    ) -> list[Scored]:
        if not tokens:
            return []
        scoring = models.Bm25Scoring(bm25=models.Bm25Params(k=k1, b=b))
        text = models.TextQueryInput(query=as_text(sorted(set(tokens))), scoring=scoring)
        return self._best(models.TextQuery(text=text), "tokens", allowed, limit)

    @translated_errors()
    def late_interaction(self, ids: Sequence[ChunkId], question: Matrix, weights: Vector) -> list[Scored]:
        if not self._token_dim:
            raise ValueError("the build was created without token vectors")
        if not ids or not len(question):
            return []
        query = (
            question * (weights / TOKEN_SCALE)[:, None]
        ).tolist()  # a weight of 0 or more may stand within the maximum
        return self._found(query, TOKENS, must(*self._visible, any_of("chunk_id", ids)), len(ids))

    @translated_errors()
    def count(self, allowed: Filter) -> int:
        if lets_nothing_pass(allowed):
            return 0
        return self._client.count(self._name, self._filter(allowed), exact=True).count

    def scroll_ids(self) -> Iterator[ChunkId]:
        with translated_errors():
            for points in pages(self._client, self._build, must(*self._visible)):
                yield from map(chunk_id_of, points)

    def _best(
        self, query: list[float] | models.TextQuery, using: str | None, allowed: Filter, limit: int
    ) -> list[Scored]:
        """Return the best rows; all that tie with the last one are fetched before ids decide."""
        if limit < 1 or lets_nothing_pass(allowed):
            return []
        asked = limit + 1
        while True:
            found = self._found(query, using, self._filter(allowed), asked)
            if len(found) < asked or found[-1][1] < found[limit - 1][1]:
                return found[:limit]
            asked *= 4

    def _found(self, query: _Query, using: str | None, which: models.Filter, asked: int) -> list[Scored]:
        answer = self._client.query_points(
            self._name,
            query,
            using=using,
            query_filter=which,
            limit=asked,
            with_payload=["chunk_id"],
        )
        found = [(chunk_id_of(point), round(point.score, DECIMALS)) for point in answer.points]
        return sorted(found, key=lambda each: (-each[1], each[0]))

    def _filter(self, allowed: Filter) -> models.Filter:
        required = [
            any_of("keywords", [keyword(key, value) for value in values]) for key, values in required_keywords(allowed)
        ]
        if allowed.after or allowed.before:
            first = allowed.after.toordinal() if allowed.after else None
            required.append(between("day", first, allowed.before.toordinal() if allowed.before else None))
        return must(*self._visible, *required)
