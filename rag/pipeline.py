"""Question to cited answer, step by step."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from rag.answering.extractive import SentenceCache, draft_extractive
from rag.answering.generative import Unasked, Writing, Written
from rag.answering.writer import Writer, model_shown
from rag.answers import Answered, Draft, Found, Notice
from rag.checkpoint import Checkpoint
from rag.errors import ModelMismatchError, SnapshotGoneError
from rag.events import Begun, Event, Progress
from rag.fusion import fuse, ordered
from rag.ports import Corpus, Embedder, Pointer, Reading, Reranker, Snapshot, Snapshots
from rag.replying import abstained, answered, in_place_of, written_answer, written_draft
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
        writer: Writer,
        *,
        reranker_named: Callable[[str], Reranker] = no_cross_encoder,
    ) -> None:
        self._corpus, self._store, self._embedder_named, self._limits = corpus, store, embedder_named, limits
        self._writer, self._reranker_named = writer, reranker_named
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

        Raises what `search` raises, and CancelledError.
        """
        *_, last = self.stream(request)
        assert isinstance(last, Answered)
        return last

    def stream(self, request: Request) -> Generator[Event, None, None]:
        """Yield each sentence of the answer once it has passed, and the answer itself last.

        search -> draft -> ground -> cite. No transaction is open between two events. Raises what `answer` raises.
        """
        watch = Stopwatch(request.deadline)
        with watch.stage("total"):
            found = self.search(request)
            watch.timings_ms.update(found.trace.timings_ms)
            yield Begun(found.request.id, found.revision, found.bundle.index.digest, found.bundle.digest)
            reply = yield from self._reply(found, watch)
        timings_ms = dict(watch.timings_ms)
        yield Answered(replace(reply.answer, timings_ms=timings_ms), replace(reply.trace, timings_ms=timings_ms))

    def _reply(self, found: Found, watch: Stopwatch) -> Generator[Event, None, Answered]:
        if not is_clear(found.request.question):
            return abstained(found, "unclear_question")
        if not found.hits:
            return abstained(found, "nothing_found")
        if found.bundle.answer.answerer == "generative":
            return (yield from self._written(found, watch))
        yield Progress("draft")
        quotes = self._draft(found, watch)
        if not _answers(quotes, found):
            return abstained(found, "not_answered", quotes)
        return (yield from _quoted(found, quotes, watch))

    def _draft(self, found: Found, watch: Stopwatch) -> Draft:
        with watch.stage("draft"):
            embedder = self._embedder_named(found.bundle.index.embedder)
            return draft_extractive(found, embedder, self._sentences, found.bundle.answer)

    def _written(self, found: Found, watch: Stopwatch) -> Generator[Event, None, Answered]:
        """Answer in a model's words, which it may look for while it is judged whether there is an answer at all."""
        until = self._writer.until(found.request)
        embedder = self._embedder_named(found.bundle.index.embedder)
        with closing(self._writer.begin(found, until, embedder)) as writing:
            if self._writer.early:
                yield Progress("generate", until)
                writing.ask()
            yield Progress("draft")
            quotes = self._draft(found, watch)
            if not _answers(quotes, found):
                return abstained(found, "not_answered", replace(quotes, usage=writing.usage()))
            if not self._writer.early:
                yield Progress("generate", until)
            return (yield from self._checked(found, quotes, writing, watch))

    def _checked(
        self, found: Found, quotes: Draft, writing: Writing | Unasked, watch: Stopwatch
    ) -> Generator[Event, None, Answered]:
        """Answer with what passes of a model's words; where nothing of them may be shown, in quotes."""
        checked = Checkpoint(found.hits, found.bundle.answer, watch)
        with watch.stage("generate"):
            for each in writing.sentences():
                if isinstance(each, Written):
                    written = each
                elif len(checked.cited.sentences) < found.bundle.answer.max_sentences:
                    yield from checked.check(each)
        if not checked.cited.sentences and written.fate != "not_answered":
            yield Progress("quote")
            watch.allow_late()  # the model took the time
            return (yield from _quoted(in_place_of(found, written), replace(quotes, usage=written.usage), watch))
        model = model_shown(self._writer.named(found), written.model)
        draft = written_draft(found, written, checked.grounded, quotes, model)
        if not checked.cited.sentences:
            return abstained(found, "not_answered", draft, checked.grounded)
        return written_answer(found, written, draft, checked.grounded, checked.cited)

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


def _answers(quotes: Draft, found: Found) -> bool:
    return bool(quotes.sentences) and quotes.answerability >= found.bundle.answer.min_answerability


def _quoted(found: Found, draft: Draft, watch: Stopwatch) -> Generator[Event, None, Answered]:
    """Answer in the documents' own words."""
    checked = Checkpoint(found.hits, found.bundle.answer, watch)
    for sentence in draft.sentences:
        yield from checked.check(sentence)
    if not checked.cited.sentences:
        return abstained(found, "not_supported", draft, checked.grounded)
    return answered(found, draft, checked.grounded, checked.cited)
