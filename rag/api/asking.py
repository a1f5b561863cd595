"""One question over HTTP: request, pipeline, then metrics and the query log."""

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from threading import Event as Flag
from uuid import uuid4

from rag.answers import Answered, Found
from rag.api.metrics import Metrics
from rag.api.opening import Opening
from rag.api.schemas import AnswerRequest, SearchRequest
from rag.database.records import record_of_answer, record_of_search
from rag.events import Begun, Event
from rag.settings import ApiSettings
from rag.telemetry import bind
from rag.types import Caller, Request


class Asking:
    """Asks the pipeline on behalf of callers."""

    def __init__(self, opening: Opening, metrics: Metrics, settings: ApiSettings) -> None:
        self._opening, self._metrics, self._settings = opening, metrics, settings

    def answer(self, body: AnswerRequest, caller: Caller, cancelled: Flag) -> Generator[Event, None, None]:
        """Yield an answer as it comes about; count and record it before it is given.

        Raises what the pipeline raises, and UnavailableError before it is open.
        """
        request = replace(self._request(body, caller), cancelled=cancelled)
        with closing(self._opening.service.pipeline.stream(request)) as events:
            for event in events:
                if isinstance(event, Begun):
                    bind(generation=event.generation, bundle=event.bundle)
                elif isinstance(event, Answered):
                    self._keep(request, event)
                yield event

    def _keep(self, request: Request, answered: Answered) -> None:
        answer = answered.answer
        self._metrics.timed(answer.timings_ms)
        self._metrics.answered(answer.status)
        self._metrics.spent(answer.usage)
        self._opening.records.keep(record_of_answer(request, answered))

    def search(self, body: SearchRequest, caller: Caller) -> Found:
        """Search, count and record. Raises what the pipeline raises, and UnavailableError before it is open."""
        found = self._opening.service.pipeline.search(self._request(body, caller, body.limit))
        bind(generation=found.bundle.index.digest, bundle=found.bundle.digest)
        self._metrics.timed(found.trace.timings_ms)
        self._opening.records.keep(record_of_search(found))
        return found

    def _request(self, body: AnswerRequest | SearchRequest, caller: Caller, limit: int | None = None) -> Request:
        # an id of our own: the caller's request id may come twice
        return Request(
            id=uuid4().hex,
            question=body.question,
            caller=caller,
            where=body.where.as_filter(),
            bundle=body.bundle,
            limit=limit,
            deadline=time.monotonic() + self._settings.deadline_s,
        )
