"""The query log: what was asked and answered, written in groups by a thread of its own, off the answer's path."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from threading import Condition, Thread
from typing import Literal

import orjson
import structlog
from sqlalchemy import Connection, and_, delete, insert, or_, select, tuple_, update

from rag.database.engine import Database
from rag.database.records_tables import blanked_version, query_log, query_log_document
from rag.errors import RagError
from rag.types import Answered, Found, Request, Trace

GROUP_RECORDS = 200
GROUP_S = 0.5  # with the write itself, a kill loses less than the last second
MAX_WAITING = 1000  # about 30 kB each
ATTEMPTS = 3
CLOSE_TIMEOUT_S = 5.0
KEEP_BLANKED_S = 86_400.0  # far longer than an answer takes to reach the log
PAIRS_PER_STATEMENT = 500  # SQLite binds at most 32,766 values

VersionId = tuple[str, str]  # document id and version
log = structlog.stdlib.get_logger("plumbline.records")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the query log."""

    id: str
    at: float  # seconds since the epoch, when it was asked
    kind: Literal["answers", "search"]
    question: str
    roles: tuple[str, ...]
    status: str
    reason_code: str | None
    answerability: float | None
    answer: str | None  # JSON; None for a search, and where it was blanked
    trace: str | None  # JSON; None where it was blanked
    timings_ms: dict[str, float]
    revision: int
    generation: str
    bundle: str
    user: str
    feature: str
    session: str
    documents: tuple[VersionId, ...] = ()  # that its texts are taken from


def record_of_answer(request: Request, answered: Answered) -> Record:
    """Return the log's row of an answer."""
    answer, trace = answered.answer, answered.trace
    cited = {(each.document_id, each.version) for each in answer.citations}
    return Record(
        id=answer.id,
        at=time.time() - answer.timings_ms.get("total", 0) / 1000,
        kind="answers",
        question=trace.question,
        roles=tuple(sorted(request.caller.roles)),
        status=answer.status,
        reason_code=answer.reason.code if answer.reason else None,
        answerability=answer.answerability,
        answer=_json(answer),
        trace=_json(trace),
        timings_ms=dict(answer.timings_ms),
        revision=answer.revision,
        generation=answer.generation,
        bundle=answer.bundle,
        user=request.caller.user,
        feature=request.caller.feature,
        session=request.caller.session,
        documents=tuple(sorted(cited | _listed(trace))),
    )


def record_of_search(found: Found) -> Record:
    """Return the log's row of a search."""
    caller = found.request.caller
    return Record(
        id=found.request.id,
        at=time.time() - sum(found.trace.timings_ms.values()) / 1000,
        kind="search",
        question=found.trace.question,
        roles=tuple(sorted(caller.roles)),
        status="found" if found.hits else "nothing_found",
        reason_code=None,
        answerability=None,
        answer=None,
        trace=_json(found.trace),
        timings_ms=dict(found.trace.timings_ms),
        revision=found.revision,
        generation=found.bundle.index.digest,
        bundle=found.bundle.digest,
        user=caller.user,
        feature=caller.feature,
        session=caller.session,
        documents=tuple(sorted(_listed(found.trace))),
    )


class RecordKeeper:
    """Writes records within a second, and never makes an answer wait: what cannot be kept is counted and logged."""

    def __init__(self, database: Database) -> None:
        self.dropped = 0
        self._database = database
        self._waiting: deque[Record] = deque()
        self._changed = Condition()
        self._closing = False
        self._thread = Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def keep(self, record: Record) -> None:
        """Take a record; it is on disk within a second."""
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                self.dropped += 1
                return
            self._waiting.append(record)
            self._changed.notify()

    def close(self) -> None:
        """Write what is waiting, for at most five seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive() or self._waiting:
            log.error("records_lost", records=len(self._waiting), detail="the query log could not be written in time")

    def _run(self) -> None:
        reported = 0
        while group := self._gather():
            self._write(group)
            if self.dropped > reported:
                log.warning("records_dropped", records=self.dropped - reported, total=self.dropped)
                reported = self.dropped

    def _gather(self) -> list[Record]:
        """Return the next group; an empty one when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            self._changed.wait_for(lambda: self._closing or len(self._waiting) >= GROUP_RECORDS, GROUP_S)
            return [self._waiting.popleft() for _ in range(min(GROUP_RECORDS, len(self._waiting)))]

    def _write(self, group: Sequence[Record]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                write_records(self._database, group)
            except RagError as error:  # answers go on without their log
                log.warning("records_not_written", records=len(group), attempt=attempt, reason=str(error))
                if self._closing or not error.retryable:
                    break
            else:
                return
        self.dropped += len(group)


def write_records(database: Database, group: Sequence[Record]) -> None:
    """Write a group in one transaction; what quotes a version that was blanked meanwhile arrives blank."""
    with database.write() as connection:
        gone = _blanked_since(connection, min(record.at for record in group))
        rows = [_row(_without_texts(record) if _quotes(record, gone) else record) for record in group]
        connection.execute(insert(query_log), rows)
        links = [
            {"record_id": record.id, "document_id": document_id, "version": version}
            for record in group
            for document_id, version in record.documents
        ]
        if links:
            connection.execute(insert(query_log_document), links)


def blank(database: Database, gone: Iterable[VersionId]) -> int:
    """Empty question, answer and trace of the rows that quote or list these versions, and return their number.

    Records still on their way are emptied when they arrive.
    """
    if not database.exists:
        return 0
    now, pairs = time.time(), iter(sorted(set(gone)))
    with database.write() as connection:
        connection.execute(delete(blanked_version).where(blanked_version.c.at < now - KEEP_BLANKED_S))
        return sum(_blank_some(connection, part, now) for part in iter(lambda: list(islice(pairs, PAIRS_PER_STATEMENT)), []))


def recent(database: Database, limit: int) -> list[Record]:
    """Return the newest rows of the log, newest first."""
    with database.read() as connection:
        rows = connection.execute(select(query_log).order_by(query_log.c.at.desc()).limit(limit)).mappings().all()
        links = _links(connection, [row["id"] for row in rows])
        return [
            Record(**{**row, "roles": tuple(row["roles"])}, documents=tuple(links.get(row["id"], ()))) for row in rows
        ]


def _blank_some(connection: Connection, pairs: Sequence[VersionId], now: float) -> int:
    connection.execute(delete(blanked_version).where(_among(blanked_version, pairs)))
    connection.execute(
        insert(blanked_version), [{"document_id": each, "version": version, "at": now} for each, version in pairs]
    )
    quoting = select(query_log_document.c.record_id).where(_among(query_log_document, pairs))
    filled = or_(query_log.c.question != "", query_log.c.answer.isnot(None), query_log.c.trace.isnot(None))
    changed = update(query_log).where(and_(query_log.c.id.in_(quoting), filled))
    return connection.execute(changed.values(question="", answer=None, trace=None)).rowcount
