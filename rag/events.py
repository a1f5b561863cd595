"""What a question's way to its answer says as it goes, in order; the whole answer comes last."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rag.answers import Answered, AnswerSentence, Citation

Stage: TypeAlias = Literal["draft", "generate", "quote"]


@dataclass(frozen=True, slots=True)
class Begun:
    """The search is done: what is asked of what."""

    id: str
    revision: int
    generation: str
    bundle: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A stage begins that takes a while."""

    stage: Stage
    until: float | None = None  # time.monotonic() at which this stage is given up


@dataclass(frozen=True, slots=True)
class Passed:
    """A sentence that passed every check, at its place in the text of the answer."""

    sentence: AnswerSentence
    start: int
    end: int
    citations: tuple[Citation, ...]  # that no sentence before it had


Event: TypeAlias = Begun | Progress | Passed | Answered
