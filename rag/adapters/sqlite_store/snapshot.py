"""Both legs over one view: an exact scan, and BM25 from posting lists; and late interaction from token vectors."""

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.adapters.sqlite_store.files import damaged, translated_errors
from rag.adapters.sqlite_store.postings import read_posting, word_term
from rag.adapters.sqlite_store.tokens import TokenMap, closest, find_tokens
from rag.adapters.sqlite_store.views import View
from rag.types import ChunkId, Filter, Matrix, Scored, Vector

SPARSE = 8  # below one slot in so many, reading these slots alone is faster than reading all
DECIMALS = 6  # scores closer than this are a tie, and ties go by id

_IDS = "select slot, id from chunk where slot in (select value from json_each(?))"
_VISIBLE = "select id from chunk where born <= ?1 and (died is null or died > ?1)"


class SqliteSnapshot:
    """A Snapshot: valid while its read transaction is open."""

    def __init__(self, db: sqlite3.Connection, view: View, revision: int, tokens: TokenMap, token_dim: int) -> None:
        self._db, self._view, self._revision = db, view, revision
        self._tokens, self._token_dim = tokens, token_dim

    @translated_errors()
    def dense(self, vector: Vector, allowed: Filter, limit: int) -> list[Scored]:
        vectors, vector = self._view.vectors, np.asarray(vector, np.float32)
        slots = np.flatnonzero(self._view.mask(self._db, allowed))
        if len(slots) * SPARSE < len(vectors):
            return self._best(slots, vectors[slots] @ vector, limit)
        return self._best(slots, (vectors @ vector)[slots], limit)

    @translated_errors()
    def lexical(
        self, tokens: Sequence[str], allowed: Filter, limit: int, *, k1: float = 1.2, b: float = 0.75
    ) -> list[Scored]:
        scores = np.zeros(len(self._view.live))
        for token in sorted(set(tokens)):
            self._add_scores(scores, token, k1, b)
        slots = np.flatnonzero(self._view.mask(self._db, allowed) & (scores > 0))
        return self._best(slots, scores[slots], limit)

    @translated_errors()
    def late_interaction(self, ids: Sequence[ChunkId], question: Matrix, weights: Vector) -> list[Scored]:
        if not self._token_dim:
            raise ValueError("the build was created without token vectors")
        found, places = find_tokens(self._db, ids, self._revision)
        if not found or not len(question):
            return []
        tokens = self._tokens.holding(self._token_dim, int(places.sum(axis=1).max()))
        return _ordered(found, closest(tokens, places, question, weights))

    @translated_errors()
    def count(self, allowed: Filter) -> int:
        return int(np.count_nonzero(self._view.mask(self._db, allowed)))

    @translated_errors()
    def scroll_ids(self) -> Iterator[ChunkId]:
        """Yield every visible id. Read at once: an open statement would outlive the transaction."""
        return iter([id_ for (id_,) in self._db.execute(_VISIBLE, (self._revision,)).fetchall()])

    def _add_scores(self, scores: NDArray[np.float64], token: str, k1: float, b: float) -> None:
        """Add what one token contributes to BM25 (Robertson & Zaragoza, 2009)."""
        view = self._view
        slots, counts = read_posting(self._db, word_term(token), len(scores))
        holding = int(np.count_nonzero(view.live[slots]))
        if holding:
            idf = math.log(1 + (view.total - holding + 0.5) / (holding + 0.5))
            norm = k1 * (1 - b + b / view.average * view.length[slots])
            scores[slots] += idf * (k1 + 1) * counts / (counts + norm)

    def _best(self, slots: NDArray[np.intp], scores: NDArray[np.floating], limit: int) -> list[Scored]:
        """Return the best rows with their ids; all that tie with the last one count before ids decide."""
        if not min(len(slots), limit) > 0:
            return []
        if len(slots) > limit:
            last = np.partition(scores, len(scores) - limit)[len(scores) - limit]
            reaching = scores >= last - 2 * 10.0**-DECIMALS
            slots, scores = slots[reaching], scores[reaching]
        ids = dict(self._db.execute(_IDS, (json.dumps(slots.tolist()),)).fetchall())
        if len(ids) < len(slots):
            raise damaged("rows are missing")
        return _ordered([ids[slot] for slot in slots.tolist()], scores)[:limit]


def _ordered(ids: Sequence[ChunkId], scores: NDArray[np.floating]) -> list[Scored]:
    """Return ids with their rounded scores, best first, ties by id."""
    rounded = np.round(scores.astype(np.float64), DECIMALS).tolist()
    return sorted(zip(ids, rounded, strict=True), key=lambda each: (-each[1], each[0]))
