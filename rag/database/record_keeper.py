"""Writes the query log in groups, by a thread of its own, off the answer's path."""

from collections import deque
from collections.abc import Sequence
from threading import Condition, Thread

import structlog

from rag.database.engine import Database
from rag.database.records import Record, write_records
from rag.errors import RagError

GROUP_RECORDS = 200
GROUP_S = 0.5  # with the write itself, a kill loses less than the last second
MAX_WAITING = 1000  # about 30 kB each
ATTEMPTS = 3
PAUSE_S = 1.0  # between attempts
CLOSE_TIMEOUT_S = 5.0

log = structlog.stdlib.get_logger("plumbline.records")


class RecordKeeper:
    """Keeps records within a second, and never makes an answer wait: what cannot be kept is counted and logged."""

    def __init__(self, records: Database, truth: Database) -> None:
        self.dropped = 0
        self._records, self._truth = records, truth
        self._waiting: deque[Record] = deque()
        self._changed = Condition()
        self._closing = False
        self._thread = Thread(target=self._run, name="records", daemon=True)
        self._thread.start()

    def keep(self, record: Record) -> None:
        """Take a record, to be on disk within a second."""
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
        if self._thread.is_alive():
            log.error("records_lost", records=len(self._waiting), reason="the query log could not be written in time")

    def _run(self) -> None:
        reported = 0
        while group := self._gather():
            self._write(group)
            if self.dropped > reported:
                log.error("records_dropped", records=self.dropped - reported, total=self.dropped)
                reported = self.dropped

    def _gather(self) -> list[Record]:
        """Return the next group; an empty one once all is written and the keeper is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting)
            self._changed.wait_for(lambda: self._closing or len(self._waiting) >= GROUP_RECORDS, GROUP_S)
            return [self._waiting.popleft() for _ in range(min(GROUP_RECORDS, len(self._waiting)))]

    def _write(self, group: Sequence[Record]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return write_records(self._records, self._truth, group)
            except RagError as error:  # answers go on without their log
                log.warning("records_not_written", records=len(group), attempt=attempt, reason=str(error))
                if not error.retryable or self._closes_within(PAUSE_S):
                    break
        self.dropped += len(group)
        return None

    def _closes_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, seconds)
