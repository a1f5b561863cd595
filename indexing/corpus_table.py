"""Every document seen as one row, for people to look through: by a few statements, however many there are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from indexing import catalog
from rag.database import tables as t
from rag.database.releases import current_release
from rag.errors import NoIndexError, NotFoundError
from rag.types import ALL_ROLES

Mark: TypeAlias = tuple[int | str | None, ...]
Seen: TypeAlias = Sequence[Any]  # the values of `_COLUMNS`, of whichever type each has
Columns: TypeAlias = Sequence[ColumnElement[Any]]


class DocumentRow(NamedTuple):
    """One document as the table lists it; what is known of the indexed ones alone is empty for the others."""

    id: str
    title: str
    uri: str
    source: str
    type: str
    state: str
    reason: str
    roles: tuple[str, ...]
    language: str
    date: date | None  # of the document
    chunks: int  # in the serving generation
    bytes: int
    indexed_at: float | None  # seconds since 1970

    @property
    def is_searchable(self) -> bool:
        """Whether answers may use it: it has a text."""
        return self.state != "excluded" and self.indexed_at is not None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """All that the ledger knows of one document."""

    row: DocumentRow
    path: str
    owner: str
    tags: tuple[str, ...]
    version: str
    content_hash: str
    type_rule: str  # the name of what decided its type


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; what is empty asks for nothing."""

    text: str = ""  # stands somewhere in title, uri or reason, whatever its case
    types: Sequence[str] = ()
    states: Sequence[str] = ()
    roles: Sequence[str] = ()
    sources: Sequence[str] = ()
    reasons: Sequence[str] = ()
    after: date | None = None  # the document's date, on or after
    before: date | None = None  # on or before

    def among(self, rows: Sequence[DocumentRow]) -> list[int]:
        """Return the places of the rows that are asked for, in order."""
        return [place for place, row in enumerate(rows) if self.asks_for(row)]

    def asks_for(self, row: DocumentRow) -> bool:
        """Whether a row meets all that is asked."""
        return (
            (not self.types or row.type in self.types)
            and (not self.states or row.state in self.states)
            and (not self.sources or row.source in self.sources)
            and (not self.reasons or row.reason in self.reasons)
            and (not self.roles or not set(self.roles).isdisjoint(row.roles))
            and (self.after is None or (row.date is not None and row.date >= self.after))
            and (self.before is None or (row.date is not None and row.date <= self.before))
            and (not self.text or self._has_text(row))
        )

    def _has_text(self, row: DocumentRow) -> bool:
        text = self.text.casefold()
        return any(text in part.casefold() for part in (row.title, row.uri, row.reason))


def mark(connection: Connection) -> Mark:
    """Return what differs after any change of the rows. Raises NoIndexError where nothing serves."""
    serving = current_release(connection)
    if serving is None:
        raise NoIndexError
    count, scanned = connection.execute(select(func.count(), func.max(t.documents.c.scanned_ns))).one()
    granted = connection.execute(select(func.count()).select_from(t.document_roles)).scalar_one()
    removed = connection.execute(select(func.count()).where(t.sources.c.removed)).scalar_one()
    return catalog.revision_of(connection), serving.generation, count, scanned, granted, removed


def read_rows(connection: Connection, roles: frozenset[str]) -> list[DocumentRow]:
    """Return the documents that these roles may read, by uri; what was never indexed has none: for all roles alone."""
    granted, chunks = _roles(connection), _chunks(connection)
    rows: Iterable[Seen] = connection.execute(_query(connection, _COLUMNS).order_by(t.documents.c.uri))
    everything = ALL_ROLES in roles
    return [_row(row, granted, chunks) for row in rows if everything or _may_see(granted.get(row[0], ()), roles)]


def read_facts(connection: Connection, document_id: str, roles: frozenset[str]) -> DocumentFacts:
    """Return what is known of one document. Raises NotFoundError where there is none that these roles may read."""
    of_document = t.documents.c.id == document_id
    row = connection.execute(_query(connection, _COLUMNS + _FACTS).where(of_document)).one_or_none()
    granted = _roles(connection, t.document_roles.c.document_id == document_id)
    if row is None or not _may_see(granted.get(document_id, ()), roles):
        raise NotFoundError("There is no such document, or you may not read it.")
    chunks = _chunks(connection, t.chunks.c.document_id == document_id)
    return DocumentFacts(
        _row(row[: len(_COLUMNS)], granted, chunks),
        row.path,
        row.owner or "",
        tuple(row.tags or ()),
        row.version or "",
        row.content_hash or "",
        row.type_rule or "",
    )


def values_of(rows: Iterable[DocumentRow], field: str) -> list[str]:
    """Return the values of a field of the rows, the most frequent first; of roles each one."""
    counted = Counter[str]()
    for value, rows_with_it in Counter(map(attrgetter(field), rows)).items():  # few differ, of 50,000 rows
        for each in value if isinstance(value, tuple) else (value,):
            counted[each] += rows_with_it
    return sorted(filter(None, counted), key=lambda value: (-counted[value], value))


def _may_see(granted: Sequence[str], roles: frozenset[str]) -> bool:
    return ALL_ROLES in roles or not roles.isdisjoint(granted)


def _row(seen: Seen, granted: Mapping[str, tuple[str, ...]], chunks: Mapping[str, int]) -> DocumentRow:
    # Unpacked, and by position: by name it takes twice as long, which 50,000 rows make felt.
    id_, source, path, uri, state, reason, size, title, type_, language, day, indexed_at = seen
    return DocumentRow(
        id_,
        title or path.rsplit("/", 1)[-1],
        uri,
        source,
        type_ or "",
        state,
        reason or "",
        granted.get(id_, ()),
        language or "",
        date.fromordinal(day) if day else None,
        chunks.get(id_, 0),
        size,
        indexed_at,
    )


def _roles(connection: Connection, *only: ColumnElement[bool]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    same: dict[tuple[str, ...], tuple[str, ...]] = {}  # few combinations: 50,000 objects fewer to keep in mind
    query = select(t.document_roles).where(*only)
    for document_id, role in connection.execute(query.order_by(t.document_roles.c.role)):
        roles = (*found.get(document_id, ()), role)
        found[document_id] = same.setdefault(roles, roles)
    return found


def _chunks(connection: Connection, *only: ColumnElement[bool]) -> dict[str, int]:
    serving = current_release(connection)
    of_serving = t.chunks.c.generation == (serving.generation if serving else "")
    query = select(t.chunks.c.document_id, func.count()).where(of_serving, _now(connection, t.chunks), *only)
    return dict(connection.execute(query.group_by(t.chunks.c.document_id)).all())


def _query(connection: Connection, columns: Columns) -> Select[tuple[object, ...]]:
    present = and_(t.versions.c.document_id == t.documents.c.id, _now(connection, t.versions))
    joined = t.documents.join(t.sources, t.sources.c.name == t.documents.c.source).outerjoin(t.versions, present)
    query = select(*columns).select_from(joined)
    return query.where(t.documents.c.state != "removed", t.sources.c.removed.is_(False))


def _now(connection: Connection, table: Table) -> ColumnElement[bool]:
    """Return the condition of what is published: a run at work has written more, and ended more."""
    revision = catalog.revision_of(connection)
    return and_(table.c.born <= revision, or_(table.c.died.is_(None), table.c.died > revision))


_SEEN = ("id", "source", "path", "uri", "state", "reason", "size")
_INDEXED = ("title", "type", "language", "day", "indexed_at")
_COLUMNS = (*(t.documents.c[name] for name in _SEEN), *(t.versions.c[name] for name in _INDEXED))
_TYPE_RULE = (
    select(t.texts.c.parsed["type_rule"].as_string())
    .where(t.texts.c.document_id == t.versions.c.document_id, t.texts.c.born == t.versions.c.born)
    .correlate(t.versions)
    .scalar_subquery()
    .label("type_rule")
)
_FACTS = (t.documents.c.content_hash, t.versions.c.owner, t.versions.c.tags, t.versions.c.version, _TYPE_RULE)
