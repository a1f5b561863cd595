"""How many answers a model writes at once: in threads of their own, so that slow models leave searches theirs."""

import time
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager

from anyio import CancelScope, CapacityLimiter, Semaphore, move_on_after
from anyio.to_thread import run_sync

from rag.answers import Answered
from rag.events import Event, Progress


class WritingSlots:
    """Runs the generators that answer questions."""

    def __init__(self, concurrency: int) -> None:
        self._slots, self._threads = Semaphore(concurrency), CapacityLimiter(concurrency)

    async def last(self, events: Generator[Event, None, None]) -> Answered:
        """Return the answer alone, in as few steps as there are pools of threads."""
        try:
            event = await run_sync(_to_model_or_end, events)
            if isinstance(event, Progress):
                async with self._slot(event) as threads:
                    event = await run_sync(_to_end, events, limiter=threads)
        finally:
            await _closed(events)
        assert isinstance(event, Answered)
        return event

    async def each(self, events: Generator[Event, None, None]) -> AsyncIterator[Event]:
        """Yield the events as they come; who leaves early ends the work."""
        try:
            while (event := await run_sync(next, events, None)) is not None:
                yield event
                if _waits_for_model(event):
                    break
            if isinstance(event, Progress):
                async with self._slot(event) as threads:
                    while (event := await run_sync(next, events, None, limiter=threads)) is not None:
                        yield event
        finally:
            await _closed(events)

    @asynccontextmanager
    async def _slot(self, waits: Progress) -> AsyncIterator[CapacityLimiter | None]:
        """Wait as long as the model has time; then go on without a slot, to find that there is none left."""
        left_s = None if waits.until is None else max(waits.until - time.monotonic(), 0)
        with move_on_after(left_s) as waiting:
            await self._slots.acquire()
        try:
            yield None if waiting.cancelled_caught else self._threads
        finally:
            if not waiting.cancelled_caught:
                self._slots.release()


def _waits_for_model(event: Event) -> bool:
    return isinstance(event, Progress) and event.stage == "generate"


def _to_model_or_end(events: Generator[Event, None, None]) -> Event | None:
    return next((event for event in events if _waits_for_model(event) or isinstance(event, Answered)), None)


def _to_end(events: Generator[Event, None, None]) -> Event | None:
    return next((event for event in events if isinstance(event, Answered)), None)


async def _closed(events: Generator[Event, None, None]) -> None:
    with CancelScope(shield=True):
        await run_sync(events.close)
