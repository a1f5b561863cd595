"""One question from the command line, over the pipeline that serves."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from rag.answers import Answered, Found
from rag.api import schemas
from rag.bootstrap import open_service
from rag.config import load_bundle
from rag.settings import Settings
from rag.terminal import caller_of, filter_of
from rag.types import Request


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as the command line gives it."""

    question: str
    roles: Sequence[str] | None = None
    where: Sequence[str] | None = None
    limit: int | None = None
    bundle: Path | None = None


def answer(settings: Settings, asking: Asking) -> Answered:
    """Answer one question. Raises what the pipeline raises, and UsageError for options."""
    request = _request(asking)
    with open_service(settings) as service:
        return service.pipeline.answer(request)


def search(settings: Settings, asking: Asking) -> Found:
    """Search for one question. Raises what the pipeline raises, and UsageError for options."""
    request = _request(asking)
    with open_service(settings) as service:
        return service.pipeline.search(request)


def answer_body(answered: Answered, *, explain: bool) -> dict[str, object]:
    """Return the body of the HTTP reply, with the trace where asked."""
    body = schemas.CitedAnswer.model_validate(answered.answer, from_attributes=True).model_dump(mode="json")
    return body | ({"trace": asdict(answered.trace)} if explain else {})


def search_body(found: Found) -> dict[str, object]:
    """Return the body of the HTTP reply."""
    return schemas.search_reply(found).model_dump(mode="json")


def _request(asking: Asking) -> Request:
    return Request(
        id=uuid4().hex,
        question=asking.question,
        caller=caller_of(asking.roles or ()),
        where=filter_of(asking.where or ()),
        bundle=load_bundle(asking.bundle) if asking.bundle else None,
        limit=asking.limit,
    )
