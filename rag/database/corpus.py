"""What may this caller read? Readable chunks and texts at one revision of the truth."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, and_, bindparam, exists, func, or_, select

from rag.config import Bundle
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.releases import Release, current_release, release_of, with_generation
from rag.errors import NoIndexError, NotReadyError
from rag.ports import Pointer
from rag.types import ALL_ROLES, Chunk, ChunkId, DocumentInfo


class SqlCorpus:
    """Implements `ports.Corpus` on the truth."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def reading(self, bundle: str | Bundle | None = None) -> Iterator["SqlReading"]:
        """Open a read transaction on what serves, on this bundle, or on the one with this digest."""
        with self._database.read() as connection:
            yield SqlReading(connection, _pointer(connection, bundle))


class SqlReading:
    """Implements `ports.Reading`: one read transaction."""

    def __init__(self, connection: Connection, pointer: Pointer) -> None:
        self.connection = connection
        self.pointer = pointer

    def documents(self, ids: Sequence[ChunkId], roles: frozenset[str]) -> dict[ChunkId, DocumentInfo]:
        """Return the documents of those chunks that these roles may read now; the others are absent."""
        if not ids or not roles:
            return {}
        query = _DOCUMENTS if ALL_ROLES in roles else _READABLE_DOCUMENTS
        values = {"ids": ids, "roles": sorted(roles), "revision": self.pointer.revision}
        rows = self.connection.execute(query, values).all()  # at once: row by row it takes twice as long
        one_each = {row.document_id: row for row in rows}
        documents = {document_id: document_info(row) for document_id, row in one_each.items()}
        return {row.chunk_id: documents[row.document_id] for row in rows}

    def chunks(self, ids: Sequence[ChunkId]) -> dict[ChunkId, Chunk]:
        """Return chunks with their texts."""
        if not ids:
            return {}
        rows = self.connection.execute(_CHUNKS, {"ids": ids, "revision": self.pointer.revision})
        return {row.id: chunk_of(row, row.text) for row in rows}


def alive(table: object, revision: object) -> object:
    """Return the condition under which a row of a revisioned table is visible at a revision."""
    columns = table.c  # type: ignore[attr-defined]  # Table and Subquery both have it
    return and_(columns.born <= revision, or_(columns.died.is_(None), columns.died > revision))


def may_read(document_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition under which one of the parameter `roles` may read a document now."""
    return exists().where(
        t.document_roles.c.document_id == document_id,
        t.document_roles.c.role.in_(bindparam("roles", expanding=True)),
    )


def on_view() -> ColumnElement[bool]:
    """Return the condition under which joined sources, documents and versions may be shown to anybody.

    What was removed or excluded is out of sight at once; its rows go with a later publish.
    """
    kept = t.documents.c.state.not_in(["removed", "excluded"])
    return and_(t.sources.c.removed.is_(False), t.versions.c.removed.is_(False), kept)


def document_info(row: Row[tuple[object, ...]]) -> DocumentInfo:
    """Return what a joined row of versions and documents says of a document."""
    return DocumentInfo(
        id=row.document_id,
        version=row.version,
        uri=row.uri,
        title=row.title,
        type=row.type,
        source=row.source,
        language=row.language,
        date=date.fromordinal(row.day) if row.day else None,
        owner=row.owner,
        tags=tuple(row.tags),
    )


def chunk_of(row: Row[tuple[object, ...]], text: str) -> Chunk:
    """Return a chunk from its row and text."""
    return Chunk(
        id=row.id,
        document_id=row.document_id,
        start=row.start,
        end=row.end,
        text=text,
        context=row.context,
        page=row.page,
        heading_path=tuple(row.heading_path),
        tokens=row.tokens,
        kind=row.kind,
    )


def _pointer(connection: Connection, bundle: str | Bundle | None) -> Pointer:
    """Raises NoIndexError, NotReadyError."""
    corpus = connection.execute(_CORPUS).one_or_none()
    serving = current_release(connection)
    if corpus is None or serving is None:
        raise NoIndexError
    release = _release_for(connection, bundle, serving)
    if release is None or release.build is None or release.build_revision is None:
        raise _not_ready(bundle)
    behind = release.build_revision < corpus.revision
    if behind and release is not serving:
        raise _not_ready(bundle)
    return Pointer(
        revision=corpus.revision,
        bundle=release.bundle,
        build=release.build,
        build_revision=release.build_revision,
        embedder_id=release.embedder or "",
        languages=tuple(corpus.languages),
        stale=_behind(release, corpus.revision) if behind else "",
    )


def _release_for(connection: Connection, bundle: str | Bundle | None, serving: Release) -> Release | None:
    match bundle:
        case None:
            return serving
        case str() if bundle == serving.bundle.digest:
            return serving
        case str():
            return release_of(connection, bundle)
        case Bundle():
            return with_generation(connection, bundle)


def _not_ready(bundle: str | Bundle | None) -> NotReadyError:
    name = bundle.digest if isinstance(bundle, Bundle) else bundle or "that serves"
    return NotReadyError(
        f"The generation of bundle {name} is not whole. `plumbline index build --bundle FILE` prepares it."
    )


def _behind(release: Release, revision: int) -> str:
    return (
        f"This index is at revision {release.build_revision} of {revision}: newer documents are missing until "
        "`plumbline index refresh` has run."
    )


_CORPUS = select(t.corpus.c.revision, t.corpus.c.languages)
_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_REVISION: BindParameter[int] = bindparam("revision")
_INFO = (
    t.versions.c.document_id,
    t.versions.c.version,
    t.versions.c.title,
    t.versions.c.type,
    t.versions.c.language,
    t.versions.c.day,
    t.versions.c.owner,
    t.versions.c.tags,
    t.documents.c.uri,
    t.documents.c.source,
)
_JOINED = (
    t.chunks.join(
        t.versions,
        and_(t.versions.c.document_id == t.chunks.c.document_id, t.versions.c.born == t.chunks.c.version_born),
    )
    .join(t.documents, t.documents.c.id == t.chunks.c.document_id)
    .join(t.sources, t.sources.c.name == t.documents.c.source)
)
_DOCUMENTS: Select[tuple[object, ...]] = (
    select(t.chunks.c.id.label("chunk_id"), *_INFO)
    .select_from(_JOINED)
    .where(t.chunks.c.id.in_(_IDS), alive(t.chunks, _REVISION), t.sources.c.removed.is_(False))  # type: ignore[arg-type]
    .where(t.documents.c.state != "excluded")  # acts at once; its rows go with the next publish
)
_READABLE_DOCUMENTS = _DOCUMENTS.where(may_read(t.chunks.c.document_id))
_CHUNKS: Select[tuple[object, ...]] = (
    select(t.chunks, func.substr(t.texts.c.text, t.chunks.c.start + 1, t.chunks.c.end - t.chunks.c.start).label("text"))
    .join(t.texts, and_(t.texts.c.document_id == t.chunks.c.document_id, t.texts.c.born == t.chunks.c.version_born))
    .where(t.chunks.c.id.in_(_IDS), alive(t.chunks, _REVISION))  # type: ignore[arg-type]
)
