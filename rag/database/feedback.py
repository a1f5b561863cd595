"""What people said of answers: up or down, a comment, and where the right answer stands."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from sqlalchemy import Row, delete, insert, select

from rag.answers import Answer
from rag.database import schema
from rag.database.engine import Database
from rag.database.reader import DocumentReader
from rag.database.records import (
    VersionId,
    link_versions,
    linked_documents,
    present_versions,
    said_with,
    unlink_versions,
)
from rag.database.records_tables import feedback
from rag.types import ALL_ROLES, Caller, Document

Rating: TypeAlias = Literal["up", "down"]
_ALL: frozenset[str] = frozenset({ALL_ROLES})
_LOOKED_THROUGH = 4  # times as many as are wanted: some may not be shown


@dataclass(frozen=True, slots=True)
class RightSpan:
    """Where the right answer stands: `quote == text[start:end]` of that document version."""

    document_id: str
    version: str
    start: int
    end: int
    quote: str | None  # None where it was blanked with its document


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one person said of one answer."""

    question: str  # empty where it was blanked, as the comment
    rating: Rating | None
    comment: str
    status: str  # of the answer
    request_id: str
    revision: int
    generation: str
    bundle: str
    caller: Caller
    span: RightSpan | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    at: float = field(default_factory=time.time)  # seconds since the epoch


def feedback_on(
    answer: Answer, question: str, caller: Caller, rating: Rating | None, comment: str, span: RightSpan | None = None
) -> Feedback:
    """Return what a caller says of an answer that was given to this question."""
    return Feedback(
        question=question,
        rating=rating,
        comment=comment.strip(),
        status=answer.status,
        request_id=answer.id,
        revision=answer.revision,
        generation=answer.generation,
        bundle=answer.bundle,
        caller=caller,
        span=span,
    )


def keep_feedback(records: Database, truth: Database, given: Feedback, shown: Iterable[VersionId] = ()) -> None:
    """Write feedback down, so that it goes with its span's document and with the versions that were shown.

    It takes the place of what was said under the same id. Where one of the versions was pruned meanwhile, it arrives
    without texts.
    """
    schema.upgrade(records, "records")
    documents = set(shown) | ({(given.span.document_id, given.span.version)} if given.span else set())
    with records.write() as connection:  # pruning waits for this lock, or has taken its versions away before
        whole = present_versions(truth, documents) == documents
        unlink_versions(connection, given.id)
        connection.execute(delete(feedback).where(feedback.c.id == given.id))
        connection.execute(insert(feedback).values(_row(given if whole else _without_texts(given))))
        link_versions(connection, {given.id: sorted(documents) if whole else ()})


def recent_feedback(records: Database, limit: int, roles: frozenset[str] = _ALL) -> list[Feedback]:
    """Return what was said last, newest first; nothing where nobody ever said anything.

    What was said by somebody with more than these roles is left out.
    """
    if not records.holds(feedback.name):
        return []
    with records.read() as connection:
        query = select(feedback).where(said_with(connection, feedback, roles))
        rows = connection.execute(query.order_by(feedback.c.at.desc()).limit(limit)).all()
    return [_feedback(row) for row in rows]


def readable_feedback(records: Database, truth: DocumentReader, limit: int, roles: frozenset[str]) -> list[Feedback]:
    """Return the latest feedback that still has its question, where these roles may read all documents it shows now."""
    said = [each for each in recent_feedback(records, limit * _LOOKED_THROUGH, roles) if each.question]
    if not said:
        return []
    with records.read() as connection:
        shown = linked_documents(connection, [each.id for each in said])
    readable = truth.readable({id_ for ids in shown.values() for id_ in ids}, roles)
    return [each for each in said if shown.get(each.id, set()) <= readable][:limit]


def span_of(document: Document, words: str, near: int = 0) -> RightSpan | None:
    """Return where these words stand in a document, the place nearest to `near`; None where they do not.

    They must stand there word for word; the ends of lines alone may be written in another way.
    """
    lines = [re.escape(line) for line in words.strip().splitlines()]
    found = list(re.finditer(r"\r?\n".join(lines), document.text)) if any(lines) else []
    if not found:
        return None
    best = min(found, key=lambda each: abs(each.start() - near))
    return RightSpan(document.id, document.version, best.start(), best.end(), best[0])


def _row(given: Feedback) -> dict[str, object]:
    span, caller = given.span, given.caller
    own = ("id", "at", "question", "rating", "comment", "status", "request_id", "revision", "generation", "bundle")
    values: dict[str, object] = {name: getattr(given, name) for name in own}
    values |= {"roles": sorted(caller.roles), "user": caller.user, "feature": caller.feature, "session": caller.session}
    place = ("document_id", "version", "start", "end", "quote")
    return values | {name: getattr(span, name) if span else None for name in place}


def _without_texts(given: Feedback) -> Feedback:
    return replace(given, question="", comment="", span=replace(given.span, quote=None) if given.span else None)


def _feedback(row: Row[Any]) -> Feedback:
    found = row.document_id is not None
    return Feedback(
        question=row.question,
        rating=row.rating,
        comment=row.comment,
        status=row.status,
        request_id=row.request_id,
        revision=row.revision,
        generation=row.generation,
        bundle=row.bundle,
        caller=Caller(frozenset(row.roles), row.user, row.feature, row.session),
        span=RightSpan(row.document_id, row.version, row.start, row.end, row.quote) if found else None,
        id=row.id,
        at=row.at,
    )
