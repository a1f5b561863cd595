"""The pipeline's ports with a memory: the same embedder and the same store, asked once for each thing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache

import numpy as np
import orjson
from numpy.typing import NDArray

from evals.stages import Coding, Stages, key_of
from rag.fusion import ordered
from rag.ports import Embedder, Precision, Reranker, Snapshot, Snapshots
from rag.types import ChunkId, Encoded, Filter, Matrix, Scored, TokenRows, Vector


class MemoEmbedder:
    """Implements `ports.Embedder`: the same vectors; a text that was encoded before is not encoded again."""

    def __init__(self, embedder: Embedder, stages: Stages, told: Callable[[int], None] = lambda _: None) -> None:
        """told: how many more texts of chunks were embedded, with each batch of them."""
        self._embedder, self._stages, self._told = embedder, stages, told
        self.question = ""  # being asked: any other text is a sentence

    @property
    def identity(self) -> str:
        return self._embedder.identity

    @property
    def precision(self) -> Precision:
        return self._embedder.precision

    @property
    def dim(self) -> int:
        return self._embedder.dim

    @property
    def max_tokens(self) -> int:
        return self._embedder.max_tokens

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return unit rows; the cache of vectors stands above this."""
        started = time.perf_counter()
        rows = self._embedder.embed(texts)
        self._stages.note("embed_chunks", len(texts), time.perf_counter() - started)
        self._told(len(texts))
        return rows

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return sentence and token vectors; those of sentences in half precision, as answerers keep them."""
        asked = list(texts) == [self.question]
        stage, coding = ("embed_questions", WHOLE) if asked else ("embed_sentences", HALVED)
        keys = {key_of(self.identity, text): text for text in texts}
        known = {key: coding.decode(content) for key, content in self._stages.find(stage, list(keys)).items()}
        missing = {key: text for key, text in keys.items() if key not in known}
        if missing:
            started = time.perf_counter()
            made = dict(zip(missing, self._embedder.encode(list(missing.values())), strict=True))
            seconds = time.perf_counter() - started
            self._stages.keep(stage, {key: coding.encode(each) for key, each in made.items()}, seconds)
            known |= made
        return [known[key_of(self.identity, text)] for text in texts]

    @property
    def token_dim(self) -> int:
        return self._embedder.token_dim

    def embed_tokens(self, texts: Sequence[str]) -> tuple[Matrix, list[TokenRows]]:
        """Return unit rows and projected token vectors; the cache of vectors stands above this."""
        started = time.perf_counter()
        made = self._embedder.embed_tokens(texts)
        self._stages.note("embed_chunks", len(texts), time.perf_counter() - started)
        self._told(len(texts))
        return made

    def project(self, token_vectors: Matrix) -> Matrix:
        return self._embedder.project(token_vectors)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def token_ends(self, text: str) -> list[int]:
        return self._embedder.token_ends(text)

    def token_weights(self, token_ids: NDArray[np.int64]) -> Vector:
        return self._embedder.token_weights(token_ids)


class MemoReranker:
    """Implements `ports.Reranker`: a text that was read with a question before is not read again."""

    def __init__(self, reranker: Reranker, stages: Stages) -> None:
        self._reranker, self._stages = reranker, stages

    @property
    def identity(self) -> str:
        return self._reranker.identity

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        keys = {text: key_of(self.identity, question, text) for text in texts}
        known = {key: orjson.loads(each) for key, each in self._stages.find("rerank", list(keys.values())).items()}
        missing = [text for text, key in keys.items() if key not in known]
        if missing:
            started = time.perf_counter()
            made = dict(zip(map(keys.__getitem__, missing), self._reranker.scores(question, missing), strict=True))
            seconds = time.perf_counter() - started
            self._stages.keep("rerank", {key: orjson.dumps(score) for key, score in made.items()}, seconds)
            known |= made
        return [known[keys[text]] for text in texts]


class MemoStore:
    """Implements `ports.Snapshots`: a leg that was asked the same before is not asked again."""

    def __init__(self, store: Snapshots, stages: Stages, scope: str) -> None:
        self._store, self._stages, self._scope = store, stages, scope

    @contextmanager
    def snapshot(self, build: str, revision: int) -> Iterator["MemoSnapshot"]:
        """Open the store when something is asked for the first time."""
        with ExitStack() as opened:
            rows = cache(lambda: opened.enter_context(self._store.snapshot(build, revision)))
            yield MemoSnapshot(rows, self._stages, self._scope)


class MemoSnapshot:
    """Implements `ports.Snapshot`."""

    def __init__(self, rows: Callable[[], Snapshot], stages: Stages, scope: str) -> None:
        self._rows, self._stages, self._scope = rows, stages, scope

    def dense(self, vector: Vector, allowed: Filter, limit: int) -> list[Scored]:
        key = key_of(self._scope, vector.tobytes(), filter_text(allowed), limit)
        return self._stages.once("dense", key, lambda: self._rows().dense(vector, allowed, limit), SCORED)

    def lexical(
        self, tokens: Sequence[str], allowed: Filter, limit: int, *, k1: float = 1.2, b: float = 0.75
    ) -> list[Scored]:
        key = key_of(self._scope, orjson.dumps(tokens), filter_text(allowed), limit, k1, b)
        return self._stages.once(
            "lexical", key, lambda: self._rows().lexical(tokens, allowed, limit, k1=k1, b=b), SCORED
        )

    def late_interaction(self, ids: Sequence[ChunkId], question: Matrix, weights: Vector) -> list[Scored]:
        """Return the scores of these chunks; only those that the question was not compared with before are computed."""
        asked = key_of(self._scope, question.tobytes(), weights.tobytes())
        known = self._stages.find("rerank", [asked])
        scores = dict(SCORED.decode(known[asked])) if asked in known else {}
        missing = sorted(set(ids) - set(scores))
        if missing:
            key = key_of(asked, orjson.dumps(missing)) if scores else asked
            found: list[Scored] = self._stages.once(
                "rerank", key, lambda: self._rows().late_interaction(missing, question, weights), SCORED
            )
            scores |= dict(found)
        return ordered({chunk_id: scores[chunk_id] for chunk_id in ids if chunk_id in scores})

    def count(self, allowed: Filter) -> int:
        return self._rows().count(allowed)

    def scroll_ids(self) -> Iterator[ChunkId]:
        return self._rows().scroll_ids()


def filter_text(allowed: Filter) -> str:
    """Return all that a filter says, in one order."""
    roles = None if allowed.roles is None else sorted(allowed.roles)
    keywords = {key: sorted(values) for key, values in sorted(allowed.keywords.items())}
    return f"{roles} {keywords} {allowed.after} {allowed.before}"


def _encoded_bytes(encoded: Encoded, dtype: type) -> bytes:
    sizes = np.array([len(encoded.token_ids), len(encoded.vector)], np.int64).tobytes()
    ids = encoded.token_ids.astype(np.int64).tobytes()
    return sizes + ids + encoded.vector.astype(np.float32).tobytes() + encoded.token_vectors.astype(dtype).tobytes()


def _encoded_of(content: bytes, dtype: type) -> Encoded:
    tokens, dim = np.frombuffer(content, np.int64, 2).tolist()
    ids = np.frombuffer(content, np.int64, tokens, 16)
    vector = np.frombuffer(content, np.float32, dim, 16 + 8 * tokens)
    vectors = np.frombuffer(content, dtype, offset=16 + 8 * tokens + 4 * dim).astype(np.float32).reshape(tokens, dim)
    return Encoded(vector, ids, vectors)


SCORED: Coding[list[Scored]] = Coding(
    encode=orjson.dumps, decode=lambda content: [(id_, score) for id_, score in orjson.loads(content)]
)
WHOLE = Coding(lambda made: _encoded_bytes(made, np.float32), lambda content: _encoded_of(content, np.float32))
HALVED = Coding(lambda made: _encoded_bytes(made, np.float16), lambda content: _encoded_of(content, np.float16))
