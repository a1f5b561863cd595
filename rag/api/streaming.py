"""Answers as server-sent events: each sentence as soon as it has passed, the whole answer last."""

from collections.abc import AsyncIterator
from itertools import count

from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel

from rag.answers import Answered
from rag.api.event_schemas import MetaBody, ProgressBody, SentenceEvent
from rag.api.problems import BUG, fault_of, problem_of
from rag.api.schemas import CitedAnswer, UsageBody
from rag.api.security import request_id_of
from rag.errors import RagError
from rag.events import Begun, Event, Passed, Progress

MEDIA_TYPE = "text/event-stream"
_DESCRIBED = "Events `meta`, `progress`, `sentence`, `usage` and `done`, which holds the answer; or `error`, a problem."
_EVENTS: dict[str, object] = {
    "description": "The answer.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string", "description": _DESCRIBED}}},
}
EVENTS: dict[int | str, dict[str, object]] = {200: _EVENTS}  # of a route's description


def wants_events(request: Request) -> bool:
    """Whether the client asks for events."""
    return MEDIA_TYPE in request.headers.get("accept", "").lower()


async def event_stream(request: Request, events: AsyncIterator[Event]) -> EventSourceResponse:
    """Return the response once the search is done. Raises what the search raises: nothing has been sent then."""
    begun = await anext(events)
    return EventSourceResponse(_lines(request, begun, events), headers={"X-Accel-Buffering": "no"})


async def _lines(request: Request, begun: Event, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    numbers = count(1)
    for body in _bodies(request, begun):
        yield _line(next(numbers), *body)
    try:
        async for event in events:
            for body in _bodies(request, event):
                yield _line(next(numbers), *body)
    except RagError as error:
        request.app.state.metrics.failed(error.code)
        yield _line(next(numbers), "error", problem_of(request, fault_of(error)))
    except Exception:
        yield _line(next(numbers), "error", problem_of(request, BUG))
        raise  # so that the server logs it


def _bodies(request: Request, event: Event) -> list[tuple[str, BaseModel]]:
    match event:
        case Begun():
            return [("meta", MetaBody.of(event, request_id_of(request)))]
        case Progress():
            return [("progress", ProgressBody(stage=event.stage))]
        case Passed():
            return [("sentence", SentenceEvent.of(event))]
        case Answered():
            usage = UsageBody.model_validate(event.answer.usage)
            return [("usage", usage), ("done", CitedAnswer.model_validate(event.answer))]


def _line(number: int, name: str, body: BaseModel) -> bytes:
    content = body.model_dump_json(exclude_none=name == "error")
    return format_sse_event(data_str=content, event=name, id=str(number))
