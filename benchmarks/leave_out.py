"""Searches over documents of which some can be left out, with the product's parser, chunker, embedder and fusion.

An index per left-out paragraph would take hours: here all chunks lie in memory, and a mask says which of them exist.
The lexical leg is BM25 as the stores compute it, over the chunks that exist.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexing.chunking import chunk_document
from indexing.embedding import VectorCache, embed_texts
from indexing.formats.extraction import extract
from rag.analysis import analyse, analyse_query
from rag.answers import Found, Trace
from rag.config import Bundle
from rag.fusion import fuse
from rag.ports import Embedder
from rag.types import Caller, Chunk, Document, DocumentInfo, Encoded, Hit, Request

Mask = NDArray[np.bool_]


def document(name: str, data: bytes, variant: str = "") -> Document:
    """Return a file as the product parses it. variant: tells apart two contents of one file."""
    found = extract(name, data, 100_000_000)
    said = found.metadata
    return Document(
        id=hashlib.sha256(f"{name}\0{variant}".encode()).hexdigest()[:24],
        version="1",
        uri=name,
        title=said.title,
        type=said.type,
        text=found.text,
        blocks=found.blocks,
        language=said.language,
        date=said.date,
    )


@dataclass(frozen=True, slots=True)
class Row:
    chunk: Chunk
    document: Document


class Lab:
    """Chunks of documents, searched with the default bundle."""

    def __init__(self, documents: Sequence[Document], embedder: Embedder, cache: VectorCache) -> None:
        self._embedder = embedder
        self.bundle = Bundle()
        self.rows = [Row(chunk, each) for each in documents for chunk in self._chunks(each)]
        self.documents = np.array([row.document.id for row in self.rows])
        self._vectors, _ = embed_texts([row.chunk.indexed_text for row in self.rows], embedder, cache)
        self._postings, self._lengths = self._index()

    def search(self, question: str, exists: Mask, encoded: Encoded | None = None) -> Found:
        """Return what the product would find if only these chunks existed."""
        encoded = encoded or self._embedder.encode([question])[0]
        legs = {"dense": self._dense(encoded, exists), "lexical": self._lexical(question, exists)}
        ranking = fuse(legs, self.bundle.query)[: self.bundle.query.top_k]
        by_leg = {name: dict(leg) for name, leg in legs.items()}
        hits = tuple(
            self._hit(int(row), score, {n: leg[row] for n, leg in by_leg.items() if row in leg})
            for row, score in ranking
        )
        request = Request("", question, Caller(frozenset()))
        return Found(request, encoded, hits, 1, self.bundle, (), Trace(question))

    def _chunks(self, each: Document) -> list[Chunk]:
        return chunk_document(each, self.bundle.index, self._embedder.count_tokens, self._embedder.max_tokens).chunks

    def _index(self) -> tuple[dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]], NDArray[np.float64]]:
        counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        lengths = np.zeros(len(self.rows))
        for place, row in enumerate(self.rows):
            words = analyse(row.chunk.indexed_text, row.document.language)
            lengths[place] = len(words)
            for word in words:
                counts[word][place] += 1
        arrays = {word: (np.array(list(each)), np.array(list(each.values()), float)) for word, each in counts.items()}
        return arrays, lengths

    def _dense(self, encoded: Encoded, exists: Mask) -> list[tuple[str, float]]:
        scores = np.where(exists, self._vectors @ encoded.vector, -2)
        return self._best(scores, exists)

    def _lexical(self, question: str, exists: Mask) -> list[tuple[str, float]]:
        config, count, mean = self.bundle.query, int(exists.sum()), self._lengths[exists].mean()
        scores = np.zeros(len(self.rows))
        for word in set(analyse_query(question, ["en"])) & self._postings.keys():
            rows, times = self._postings[word]
            rows, times = rows[exists[rows]], times[exists[rows]]
            idf = np.log(1 + (count - len(rows) + 0.5) / (len(rows) + 0.5))
            length = 1 - config.b + config.b * self._lengths[rows] / mean
            scores[rows] += idf * times * (config.k1 + 1) / (times + config.k1 * length)
        return self._best(scores, scores > 0)

    def _best(self, scores: NDArray[np.float64], allowed: Mask) -> list[tuple[str, float]]:
        order = np.argsort(-scores, kind="stable")[: self.bundle.query.candidates]
        return [(f"{row:09}", float(scores[row])) for row in order if allowed[row]]

    def _hit(self, row: int, score: float, scores: dict[str, float]) -> Hit:
        chunk, of = self.rows[row].chunk, self.rows[row].document
        info = DocumentInfo(of.id, of.version, of.uri, of.title, of.type, "", of.language, of.date)
        return Hit(chunk, info, score, scores)
