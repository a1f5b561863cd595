"""Questions that got no answer, from the query log: what the corpus lacks, or the search misses."""

import time
from dataclasses import dataclass

from sqlalchemy import func, inspect, select

from rag.database.engine import Database
from rag.database.records_tables import query_log

_NO_ANSWER = ("abstained", "refused", "nothing_found")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One question that got no answer, however often."""

    question: str
    times: int
    last_at: float  # seconds since the epoch
    status: str  # one of "abstained", "refused" and, of a search, "nothing_found"


def unanswered(records: Database, within_s: float, limit: int) -> list[Unanswered]:
    """Return the questions of the last `within_s` that got no answer, the latest first.

    Nothing where nothing was ever logged; what was blanked with its document is left out.
    """
    if not records.exists:
        return []
    log = query_log.c
    wanted = (log.at > time.time() - within_s, log.status.in_(_NO_ANSWER), log.question != "")
    columns = (log.question, func.count().label("times"), func.max(log.at).label("last_at"), func.max(log.status))
    query = select(*columns).where(*wanted).group_by(log.question).order_by(func.max(log.at).desc()).limit(limit)
    with records.read() as connection:
        if not inspect(connection).has_table(query_log.name):
            return []
        return [Unanswered(*row) for row in connection.execute(query)]
