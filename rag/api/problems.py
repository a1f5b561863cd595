"""Every error as application/problem+json (RFC 9457), rendered in this one place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from rag.api.problem_schemas import FieldError, Problem, ProblemKind
from rag.api.security import HEADERS, request_id_of
from rag.errors import NotFoundError, RagError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
_CODES = {413: "too_large", 415: "unsupported_media_type", 422: "invalid_request"}
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # the same in every version of Python
_MESSAGES = {"string_unicode": "must not contain half of a surrogate pair"}
_DETAILS = {
    400: "The body is not JSON in UTF-8.",
    404: "There is nothing at this address. `GET /` lists the routes.",
    405: "This address does not take that method. The header `Allow` says which it takes.",
    413: "The body is larger than this service reads. Shorten it, or raise PLUMBLINE_API__MAX_BODY_BYTES.",
    422: "A field is unknown, missing or of the wrong type; `errors` says which.",
    415: "Send the body as JSON, with the header `Content-Type: application/json`.",
}

log = structlog.stdlib.get_logger("plumbline.api")


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, before it is tied to a request."""

    status: int
    code: str
    title: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    checks: dict[str, str] | None = None


BUG = Fault(
    500,
    "internal",
    "Something went wrong",
    "This is a fault of the service. Its log has the details under this request id.",
)


def install(app: FastAPI) -> None:
    """Let every error of the app be rendered here."""
    app.add_exception_handler(RagError, _on_rag_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return what a route's description says of the errors that it answers with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _phrase(status), "content": content} for status in (*statuses, 500)}


def described(code: str) -> ProblemKind:
    """Return what a code means. Raises NotFoundError."""
    for kind in _kinds(RagError):
        if kind.code == code:
            return ProblemKind(code=code, title=kind.title, status=kind.status, detail=kind.__doc__ or kind.title)
    for status, detail in _DETAILS.items():
        fault = _fault_of(status)
        if fault.code == code:
            return ProblemKind(code=code, title=fault.title, status=status, detail=detail)
    raise NotFoundError("There is no such kind of problem.")


def problem_of(request: Request, fault: Fault) -> Problem:
    """Return the problem document of a fault."""
    return Problem(
        type=f"/problems/{fault.code}",
        title=fault.title,
        status=fault.status,
        detail=fault.detail,
        instance=request.scope.get("raw_path", b"/").decode("ascii", "replace")[:512],
        code=fault.code,
        request_id=request_id_of(request),
        errors=list(fault.errors),
        checks=fault.checks,
    )


def fault_of(error: RagError) -> Fault:
    """Return the fault that an error is."""
    if error.status >= 500:
        log.warning("unavailable", code=error.code, reason=str(error))
    headers = {"Retry-After": "1"} if error.retryable else {}
    return Fault(error.status, error.code, error.title, str(error), headers=headers)


def respond(request: Request, fault: Fault) -> Response:
    """Return the response of a fault."""
    return Response(
        problem_of(request, fault).model_dump_json(exclude_none=True),
        status_code=fault.status,
        media_type=MEDIA_TYPE,
        headers=dict(fault.headers),
    )


async def _on_rag_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RagError)
    if request.url.path == "/v1/answers":
        request.app.state.metrics.failed(error.code)
    return respond(request, fault_of(error))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if isinstance(error.body, bytes):  # no JSON by its content type, so it was not parsed
        return respond(request, _fault_of(415))
    errors = [_field_error(each) for each in error.errors()[:MAX_ERRORS]]
    detail = "; ".join(f"{'.'.join(map(str, each.loc))}: {each.msg}" for each in errors[:3])
    fault = Fault(422, _CODES[422], "The request cannot be used as it is", detail, errors)
    return respond(request, fault)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return respond(request, _fault_of(error.status_code, str(error.detail), error.headers or {}))


async def _on_bug(request: Request, _error: Exception) -> Response:
    response = respond(request, BUG)
    # no middleware sees this one, and the server closes the connection after it
    response.headers.update(HEADERS | {"X-Request-ID": request_id_of(request), "Connection": "close"})
    return response


def _kinds(kind: type[RagError]) -> Iterator[type[RagError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)


def _fault_of(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Fault:
    code = _CODES.get(status, HTTPStatus(status).name.lower())
    return Fault(status, code, _phrase(status), _DETAILS.get(status, detail), headers=headers or {})


def _phrase(status: int) -> str:
    return _PHRASES.get(status, HTTPStatus(status).phrase)


def _field_error(error: Mapping[str, object]) -> FieldError:
    loc, kind = error["loc"], str(error["type"])
    assert isinstance(loc, tuple)
    return FieldError(loc=[_shown(part) for part in loc], msg=_MESSAGES.get(kind, str(error["msg"])), type=kind)


def _shown(part: str | int) -> str | int:
    """Return a part of a field's path; a name that the caller made up is cut, and valid text."""
    return part if isinstance(part, int) else part.encode("utf-8", "replace").decode()[:100]
