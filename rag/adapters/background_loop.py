"""An event loop in a thread of its own: what runs there can be cut off at any moment, also while it waits."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from queue import Empty, SimpleQueue
from threading import Event
from typing import Generic, TypeVar

from rag.errors import CancelledError, ModelTimeoutError

T = TypeVar("T")
_POLL_S = 0.05
_END_S = 5  # that ending a call may take


class _End:
    pass


class BackgroundLoop(Generic[T]):
    """Asynchronous sources, read from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True)
        self._thread.start()

    def begin(self, source: AsyncGenerator[T, None], until: float, cancelled: Event) -> "UnderWay[T]":
        """Set a source going, and return what it yields.

        until: time.monotonic().
        """
        return UnderWay(source, self._loop, until, cancelled)

    def close(self, connections: Coroutine[None, None, None]) -> None:
        """End all sources, then the connections that they used."""
        asyncio.run_coroutine_threadsafe(_ended(connections), self._loop).result(_END_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class UnderWay(Generic[T]):
    """What a source yields, as it comes; closing this ends the source, and so does any error.

    Raises ModelTimeoutError, CancelledError, and what the source raises.
    """

    def __init__(
        self, source: AsyncGenerator[T, None], loop: asyncio.AbstractEventLoop, until: float, cancelled: Event
    ) -> None:
        self._until, self._cancelled = until, cancelled
        self._queue: SimpleQueue[T | _End] = SimpleQueue()
        self._running = asyncio.run_coroutine_threadsafe(_drain(source, self._queue), loop)

    def __iter__(self) -> "UnderWay[T]":
        return self

    def __next__(self) -> T:
        try:
            item = _next(self._queue, self._until, self._cancelled)
        except (ModelTimeoutError, CancelledError):
            self.close()
            raise
        if isinstance(item, _End):
            self._queue.put(item)
            self._running.result(_END_S)  # raises what ended it
            raise StopIteration
        return item

    def close(self) -> None:
        """End the source, where it has not ended."""
        self._running.cancel()


async def _ended(connections: Coroutine[None, None, None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await connections


async def _drain(source: AsyncGenerator[T, None], queue: "SimpleQueue[T | _End]") -> None:
    try:
        async with aclosing(source):
            async for item in source:
                queue.put(item)
    finally:
        queue.put(_End())


def _next(queue: "SimpleQueue[T | _End]", until: float, cancelled: Event) -> T | _End:
    while not cancelled.is_set():
        left = until - time.monotonic()
        if left <= 0:
            raise ModelTimeoutError("The language model did not answer in time.")
        try:
            return queue.get(timeout=min(_POLL_S, left))
        except Empty:
            continue
    raise CancelledError("Whoever asked has gone.")
