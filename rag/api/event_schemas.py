"""What each server-sent event of an answer holds."""

from typing import Self

from pydantic import BaseModel

from rag.api.schemas import CitationBody, Count, SentenceBody
from rag.events import Begun, Passed, Stage


class MetaBody(BaseModel):
    """Of event `meta`: what is asked of what."""

    id: str
    request_id: str
    revision: Count
    generation: str
    bundle: str

    @classmethod
    def of(cls, begun: Begun, request_id: str) -> Self:
        return cls(
            id=begun.id,
            request_id=request_id,
            revision=begun.revision,
            generation=begun.generation,
            bundle=begun.bundle,
        )


class ProgressBody(BaseModel):
    """Of event `progress`: the stage that begins."""

    stage: Stage


class SentenceEvent(SentenceBody):
    """Of event `sentence`: one that passed every check, at its place in the answer's text."""

    start: Count
    end: Count
    cited: list[CitationBody]  # the records of its markers that are new

    @classmethod
    def of(cls, passed: Passed) -> Self:
        sentence = SentenceBody.model_validate(passed.sentence).model_dump()
        cited = [CitationBody.model_validate(each) for each in passed.citations]
        return cls(**sentence, start=passed.start, end=passed.end, cited=cited)
