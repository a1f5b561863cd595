"""What goes in and out over HTTP; the fields are those of the public contract."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from rag.answers import Found, NoticeKind, ReasonCode, Status
from rag.database.reader import ReadDocument
from rag.grounding import MIN_SUPPORT, check_grounding
from rag.types import Filter, Hit

MAX_QUESTION_CHARS = 65_536  # of the field; the question's own limit is a setting
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _is_text(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not contain a NUL character or half of a surrogate pair")
    return text


def _is_day(value: object) -> object:
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("must be a day as YYYY-MM-DD")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Word = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_is_text)]
_WORD_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 512}
Words = Annotated[
    list[Word],
    BeforeValidator(_as_list),
    Field(min_length=1, max_length=100),
    WithJsonSchema({"anyOf": [_WORD_SCHEMA, {"type": "array", "items": _WORD_SCHEMA, "minItems": 1, "maxItems": 100}]}),
]
Day = Annotated[date, BeforeValidator(_is_day), Field(strict=False)]
QuestionText = Annotated[
    str,
    Field(
        max_length=MAX_QUESTION_CHARS,
        description="A question in a sentence or a few words.",
        examples=["How long is parental leave?"],
    ),
]
SourceText = Annotated[str, Field(max_length=10_000_000), AfterValidator(_is_text)]
BundleDigest = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="A bundle whose index is whole.")]


class Where(BaseModel, extra="forbid", strict=True):
    """Which documents to look in: equal to one of a list, per key; every key must match."""

    source: Words | None = None
    type: Words | None = None
    language: Words | None = None
    tag: Words | None = None
    owner: Words | None = None
    after: Day | None = Field(default=None, description="Document date on or after this day.")
    before: Day | None = Field(default=None, description="Document date on or before this day.")

    def as_filter(self) -> Filter:
        """Return the filter without roles: those are the caller's."""
        named = {name: getattr(self, name) for name in ("source", "type", "language", "tag", "owner")}
        keywords = {name: frozenset(words) for name, words in named.items() if words}
        return Filter(keywords=keywords, after=self.after, before=self.before)


class AnswerRequest(BaseModel, extra="forbid", strict=True):
    """A question to be answered with citations."""

    question: QuestionText
    where: Where = Where()
    bundle: BundleDigest | None = None


class SearchRequest(BaseModel, extra="forbid", strict=True):
    """A question to find chunks for."""

    question: QuestionText
    where: Where = Where()
    bundle: BundleDigest | None = None
    limit: int = Field(default=10, ge=1, le=100)


class NoticeBody(BaseModel, from_attributes=True):
    """Something a reader must know about the answer."""

    kind: NoticeKind
    detail: str


class ReasonBody(BaseModel, from_attributes=True):
    """Why there is no answer, and what the reader can do."""

    code: ReasonCode
    detail: str


class SentenceBody(BaseModel, from_attributes=True):
    """A sentence of the answer with the markers of its citations."""

    text: str
    supported: bool
    score: Share
    citations: list[Count]


class CitationBody(BaseModel, from_attributes=True):
    """A quote that stands word for word at `[start:end]` of that document version."""

    marker: int = Field(ge=1)
    document_id: str
    version: str
    chunk_id: str
    title: str
    uri: str
    page: int | None = Field(ge=1)
    heading_path: list[str]
    start: Count
    end: Count
    quote: str


class UsageBody(BaseModel, from_attributes=True):
    """Tokens of a language model; the cost is null where tokens or price are unknown."""

    input_tokens: Count
    output_tokens: Count
    cost_usd: str | None
    estimated: bool = Field(description="The model did not say: counted here, by another tokenizer.")


class CitedAnswer(BaseModel, from_attributes=True):
    """An answer, or why there is none."""

    id: str
    status: Status
    text: str
    reason: ReasonBody | None
    answerability: Share
    notices: list[NoticeBody]
    sentences: list[SentenceBody]
    citations: list[CitationBody]
    answered_by: str
    revision: Count
    generation: str
    bundle: str
    timings_ms: dict[str, float]
    usage: UsageBody


class HitBody(BaseModel):
    """A chunk that was found."""

    chunk_id: str
    document_id: str
    version: str
    uri: str
    title: str
    page: int | None = Field(ge=1)
    heading_path: list[str]
    start: Count
    end: Count
    text: str
    context: str
    score: float
    scores: dict[str, float]


class SearchReply(BaseModel):
    """The chunks that were found, best first."""

    hits: list[HitBody]
    notices: list[NoticeBody]
    revision: Count
    generation: str
    bundle: str
    timings_ms: dict[str, float]


class ChunkBody(BaseModel, from_attributes=True):
    """A chunk of a document: `text == document.text[start:end]`."""

    id: str
    start: Count
    end: Count
    text: str
    context: str


class DocumentReply(BaseModel):
    """A version of a document with its chunks in the serving generation, in order."""

    id: str
    version: str
    uri: str
    title: str
    type: str
    text: str
    chunks: list[ChunkBody]


class GroundingRequest(BaseModel, extra="forbid", strict=True):
    """An answer to be checked against its sources."""

    id: Word | int | None = None
    question: QuestionText = ""
    sources: list[SourceText] = Field(max_length=1000)
    answer: SourceText
    threshold: Share = Field(default=MIN_SUPPORT, description="The least score of a supported sentence.")


class CheckedSentence(BaseModel, from_attributes=True):
    """A sentence of the answer with the span that supports it best."""

    start: Count
    end: Count
    supported: bool
    score: Share
    source: Count | None = Field(description="Index into the sources; null where none comes near.")
    source_start: Count | None
    source_end: Count | None
    missing: list[str] = Field(description="Numbers, dates and names that no source contains.")
    quoted: bool = Field(description="Whether it stands word for word in that span.")


class GroundingReply(BaseModel):
    """Whether the sources support the answer, sentence by sentence."""

    id: str | int | None
    supported: bool
    score: Share
    sentences: list[CheckedSentence]


def search_reply(found: Found) -> SearchReply:
    """Return the body of a search."""
    return SearchReply(
        hits=[_hit(hit) for hit in found.hits],
        notices=[NoticeBody.model_validate(notice) for notice in found.notices],
        revision=found.revision,
        generation=found.bundle.index.digest,
        bundle=found.bundle.digest,
        timings_ms=dict(found.trace.timings_ms),
    )


def document_reply(found: ReadDocument) -> DocumentReply:
    """Return the body of a document."""
    document = found.document
    return DocumentReply(
        id=document.id,
        version=document.version,
        uri=document.uri,
        title=document.title,
        type=document.type,
        text=document.text,
        chunks=[ChunkBody.model_validate(chunk) for chunk in found.chunks],
    )


def grounding_reply(request: GroundingRequest) -> GroundingReply:
    """Return the outcome of a check."""
    report = check_grounding(request.question, request.sources, request.answer, request.threshold)
    sentences = [CheckedSentence.model_validate(sentence) for sentence in report.sentences]
    return GroundingReply(id=request.id, supported=report.supported, score=report.score, sentences=sentences)


def _hit(hit: Hit) -> HitBody:
    chunk, document = hit.chunk, hit.document
    return HitBody(
        chunk_id=chunk.id,
        document_id=document.id,
        version=document.version,
        uri=document.uri,
        title=document.title,
        page=chunk.page,
        heading_path=list(chunk.heading_path),
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        context=chunk.context,
        score=hit.score,
        scores=dict(hit.scores),
    )
