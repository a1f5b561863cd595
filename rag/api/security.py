"""Who asks, what each response carries, and what a request may weigh."""

import re
import time
from typing import Annotated
from uuid import uuid4

import structlog
from fastapi import Depends, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.telemetry import request_context
from rag.types import Caller

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_QUIET = {"/healthz", "/readyz", "/metrics"}  # asked every few seconds

log = structlog.stdlib.get_logger("plumbline.api")


def caller(request: Request) -> Caller:
    """Return who asks: the roles stand in the settings, never in a body or header."""
    return Caller(roles=frozenset(request.app.state.settings.api.roles), feature="api")


CallerDep = Annotated[Caller, Depends(caller)]


def request_id_of(request: Request) -> str:
    """Return the id that the guard gave this request, or took over from it."""
    return str(request.scope["state"]["request_id"])


class Guard:
    """The outermost layer: request id in and out, security headers, the body's size, one log line per request."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app, self._max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        with request_context(request_id):
            await self._app(scope, self._measured(receive), _marked(scope, send, request_id))
        return None

    def _measured(self, receive: Receive) -> Receive:
        # FastAPI's own limit answers in plain text, and only to bodies that say their length
        taken = 0

        async def measured() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body_bytes:
                raise HTTPException(413)
            return message

        return measured


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _marked(scope: Scope, send: Send, request_id: str) -> Send:
    started = time.perf_counter()

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = request_id
            _log(scope, message["status"], started)
        await send(message)

    return marked


def _log(scope: Scope, status: int, started: float) -> None:
    if scope["path"] not in _QUIET:
        took_ms = round((time.perf_counter() - started) * 1000, 1)
        path = scope["raw_path"].decode("ascii", "replace")[:200]  # decoded, it might steer a terminal
        log.info("request", method=scope["method"], path=path, status=status, latency_ms=took_ms)
