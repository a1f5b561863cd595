"""The addresses of the API: each a line of work."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from rag.api.asking import Asking
from rag.api.opening import Opening
from rag.api.problems import problems
from rag.api.schemas import (
    AnswerRequest,
    CitedAnswer,
    DocumentReply,
    GroundingReply,
    GroundingRequest,
    SearchReply,
    SearchRequest,
    document_reply,
    grounding_reply,
    search_reply,
)
from rag.api.security import CallerDep
from rag.api.streaming import EVENTS, event_stream, wants_events
from rag.api.view import POLICY, render_view
from rag.api.writing_slots import WritingSlots
from rag.database.reader import ReadDocument
from rag.errors import NotFoundError
from rag.types import Caller

_NAME = re.compile(r"[A-Za-z0-9._-]+")


async def _asking(request: Request) -> Asking:  # async: a plain dependency would take a thread of the pool
    asking: Asking = request.app.state.asking
    return asking


async def _opening(request: Request) -> Opening:
    opening: Opening = request.app.state.opening
    return opening


async def _slots(request: Request) -> WritingSlots:
    slots: WritingSlots = request.app.state.slots
    return slots


SlotsDep = Annotated[WritingSlots, Depends(_slots)]
AskingDep = Annotated[Asking, Depends(_asking)]
OpeningDep = Annotated[Opening, Depends(_opening)]
DocumentId = Annotated[str, Path(max_length=200)]
Version = Annotated[str | None, Query(max_length=200, description="Without it, the present version.")]
Offset = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="Code points into the document's text.")]

router = APIRouter(prefix="/v1")


@router.post(
    "/answers",
    operation_id="create_answer",
    response_model=CitedAnswer,
    responses=EVENTS | problems(409, 413, 415, 422, 503, 504),
)
async def create_answer(  # async: a model that is slow holds no thread of the pool
    request: Request, body: AnswerRequest, caller: CallerDep, asking: AskingDep, slots: SlotsDep
) -> CitedAnswer | Response:
    """Answer a question from what the caller may read, with citations, or say why there is no answer.

    With `Accept: text/event-stream` the sentences come one by one, each once it passed every check.
    """
    events = asking.answer(body, caller, request.state.cancelled)
    if wants_events(request):
        return await event_stream(request, slots.each(events))
    return CitedAnswer.model_validate((await slots.last(events)).answer)


@router.post("/search", operation_id="search", responses=problems(409, 413, 415, 422, 503, 504))
def search(body: SearchRequest, caller: CallerDep, asking: AskingDep) -> SearchReply:
    """Find the chunks that fit a question best."""
    return search_reply(asking.search(body, caller))


@router.get("/documents/{document_id}", operation_id="get_document", responses=problems(404, 422, 503))
def get_document(
    document_id: DocumentId, caller: CallerDep, opening: OpeningDep, version: Version = None
) -> DocumentReply:
    """Read a document with its chunks."""
    return document_reply(_read(opening, document_id, version, caller))


@router.get(
    "/documents/{document_id}/view",
    operation_id="view_document",
    response_class=HTMLResponse,
    responses=problems(404, 422, 503),
)
def view_document(
    document_id: DocumentId,
    caller: CallerDep,
    opening: OpeningDep,
    version: Version = None,
    start: Offset = None,
    end: Offset = None,
) -> HTMLResponse:
    """Show a document as a page, with the span marked; the fragment `#span` scrolls to it."""
    document = _read(opening, document_id, version, caller).document
    return HTMLResponse(render_view(document, start, end), headers={"Content-Security-Policy": POLICY})


@router.post("/checks/grounding", operation_id="check_grounding", responses=problems(413, 415, 422))
def check_answer(body: GroundingRequest) -> GroundingReply:
    """Say of every sentence of an answer whether its sources support it, and what they lack."""
    return grounding_reply(body)


def _read(opening: Opening, document_id: str, version: str | None, caller: Caller) -> ReadDocument:
    if not _NAME.fullmatch(document_id) or not _NAME.fullmatch(version or "-"):
        raise NotFoundError("There is no such document, or you may not read it.")
    return opening.service.reader.document(document_id, version, caller.roles)
