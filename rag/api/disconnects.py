"""Tells a request's work that its client has gone: a thread that waits for a model cannot see it."""

import asyncio
from threading import Event

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Disconnects:
    """Sets the flag `cancelled` in the state of requests to one path when their client breaks off."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != self._path:
            return await self._app(scope, receive, send)
        watched = _Watched(receive)
        scope.setdefault("state", {})["cancelled"] = watched.cancelled
        try:
            await self._app(scope, watched.receive, send)
        finally:
            watched.end()
        return None


class _Watched:
    """A request's messages; after the last of its body somebody listens all the time."""

    def __init__(self, receive: Receive) -> None:
        self.cancelled = Event()
        self._receive, self._gone = receive, asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def receive(self) -> Message:
        if self._listener:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        if not message.get("more_body", False):
            self._listener = asyncio.create_task(self._listen())
        return message

    def end(self) -> None:
        if self._listener:
            self._listener.cancel()

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.cancelled.set()
        self._gone.set()
