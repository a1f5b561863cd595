"""An event loop in a thread of its own: what runs there can be cut off at any moment, also while it waits."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Coroutine, Generator
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

    def read(self, source: AsyncGenerator[T, None], until: float, cancelled: Event) -> Generator[T, None, None]:
        """Yield what a source yields, and end it with this iterator.

        until: time.monotonic(). Raises ModelTimeoutError, CancelledError, and what the source raises.
        """
        queue: SimpleQueue[T | _End] = SimpleQueue()
        running = asyncio.run_coroutine_threadsafe(_drain(source, queue), self._loop)
        try:
            while not isinstance(item := _next(queue, until, cancelled), _End):
                yield item
            running.result(_END_S)  # raises what ended it
        finally:
            running.cancel()

    def close(self, connections: Coroutine[None, None, None]) -> None:
        """End all sources, then the connections that they used."""
        asyncio.run_coroutine_threadsafe(_ended(connections), self._loop).result(_END_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


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
