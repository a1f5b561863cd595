"""Labelled answers, a JSON line each: what grounding says of them, and what a person says."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import BaseModel, ValidationError, model_validator

from rag.api.schemas import GroundingRequest
from rag.config import validation_message
from rag.errors import UsageError
from rag.grounding import check_grounding
from rag.threshold import NEVER


class Label(BaseModel, extra="ignore", strict=True):
    """Whether the sources support an answer, as a person says; one of two names for it."""

    supported: bool | None = None
    hallucinated: bool | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Label":
        if self.supported is None and self.hallucinated is None:
            raise ValueError('say "supported": true or false')
        if self.supported is not None and self.supported == self.hallucinated:
            raise ValueError('"supported" and "hallucinated" contradict each other')
        return self

    @property
    def is_supported(self) -> bool:
        return self.supported if self.supported is not None else not self.hallucinated


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no labelled example."""

    line: int
    error: str


@dataclass(frozen=True, slots=True)
class Example:
    """score: NEVER where a number or date is missing, which no threshold makes supported."""

    score: float
    supported: bool


def read_examples(file: Path) -> Iterator[Example | BadLine]:
    """Yield the examples of a file in order, with what is none; blank lines are left out. Raises UsageError."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read(number, line)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error


def _read(number: int, line: bytes) -> Example | BadLine:
    try:
        return _example(line)
    except orjson.JSONDecodeError as error:
        return BadLine(number, f"not JSON: {error}")
    except ValidationError as error:
        return BadLine(number, validation_message(error))


def _example(line: bytes) -> Example:
    content = orjson.loads(line)
    label = Label.model_validate(content)
    request = GroundingRequest.model_validate(content, extra="ignore")
    report = check_grounding(request.question, request.sources, request.answer)
    missing = any(each.figure_missing for each in report.sentences) or not report.sentences
    return Example(NEVER if missing else report.score, label.is_supported)
