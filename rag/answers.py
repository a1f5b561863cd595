"""The vocabulary of what comes back: drafts, citations, answers, and the trace of how they came about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rag.config import Bundle
from rag.types import ChunkId, Encoded, Hit, Request, Scored

Status: TypeAlias = Literal["answered", "partial", "abstained", "refused", "queued", "in_review"]
NoticeKind: TypeAlias = Literal["degraded", "stale", "conflict", "shortened"]
ReasonCode: TypeAlias = Literal["nothing_found", "not_answered", "not_supported", "unclear_question"]


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence or table row of a hit, word for word."""

    text: str
    hit: int  # index into the hits
    start: int  # offsets into the canonical text of that hit's document
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a draft: one quote as it stands, or a model's words with the quotes that come nearest to them."""

    text: str
    quotes: tuple[Quote, ...]  # of the sources that it names; without one it is not supported
    score: float = 0.0  # how well it fits the question; scale of the answerer


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a language model and what they cost."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: str | None = "0"  # None where the price is unknown
    estimated: bool = False  # the model did not say: counted here, by another tokenizer
    model: str = ""  # that was asked, by the name that bundle or settings give it


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answerer proposes, before grounding: the best sentence first, then the others in reading order."""

    sentences: tuple[Sentence, ...]
    answerability: float  # calibrated, in [0, 1]
    considered: tuple["TracedSentence", ...] = ()
    answered_by: str = "extractive"
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Grounded:
    """A sentence with what supports it."""

    sentence: Sentence
    supported: bool
    score: float  # in [0, 1]
    missing: tuple[str, ...] = ()  # numbers, dates and names that no source contains


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that stands word for word at `[start:end]` of the document version it names."""

    marker: int
    document_id: str
    version: str
    chunk_id: ChunkId
    title: str
    uri: str
    page: int | None
    heading_path: tuple[str, ...]
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    text: str
    supported: bool
    score: float
    citations: tuple[int, ...]  # markers


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader must know about an answer."""

    kind: NoticeKind
    detail: str


@dataclass(frozen=True, slots=True)
class Cited:
    """The text of an answer with its markers, and what they point at."""

    text: str
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no answer, and what the reader can do."""

    code: ReasonCode
    detail: str


@dataclass(frozen=True, slots=True)
class Answer:
    id: str
    status: Status
    text: str
    reason: Reason | None
    answerability: float
    notices: tuple[Notice, ...]
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    answered_by: str
    revision: int
    generation: str
    bundle: str
    timings_ms: Mapping[str, float]
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class TracedHit:
    """One candidate's way through the search."""

    chunk_id: ChunkId
    document_id: str
    version: str
    title: str
    uri: str
    score: float
    scores: Mapping[str, float]
    fate: str  # "kept", or why it was dropped


@dataclass(frozen=True, slots=True)
class TracedSentence:
    """One sentence that an answerer read."""

    text: str
    chunk_id: ChunkId
    start: int
    end: int
    score: float
    support: float | None
    fate: str  # "quoted", or why it was not


@dataclass(frozen=True, slots=True)
class Trace:
    """What each stage did for one request."""

    question: str  # in canonical form
    legs: Mapping[str, tuple[Scored, ...]] = field(default_factory=dict)  # best first
    candidates: tuple[TracedHit, ...] = ()  # fused order
    sentences: tuple[TracedSentence, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search."""

    request: Request  # with the question in canonical form
    encoded: Encoded  # the question
    hits: tuple[Hit, ...]  # best first
    revision: int
    bundle: Bundle  # that decided it
    notices: tuple[Notice, ...]
    trace: Trace


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with its trace."""

    answer: Answer
    trace: Trace
