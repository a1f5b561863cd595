"""What each stage did for one request: times and fates."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import get_args

from rag.answers import Draft, Grounded, Trace, TracedHit, TracedSentence
from rag.errors import DeadlineError
from rag.types import ChunkId, DocumentInfo, Leg, Request, Scored


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds per stage of one request."""

    deadline: float | None = None  # time.monotonic()
    timings_ms: dict[str, float] = field(default_factory=dict)

    def allow_late(self) -> None:
        """Let the stages to come begin after the deadline: they are short, and an answer is better than an error."""
        self.deadline = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, or one more part of it. Raises DeadlineError when it would begin too late to be of use."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise DeadlineError(f"The deadline passed before the stage {name!r}. Try again, or allow more time.")
        started = time.perf_counter()
        yield
        took_ms = (time.perf_counter() - started) * 1000
        self.timings_ms[name] = round(self.timings_ms.get(name, 0.0) + took_ms, 3)


def trace_of(
    request: Request,
    scored: Mapping[str, Sequence[Scored]],
    ranking: Sequence[Scored],
    documents: Mapping[ChunkId, DocumentInfo],
    fates: Mapping[ChunkId, str],
    watch: Stopwatch,
) -> Trace:
    """Return the trace of a search: every candidate that the caller may read, with its scores and what became of it.

    scored: by leg and, where there is one, by reranker.
    """
    scores = {name: dict(each) for name, each in scored.items()}
    return Trace(
        question=request.question,
        legs={name: tuple(scored[name]) for name in get_args(Leg) if name in scored},
        candidates=tuple(_candidate(scored, documents[scored[0]], scores, fates[scored[0]]) for scored in ranking),
        timings_ms=dict(watch.timings_ms),
    )


def with_sentences(trace: Trace, draft: Draft, grounded: Sequence[Grounded] = ()) -> Trace:
    """Return the trace with the sentences that the answerer read, their support, and why they were dropped."""
    support = {
        (quote.start, quote.end, each.sentence.text): each for each in grounded for quote in each.sentence.quotes
    }
    read = tuple(_supported(each, support.get((each.start, each.end, each.text))) for each in draft.considered)
    return replace(trace, sentences=read)


def _supported(sentence: TracedSentence, grounded: Grounded | None) -> TracedSentence:
    if grounded is None:
        return sentence
    fate = sentence.fate if grounded.supported else f"not supported: {', '.join(grounded.missing) or 'too little'}"
    return replace(sentence, support=grounded.score, fate=fate)


def _candidate(
    scored: Scored, document: DocumentInfo, scores: Mapping[str, Mapping[ChunkId, float]], fate: str
) -> TracedHit:
    chunk_id, score = scored
    by_leg = {name: leg[chunk_id] for name, leg in scores.items() if chunk_id in leg}  # rounded by the store
    return TracedHit(chunk_id, document.id, document.version, document.title, document.uri, score, by_leg, fate)
