"""One question over HTTP: request, pipeline, then metrics and the query log."""

import time
from uuid import uuid4

from rag.answers import Answered, Found
from rag.api.metrics import Metrics
from rag.api.opening import Opening
from rag.api.schemas import AnswerRequest, SearchRequest
from rag.database.records import record_of_answer, record_of_search
from rag.settings import ApiSettings
from rag.telemetry import bind
from rag.types import Caller, Request


class Asking:
    """Asks the pipeline on behalf of callers."""

    def __init__(self, opening: Opening, metrics: Metrics, settings: ApiSettings) -> None:
        self._opening, self._metrics, self._settings = opening, metrics, settings

    def answer(self, body: AnswerRequest, caller: Caller) -> Answered:
        """Answer, count and record. Raises what the pipeline raises, and UnavailableError before it is open."""
        request = self._request(body, caller)
        answered = self._opening.service.pipeline.answer(request)
        answer = answered.answer
        bind(generation=answer.generation, bundle=answer.bundle)
        self._metrics.timed(answer.timings_ms)
        self._metrics.answered(answer.status)
        self._opening.records.keep(record_of_answer(request, answered))
        return answered

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
