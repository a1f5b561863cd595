"""What any setting must beat: BM25 by the store and by rank-bm25, the dense leg alone, and chance."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from rank_bm25 import BM25Okapi

from evals.frozen import FrozenCorpus
from evals.lab import Search
from rag.analysis import analyse
from rag.config import Bundle, QueryConfig
from rag.fusion import ordered
from rag.ports import Snapshots
from rag.types import ALL_ROLES, ChunkId, Filter, Matrix, Scored, Vector

BM25, BM25_ORACLE, DENSE, RANDOM = "bm25", "rank_bm25", "dense", "random"


@dataclass(frozen=True, slots=True)
class Floor:
    """A plain way to search the same index."""

    name: str
    legs: tuple[str, ...]
    search: Search | None = None

    def bundle(self, bundle: Bundle) -> Bundle:
        """Return the bundle with this floor's search: one leg, no reranking."""
        query = bundle.query.model_dump() | {"legs": self.legs, "rerank": "none"}
        return bundle.model_copy(update={"query": QueryConfig.model_validate(query)})


class _Searched:
    """Implements `ports.Snapshots` with another search for the lexical leg."""

    def __init__(self, search: Callable[[Sequence[str], Filter, int], list[Scored]]) -> None:
        self._search = search

    @contextmanager
    def snapshot(self, build: str, revision: int) -> Iterator["_Rows"]:  # noqa: ARG002  # the signature is the port's
        yield _Rows(self._search)


class _Rows:
    """Implements `ports.Snapshot` with one leg."""

    def __init__(self, search: Callable[[Sequence[str], Filter, int], list[Scored]]) -> None:
        self._search = search

    def dense(self, vector: Vector, allowed: Filter, limit: int) -> list[Scored]:
        raise NotImplementedError("this floor has no dense leg")

    def lexical(
        self,
        tokens: Sequence[str],
        allowed: Filter,
        limit: int,
        *,
        k1: float = 1.2,  # noqa: ARG002  # the signature is the port's
        b: float = 0.75,  # noqa: ARG002
    ) -> list[Scored]:
        return self._search(tokens, allowed, limit)

    def late_interaction(self, ids: Sequence[ChunkId], question: Matrix, weights: Vector) -> list[Scored]:
        raise NotImplementedError("this floor does not rerank")

    def count(self, allowed: Filter) -> int:
        raise NotImplementedError("this floor does not count")

    def scroll_ids(self) -> Iterator[ChunkId]:
        raise NotImplementedError("this floor does not list")


def floors() -> list[Floor]:
    """Return all floors."""
    return [
        Floor(BM25, ("lexical",)),
        Floor(BM25_ORACLE, ("lexical",), Search(BM25_ORACLE, _by_rank_bm25)),
        Floor(DENSE, ("dense",)),
        Floor(RANDOM, ("lexical",), Search(RANDOM, _by_chance)),
    ]


def _by_rank_bm25(corpus: FrozenCorpus) -> Snapshots:
    """Search with rank-bm25 over the same tokens, with its own idf: an oracle that shares no code with ours."""
    ids = list(corpus.chunks)
    chunks = [corpus.chunks[id_] for id_ in ids]
    languages = [corpus.documents[chunk.document_id].info.language for chunk in chunks]
    model = BM25Okapi([analyse(chunk.indexed_text, lang) for chunk, lang in zip(chunks, languages, strict=True)])

    def search(tokens: Sequence[str], allowed: Filter, limit: int) -> list[Scored]:
        scores = np.asarray(model.get_scores(list(tokens)))
        places = np.flatnonzero((scores != 0) & _readable(ids, corpus, allowed))
        return ordered({ids[place]: float(scores[place]) for place in places})[:limit]

    return _Searched(search)


def _by_chance(corpus: FrozenCorpus) -> Snapshots:
    """Return chunks in an order that only the question's words and their ids decide."""
    ids = list(corpus.chunks)

    def search(tokens: Sequence[str], allowed: Filter, limit: int) -> list[Scored]:
        seed = hashlib.sha256(" ".join(tokens).encode()).digest()[:8]
        readable = np.flatnonzero(_readable(ids, corpus, allowed))
        drawn = np.random.default_rng(int.from_bytes(seed)).permutation(readable)[:limit]
        return ordered({ids[place]: 1 - rank / (limit + 1) for rank, place in enumerate(drawn)})

    return _Searched(search)


def _readable(
    ids: Sequence[ChunkId], corpus: FrozenCorpus, allowed: Filter
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return for each chunk whether the filter lets it through."""
    if allowed.roles is None and not allowed.keywords and allowed.after is None and allowed.before is None:
        return np.ones(len(ids), np.bool_)
    passing = {document_id for document_id in corpus.documents if _passes(corpus, document_id, allowed)}
    return np.array([corpus.chunks[id_].document_id in passing for id_ in ids], np.bool_)


def _passes(corpus: FrozenCorpus, document_id: str, allowed: Filter) -> bool:
    document = corpus.documents[document_id]
    info = document.info
    said = {
        "source": {info.source},
        "type": {info.type},
        "language": {info.language},
        "owner": {info.owner},
        "tag": set(info.tags),
    }
    return (
        (allowed.roles is None or ALL_ROLES in allowed.roles or not allowed.roles.isdisjoint(document.roles))
        and all(values & said[key] for key, values in allowed.keywords.items())
        and (allowed.after is None or (info.date is not None and info.date >= allowed.after))
        and (allowed.before is None or (info.date is not None and info.date <= allowed.before))
    )
