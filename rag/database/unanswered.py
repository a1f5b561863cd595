"""Questions that got no answer, from the query log: what the corpus lacks, or the search misses."""

import time
from dataclasses import dataclass

from sqlalchemy import func, select

from rag.database.engine import Database
from rag.database.records import said_with
from rag.database.records_tables import query_log
from rag.types import ALL_ROLES

_NO_ANSWER = ("abstained", "refused", "nothing_found")
_ALL: frozenset[str] = frozenset({ALL_ROLES})


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question that got no answer, however often."""

    question: str
    times: int
    last_at: float  # seconds since the epoch
    status: str  # what it got last: one of "abstained", "refused" and, of a search, "nothing_found"


def unanswered(records: Database, within_s: float, limit: int, roles: frozenset[str] = _ALL) -> list[Unanswered]:
    """Return the questions of the last `within_s` that got no answer, the latest first.

    Nothing where nothing was ever logged; what was blanked with its document is left out, and what was asked by
    somebody with more than these roles.
    """
    if not records.holds(query_log.name):
        return []
    with records.read() as connection:
        log = query_log.c
        wanted = (log.at > time.time() - within_s, log.status.in_(_NO_ANSWER), log.question != "")
        times = func.count().over(partition_by=log.question).label("times")
        nth = func.row_number().over(partition_by=log.question, order_by=log.at.desc()).label("nth")
        columns = (log.question, times, log.at.label("last_at"), log.status, nth)
        asked = select(*columns).where(*wanted, said_with(connection, query_log, roles)).subquery().c
        last = select(asked.question, asked.times, asked.last_at, asked.status).where(asked.nth == 1)
        return [Unanswered(*row) for row in connection.execute(last.order_by(asked.last_at.desc()).limit(limit))]
