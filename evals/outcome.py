"""What one question got: its ranking and its answer, before any metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "empty", "error", "timeout"]
Scoring: TypeAlias = Literal["strict", "chroma"]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a document's canonical text, in code points."""

    doc: str  # the document's uri
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RankedChunk:
    """A chunk in a ranking, best first: what stands before the `top_k` cut."""

    id: str
    place: Place
    tokens: int  # of its text, by the embedder's tokenizer


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """What the reader saw."""

    status: str  # answered, partial, abstained, refused
    text: str
    answerability: float
    quotes: tuple[Place, ...]  # cited places in the order of the answer's sentences
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0  # None: the price is unknown

    @property
    def abstained(self) -> bool:
        return self.status in {"abstained", "refused"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one question got. A failure has a state and no numbers."""

    case_id: str
    state: State
    error: str = ""
    ranking: tuple[RankedChunk, ...] = ()
    kept: int = 0  # of the ranking, given to the answerer
    answer: AnswerOutcome | None = None  # None: only retrieved, or failed
    timings_ms: Mapping[str, float] = field(default_factory=dict)  # by stage, of when it was computed
    tied_at_cut: bool = False  # the last chunk that was used and the first that was not had the same score
