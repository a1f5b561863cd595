"""Question to cited answer, step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.extractive import SentenceCache, draft_extractive
from rag.answers import Answered, Found, Notice
from rag.citing import cite
from rag.errors import ModelMismatchError, SnapshotGoneError
from rag.fusion import fuse, ordered
from rag.grounding import ground
from rag.ports import Corpus, Embedder, Pointer, Reading, Reranker, Snapshot, Snapshots
from rag.replying import abstained, answered
from rag.reranking import compared_as, no_cross_encoder, rerank, shares, to_compare
from rag.retrieval import keep, readable, retrieve
from rag.screening import is_clear, screen
from rag.settings import QuestionLimits
from rag.tracing import Stopwatch, trace_of
from rag.types import ChunkId, Encoded, Request, Scored

ATTEMPTS = 3  # a snapshot may go while a refresh replaces a build; the pointer is read again


class Pipeline:
    """The one path from question to answer: what serves, what the workbench shows, and what experiments measure."""

    def __init__(
        self,
        corpus: Corpus,
        store: Snapshots,
        embedder_named: Callable[[str], Embedder],
        limits: QuestionLimits,
        *,
        reranker_named: Callable[[str], Reranker] = no_cross_encoder,
    ) -> None:
        self._corpus, self._store, self._embedder_named, self._limits = corpus, store, embedder_named, limits
        self._reranker_named = reranker_named
        self._sentences = SentenceCache()

    def search(self, request: Request) -> Found:
        """Return the hits that the caller may read at the current revision, best first, with the trace.

        Raises QuestionRejectedError, NoIndexError, NotReadyError, ModelMismatchError, DeadlineError, or the
        UnavailableError of what failed.
        """
        watch = Stopwatch(request.deadline)
        screened = screen(request, self._limits)
        for _ in range(ATTEMPTS - 1):
            try:
                return self._searched(screened, watch)
            except SnapshotGoneError:
                continue
        try:
            return self._searched(screened, watch)
        except SnapshotGoneError as error:
            advice = "Ask again; if this stays, `plumbline index refresh` makes the index anew."
            raise SnapshotGoneError(f"{error} {advice}") from error

    def answer(self, request: Request) -> Answered:
        """Answer from what the caller may read at the current revision, with citations and the trace.

        Raises what `search` raises.
        """
        watch = Stopwatch(request.deadline)
        with watch.stage("total"):
            found = self.search(request)
            watch.timings_ms.update(found.trace.timings_ms)
            reply = self._reply(found, watch)
        timings_ms = dict(watch.timings_ms)
        return Answered(replace(reply.answer, timings_ms=timings_ms), replace(reply.trace, timings_ms=timings_ms))

    def _reply(self, found: Found, watch: Stopwatch) -> Answered:
        config = found.bundle.answer
        if not is_clear(found.request.question):
            return abstained(found, "unclear_question")
        if not found.hits:
            return abstained(found, "nothing_found")
        with watch.stage("draft"):
            draft = draft_extractive(found, self._embedder_named(found.bundle.index.embedder), self._sentences, config)
        if not draft.sentences or draft.answerability < config.min_answerability:
            return abstained(found, "not_answered", draft)
        with watch.stage("ground"):
            grounded = ground(draft, found.hits, config.min_support)
        with watch.stage("cite"):
            cited = cite([each for each in grounded if each.supported], found.hits)
        if not cited.citations:
            return abstained(found, "not_supported", draft, grounded)
        return answered(found, draft, grounded, cited)

    def _searched(self, request: Request, watch: Stopwatch) -> Found:
        """Search at one moment of truth and store. Raises SnapshotGoneError where the store has moved on."""
        with self._corpus.reading(request.bundle) as reading:
            pointer = reading.pointer
            embedder = self._embedder_named(pointer.bundle.index.embedder)
            with watch.stage("embed"):
                encoded = embedder.encode([request.question])[0]
            asked = Asked(request, encoded, embedder, self._reranker_named)
            with self._store.snapshot(pointer.build, pointer.build_revision) as rows:
                found = _search(asked, reading, rows, watch)
        return replace(found, notices=found.notices + _shortened(encoded, embedder.max_tokens))


@dataclass(frozen=True, slots=True)
class Asked:
    """A screened request with its question as one embedder sees it."""

    request: Request
    encoded: Encoded
    embedder: Embedder
    reranker_named: Callable[[str], Reranker] = no_cross_encoder


def _search(asked: Asked, reading: Reading, rows: Snapshot, watch: Stopwatch) -> Found:
    pointer, request = reading.pointer, asked.request
    if pointer.embedder_id != (ours := asked.embedder.identity):
        raise ModelMismatchError(
            f"The index was made by embedder {pointer.embedder_id}, and this process has {ours}. "
            "Put the former model back, or index again with this one."
        )
    with watch.stage("retrieve"):
        legs, documents = readable(retrieve(rows, request, asked.encoded, pointer), reading, request)
    with watch.stage("fuse"):
        ranking = fuse(legs, pointer.bundle.query)
    with watch.stage("rerank"):
        compared = _compared(asked, rows, reading, to_compare(ranking, pointer.bundle.query))
        ranking = rerank(ranking, compared, pointer.bundle.query)
    scores = legs | ({compared_as(pointer.bundle.query): compared} if compared else {})
    with watch.stage("keep"):
        hits, fates = keep(ranking, request, pointer, documents, reading, scores)
    trace = trace_of(request, scores, ranking, documents, fates, watch)
    return Found(request, asked.encoded, hits, pointer.revision, pointer.bundle, _stale(pointer), trace)


def _compared(asked: Asked, rows: Snapshot, reading: Reading, ids: Sequence[ChunkId]) -> list[Scored]:
    """Return how close these chunks come to the question, as the bundle's reranker sees it."""
    if not ids:
        return []
    if model := reading.pointer.bundle.query.cross_encoder:
        chunks = reading.chunks(ids)
        scores = asked.reranker_named(model).scores(asked.request.question, [chunks[id_].indexed_text for id_ in ids])
        return ordered(dict(zip(ids, scores, strict=True)))
    embedder, encoded = asked.embedder, asked.encoded
    weights = shares(embedder.token_weights(encoded.token_ids))
    return rows.late_interaction(ids, embedder.project(encoded.token_vectors), weights)


def _shortened(encoded: Encoded, limit: int) -> tuple[Notice, ...]:
    if len(encoded.token_ids) < limit:
        return ()
    return (Notice("shortened", f"Only the first {limit} word pieces of the question were compared by meaning."),)


def _stale(pointer: Pointer) -> tuple[Notice, ...]:
    return (Notice("stale", pointer.stale),) if pointer.stale else ()
