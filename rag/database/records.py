"""The query log: what was asked and answered, and which document versions each row shows."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    cast,
    delete,
    insert,
    select,
    true,
    tuple_,
    update,
)

from rag.answers import Answer, Answered, Found, Trace
from rag.database.engine import Database
from rag.database.records_tables import feedback, query_log, query_log_document
from rag.database.tables import versions
from rag.types import ALL_ROLES, Request

PAIRS_PER_STATEMENT = 500  # SQLite binds at most 32,766 values

VersionId = tuple[str, str]  # document id and version

# What shows a text of a document, and is emptied with it.
_BLANKED: tuple[tuple[Table, dict[str, str | None]], ...] = (
    (query_log, {"question": "", "answer": None, "trace": None}),
    (feedback, {"question": "", "comment": "", "quote": None}),
)


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


def write_records(database: Database, truth: Database, group: Sequence[Record]) -> None:
    """Write a group in one transaction; what shows a version that was pruned meanwhile arrives without texts."""
    with database.write() as connection:  # pruning waits for this lock, or has taken its versions away before
        present = present_versions(truth, {pair for record in group for pair in record.documents})
        kept = [record if present.issuperset(record.documents) else _without_texts(record) for record in group]
        connection.execute(insert(query_log), [_row(record) for record in kept])
        link_versions(connection, {record.id: record.documents for record in kept})


def link_versions(connection: Connection, shown: Mapping[str, Iterable[VersionId]]) -> None:
    """Write down which document versions rows show, by the rows' ids, so that they are blanked with them."""
    pairs = [(id_, *pair) for id_, documents in shown.items() for pair in documents]
    if links := [dict(zip(("record_id", "document_id", "version"), pair, strict=True)) for pair in pairs]:
        connection.execute(insert(query_log_document), links)


def linked_documents(connection: Connection, record_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return the ids of the documents that rows show, by the rows' ids; those that show none are absent."""
    links, found = query_log_document.c, dict[str, set[str]]()
    query = select(links.record_id, links.document_id).where(links.record_id.in_(record_ids))
    for record_id, document_id in connection.execute(query):
        found.setdefault(record_id, set()).add(document_id)
    return found


def unlink_versions(connection: Connection, *record_ids: str) -> None:
    """Forget which document versions rows show."""
    connection.execute(delete(query_log_document).where(query_log_document.c.record_id.in_(record_ids)))


def logged_versions(database: Database) -> set[VersionId]:
    """Return the document versions whose text stands somewhere in the log or in feedback."""
    with database.read() as connection:
        return _logged(connection)


def blank_all_but(database: Database, alive: set[VersionId]) -> int:
    """Empty the texts of what was logged, or said of an answer, and shows other versions; return how many rows.

    One write transaction: what the log shows is read under the lock that keeps others from adding to it.
    """
    if not database.exists:
        return 0
    with database.write() as connection:
        return sum(_blank_some(connection, part) for part in _parts(_logged(connection) - alive))


def _logged(connection: Connection) -> set[VersionId]:
    rows = connection.execute(select(*_pair(query_log_document)).distinct())
    return {(row.document_id, row.version) for row in rows}


def recent(database: Database, limit: int) -> list[Record]:
    """Return the newest rows of the log, newest first."""
    with database.read() as connection:
        rows = connection.execute(select(query_log).order_by(query_log.c.at.desc()).limit(limit)).mappings()
        return [Record(**{**row, "roles": tuple(row["roles"])}) for row in rows]


def _blank_some(connection: Connection, pairs: Sequence[VersionId]) -> int:
    showing = select(query_log_document.c.record_id).where(tuple_(*_pair(query_log_document)).in_(pairs))
    ids = connection.execute(showing.distinct()).scalars().all()
    for part in (ids[at : at + PAIRS_PER_STATEMENT] for at in range(0, len(ids), PAIRS_PER_STATEMENT)):
        for table, emptied in _BLANKED:
            connection.execute(update(table).where(table.c.id.in_(part)).values(emptied))
        unlink_versions(connection, *part)
    return len(ids)


def present_versions(truth: Database, pairs: Iterable[VersionId]) -> set[VersionId]:
    """Return those of the document versions that were not pruned."""
    with truth.read() as connection:
        return {
            (row.document_id, row.version)
            for part in _parts(pairs)
            for row in connection.execute(select(*_pair(versions)).where(tuple_(*_pair(versions)).in_(part)))
        }


def said_with(connection: Connection, table: Table, roles: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition under which a row was asked, or said, with these roles or some of them; table: either."""
    if ALL_ROLES in roles:
        return true()
    stored = cast(table.c.roles, Text)  # as JSON: few combinations, however many rows
    found = connection.execute(select(stored).distinct()).scalars()
    return stored.in_([each for each in found if roles.issuperset(orjson.loads(each))])


def _parts(pairs: Iterable[VersionId]) -> Iterator[list[VersionId]]:
    left = iter(sorted(set(pairs)))
    while part := list(islice(left, PAIRS_PER_STATEMENT)):
        yield part


def _pair(table: Table) -> tuple[Column[str], Column[str]]:
    return table.c.document_id, table.c.version


def _row(record: Record) -> dict[str, object]:
    return {column.name: getattr(record, column.name) for column in query_log.columns}


def _without_texts(record: Record) -> Record:
    return replace(record, question="", answer=None, trace=None, documents=())


def _listed(trace: Trace) -> set[VersionId]:
    return {(each.document_id, each.version) for each in trace.candidates}


def _json(content: Answer | Trace) -> str:
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY).decode()
