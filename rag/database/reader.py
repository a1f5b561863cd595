"""Whole documents, for the page that shows a source and the API."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, func, select

from rag.database import tables as t
from rag.database.corpus import SqlCorpus, SqlReading, alive, chunk_of, may_read, on_view
from rag.database.engine import Database
from rag.errors import NotFoundError
from rag.ports import Pointer
from rag.types import ALL_ROLES, Block, Chunk, Document


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One version of a document with its chunks in the serving generation, in order."""

    document: Document
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What the metrics and the home page say of the index."""

    revision: int
    generation: str
    bundle: str
    documents: dict[str, int]  # by state
    chunks: int
    age_s: float  # since the last publish
    lag_s: dict[str, float]  # since each source was last seen whole
    bytes: int = 0  # of the build that serves


@dataclass(frozen=True, slots=True)
class DocumentCount:
    """How many documents of one source, type and state there are."""

    source: str
    type: str  # empty where it is not known: the document could not be read
    state: str
    documents: int


class DocumentReader:
    """Reads documents as a caller may see them."""

    def __init__(self, database: Database) -> None:
        self._corpus = SqlCorpus(database)

    def document(self, document_id: str, version: str | None, roles: frozenset[str]) -> ReadDocument:
        """Return a version that is alive, or was replaced within the retention; None means the present one.

        Raises NotFoundError where there is none that these roles may read: the two look the same.
        """
        with self._corpus.reading() as reading:
            row = _read_version(reading, document_id, version, roles)
            document = document_of(row, row.text, row.parsed["blocks"])
            return ReadDocument(document, _chunks(reading, row, document.text))

    def text(self, document_id: str, version: str, roles: frozenset[str]) -> str:
        """Return the text of a version, as `document` does. Raises NotFoundError."""
        with self._corpus.reading() as reading:
            return str(_read_version(reading, document_id, version, roles).text)

    def readable(self, document_ids: Collection[str], roles: frozenset[str]) -> set[str]:
        """Return the ids of those documents that serve and that these roles may read now."""
        with self._corpus.reading() as reading:
            query = serving_versions(reading, roles).where(t.versions.c.document_id.in_(document_ids))
            return {row.document_id for row in reading.connection.execute(query)}

    def counts(self) -> list[DocumentCount]:
        """Return how many documents were seen, also of those that are not searchable. Raises NoIndexError."""
        with self._corpus.reading() as reading:
            return [DocumentCount(*row) for row in reading.connection.execute(_COUNTS)]

    def roles(self) -> tuple[str, ...]:
        """Return the roles that may read some document, by name."""
        query = select(t.document_roles.c.role).distinct().order_by(t.document_roles.c.role)
        with self._corpus.reading() as reading:
            return tuple(reading.connection.execute(query).scalars())

    def facts(self) -> IndexFacts:
        """Return what is indexed. Raises NoIndexError."""
        with self._corpus.reading() as reading:
            connection, pointer = reading.connection, reading.pointer
            return IndexFacts(
                pointer.revision,
                pointer.bundle.index.digest,
                pointer.bundle.digest,
                dict(connection.execute(_STATES).all()),
                connection.execute(_living_chunks(pointer)).scalar_one(),
                time.time() - connection.execute(select(func.max(t.revisions.c.published_at))).scalar_one(),
                {name: time.time() - at for name, at in connection.execute(_REFRESHED)},
            )


def _living_chunks(pointer: Pointer) -> Select[int]:
    """Return the query for how many chunks serve; what a refresh has written and not published is none of them."""
    of_generation = t.chunks.c.generation == pointer.bundle.index.digest
    return select(func.count()).select_from(t.chunks).where(of_generation, alive(t.chunks, pointer.revision))  # type: ignore[arg-type]  # a condition


def serving_versions(reading: SqlReading, roles: frozenset[str]) -> Select[tuple[object, ...]]:
    """Return the query for the versions that serve and these roles may read now, with their document's row."""
    query = _SERVING.where(alive(t.versions, reading.pointer.revision))  # type: ignore[arg-type]  # a condition
    if ALL_ROLES not in roles:
        query = query.where(may_read(t.versions.c.document_id)).params(roles=sorted(roles))
    return query


def document_of(row: Row[tuple[object, ...]], text: str, blocks: Sequence[Sequence[object]]) -> Document:
    """Return a document from its version's row, text and stored blocks."""
    return Document(
        id=row.document_id,
        version=row.version,
        uri=row.uri,
        title=row.title,
        type=row.type,
        text=text,
        blocks=tuple(block_of(block) for block in blocks),
        language=row.language,
        date=date.fromordinal(row.day) if row.day else None,
        owner=row.owner,
        tags=tuple(row.tags),
        roles=tuple(row.roles),
        source=row.source,
    )


def block_of(stored: Sequence[object]) -> Block:
    """Return a block from the list that it is stored as."""
    kind, start, end, page, heading_path, header = stored
    return Block(kind, start, end, page, tuple(heading_path), header)  # type: ignore[arg-type]  # as written by us


def stored_block(block: Block) -> list[object]:
    """Return the list that a block is stored as."""
    return [block.kind, block.start, block.end, block.page, list(block.heading_path), block.header]


def _was_readable(row: Row[tuple[object, ...]], roles: frozenset[str]) -> bool:
    """Whether that version itself was ever for these roles: what is public now may have been restricted before."""
    return ALL_ROLES in roles or not roles.isdisjoint(row.roles)


def _read_version(
    reading: SqlReading, document_id: str, version: str | None, roles: frozenset[str]
) -> Row[tuple[object, ...]]:
    row = _version(reading, document_id, version, roles)
    if row is None or not _was_readable(row, roles):
        raise NotFoundError("There is no such document, or you may not read it.")
    return row


def _version(
    reading: SqlReading, document_id: str, version: str | None, roles: frozenset[str]
) -> Row[tuple[object, ...]] | None:
    revision = reading.pointer.revision
    query = _VERSIONS.where(t.versions.c.document_id == document_id, t.versions.c.born <= revision)
    if ALL_ROLES not in roles:
        query = query.where(may_read(t.versions.c.document_id)).params(roles=sorted(roles))
    if version is None:
        query = query.where(t.versions.c.died.is_(None) | (t.versions.c.died > revision))
    else:
        query = query.where(t.versions.c.version == version)
    return reading.connection.execute(query.order_by(t.versions.c.born.desc()).limit(1)).one_or_none()


def _chunks(reading: SqlReading, row: Row[tuple[object, ...]], text: str) -> tuple[Chunk, ...]:
    query = select(t.chunks).where(
        t.chunks.c.document_id == row.document_id,
        t.chunks.c.version_born == row.born,
        t.chunks.c.born <= reading.pointer.revision,
        t.chunks.c.generation == reading.pointer.bundle.index.digest,
    )
    rows = reading.connection.execute(query.order_by(t.chunks.c.start, t.chunks.c.born))
    unique = {each.id: chunk_of(each, text[each.start : each.end]) for each in rows}
    return tuple(unique.values())


_VERSIONS = (
    select(t.versions, t.texts.c.text, t.texts.c.parsed, t.documents.c.uri, t.documents.c.source)
    .join(
        t.texts,
        (t.texts.c.document_id == t.versions.c.document_id) & (t.texts.c.born == t.versions.c.born),
    )
    .join(t.documents, t.documents.c.id == t.versions.c.document_id)
    .join(t.sources, t.sources.c.name == t.documents.c.source)
    .where(on_view())
)
_SERVING: Select[tuple[object, ...]] = (
    select(t.versions.c.document_id, t.versions.c.version, t.versions.c.title, t.documents.c.uri)
    .add_columns(t.documents.c.path, t.documents.c.source)
    .join(t.documents, t.documents.c.id == t.versions.c.document_id)
    .join(t.sources, t.sources.c.name == t.documents.c.source)
    .where(on_view())
)
_STATES = (
    select(t.documents.c.state, func.count()).where(t.documents.c.state != "removed").group_by(t.documents.c.state)
)
_COUNTS = (
    select(t.documents.c.source, func.coalesce(t.versions.c.type, ""), t.documents.c.state, func.count())
    .select_from(
        t.documents.outerjoin(t.versions, (t.versions.c.document_id == t.documents.c.id) & t.versions.c.died.is_(None))
    )
    .where(t.documents.c.state != "removed")
    .group_by(t.documents.c.source, t.versions.c.type, t.documents.c.state)
)
_REFRESHED = select(t.sources.c.name, t.sources.c.refreshed_at).where(
    t.sources.c.removed.is_(False), t.sources.c.refreshed_at.isnot(None)
)
