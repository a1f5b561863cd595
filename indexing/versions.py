"""Versions and chunks in the truth: what is written, ended, read again and forgotten. SQL only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from indexing import catalog
from rag.database import tables as t
from rag.database.corpus import chunk_of
from rag.types import Chunk

StoredVersion: TypeAlias = Row[Any]  # of versions, texts and documents


def insert_rows(
    connection: Connection,
    versions: Sequence[Mapping[str, object]],
    texts: Sequence[Mapping[str, object]],
    chunks: Sequence[Mapping[str, object]],
) -> None:
    """Add versions with their texts and chunks."""
    for table, rows in ((t.versions, versions), (t.texts, texts), (t.chunks, chunks)):
        if rows:
            connection.execute(insert(table), [dict(row) for row in rows])


def end_versions(connection: Connection, document_ids: Sequence[str], died: int, *, removed: bool) -> None:
    """Let the versions of documents, and their chunks in all generations, end before revision `died`."""
    for ids in catalog.slices(document_ids):
        ended = update(t.versions).where(t.versions.c.document_id.in_(ids), t.versions.c.died.is_(None))
        connection.execute(ended.where(t.versions.c.born < died).values(died=died, removed=removed))
        chunks = update(t.chunks).where(t.chunks.c.document_id.in_(ids), t.chunks.c.died.is_(None))
        connection.execute(chunks.where(t.chunks.c.born < died).values(died=died))


def mark_removed(connection: Connection, document_ids: Sequence[str]) -> None:
    """Take every version of removed documents out of reach, the former ones too."""
    for ids in catalog.slices(document_ids):
        connection.execute(update(t.versions).where(t.versions.c.document_id.in_(ids)).values(removed=True))


def alive_chunk_ids(connection: Connection, document_ids: Sequence[str], generation: str, *, before: int) -> list[str]:
    """Return the ids of the chunks of documents that are alive in a generation and were born before a revision."""
    found: list[str] = []
    for ids in catalog.slices(document_ids):
        query = (
            select(t.chunks.c.id)
            .where(t.chunks.c.document_id.in_(ids), t.chunks.c.generation == generation, t.chunks.c.died.is_(None))
            .where(t.chunks.c.born < before)
        )
        found.extend(connection.execute(query).scalars())
    return found


def alive_ids(connection: Connection, generation: str) -> set[str]:
    """Return the ids of a generation's living chunks."""
    query = select(t.chunks.c.id).where(t.chunks.c.generation == generation, t.chunks.c.died.is_(None))
    return set(connection.execute(query).scalars())


def without_chunks(connection: Connection, generation: str) -> list[str]:
    """Return the documents whose version that is alive has not been chunked for a generation."""
    chunked = select(t.chunks.c.document_id).where(
        t.chunks.c.document_id == t.versions.c.document_id,
        t.chunks.c.version_born == t.versions.c.born,
        t.chunks.c.generation == generation,
    )
    query = select(t.versions.c.document_id).where(t.versions.c.died.is_(None), ~chunked.exists())
    return list(connection.execute(query.order_by(t.versions.c.document_id)).scalars())


def read_versions(connection: Connection, document_ids: Sequence[str]) -> list[StoredVersion]:
    """Return the versions of documents that are alive, with text and what the parser made of it."""
    query = (
        select(t.versions, t.texts.c.text, t.texts.c.parsed, t.documents.c.uri, t.documents.c.source)
        .join(t.texts, and_(t.texts.c.document_id == t.versions.c.document_id, t.texts.c.born == t.versions.c.born))
        .join(t.documents, t.documents.c.id == t.versions.c.document_id)
        .where(t.versions.c.document_id.in_(list(document_ids)), t.versions.c.died.is_(None))
    )
    return list(connection.execute(query.order_by(t.versions.c.document_id)))


def undo_unpublished(connection: Connection, revision: int) -> None:
    """Take back what a killed run left beyond the published revision."""
    for table in (t.versions, t.texts, t.chunks):
        connection.execute(delete(table).where(table.c.born > revision))
    for table in (t.versions, t.chunks):
        connection.execute(update(table).where(table.c.died > revision).values(died=None))
    connection.execute(
        update(t.versions).where(t.versions.c.died.is_(None), t.versions.c.removed).values(removed=False)
    )


def has_unpublished(connection: Connection, revision: int) -> bool:
    """Whether a killed run left anything."""
    return any(
        connection.execute(
            select(table.c.born).where(or_(table.c.born > revision, table.c.died > revision)).limit(1)
        ).first()
        for table in (t.versions, t.chunks)
    )


def forget(connection: Connection, *, replaced: int, removed: int) -> None:
    """Delete versions, texts and chunks that died up to a revision: of replaced versions, and of removed documents."""
    old = _forgettable(replaced, removed)
    gone = select(t.versions.c.document_id, t.versions.c.born).where(old).subquery()
    of_text = (t.texts.c.document_id == gone.c.document_id) & (t.texts.c.born == gone.c.born)
    of_chunk = (t.chunks.c.document_id == gone.c.document_id) & (t.chunks.c.version_born == gone.c.born)
    connection.execute(delete(t.texts).where(select(gone.c.born).where(of_text).exists()))
    connection.execute(delete(t.chunks).where(select(gone.c.born).where(of_chunk).exists()))
    connection.execute(delete(t.versions).where(old))
    catalog.forget_documents(connection)


def has_dead(connection: Connection, *, replaced: int, removed: int) -> bool:
    """Whether `forget` would find anything."""
    old = _forgettable(replaced, removed)
    orphans = select(t.documents.c.id).where(t.documents.c.state == "removed")
    return bool(connection.execute(select(t.versions.c.born).where(old).limit(1)).first()) or (
        removed >= 0 and bool(connection.execute(orphans.limit(1)).first())
    )


def _forgettable(replaced: int, removed: int) -> ColumnElement[bool]:
    """Return the condition of versions that died long enough ago, those of removed documents sooner."""
    return or_(t.versions.c.died <= replaced, and_(t.versions.c.removed, t.versions.c.died <= removed))


def with_chunks(connection: Connection, generation: str, *, born: int) -> list[str]:
    """Return the documents that have living chunks in a generation, born before a revision."""
    query = select(t.chunks.c.document_id).where(
        t.chunks.c.generation == generation, t.chunks.c.died.is_(None), t.chunks.c.born < born
    )
    return sorted(connection.execute(query.distinct()).scalars())


def read_chunks(connection: Connection, document_ids: Sequence[str], generation: str) -> dict[str, list[Chunk]]:
    """Return the living chunks of documents, without their texts, by document and in order."""
    query = select(t.chunks).where(
        t.chunks.c.document_id.in_(list(document_ids)),
        t.chunks.c.generation == generation,
        t.chunks.c.died.is_(None),
    )
    found: dict[str, list[Chunk]] = defaultdict(list)
    for row in connection.execute(query.order_by(t.chunks.c.document_id, t.chunks.c.start)):
        found[row.document_id].append(chunk_of(row, ""))
    return found


def count_chunks(connection: Connection, generation: str) -> int:
    """Return how many chunks are alive in a generation."""
    query = select(func.count()).where(t.chunks.c.generation == generation, t.chunks.c.died.is_(None))
    return int(connection.execute(query).scalar_one())


def chunk_hashes(connection: Connection, generation: str, revision: int) -> dict[str, str]:
    """Return the hash of the indexed text of every chunk of a generation that is visible at a revision, by id."""
    query = select(t.chunks.c.id, t.chunks.c.text_hash).where(
        t.chunks.c.generation == generation,
        t.chunks.c.born <= revision,
        or_(t.chunks.c.died.is_(None), t.chunks.c.died > revision),
    )
    return dict(connection.execute(query).all())


def read_texts(connection: Connection, document_ids: Sequence[str], generation: str) -> dict[str, str]:
    """Return the indexed texts of the living chunks of documents, by id."""
    texts = {row.document_id: row.text for row in read_versions(connection, document_ids)}
    return {
        chunk.id: replace(chunk, text=texts[document][chunk.start : chunk.end]).indexed_text
        for document, chunks in read_chunks(connection, document_ids, generation).items()
        for chunk in chunks
        if document in texts
    }


def count_dead(connection: Connection) -> tuple[int, int]:
    """Return how many versions and chunks are dead."""
    counts = [
        connection.execute(select(func.count()).where(table.c.died.isnot(None))).scalar_one()
        for table in (t.versions, t.chunks)
    ]
    return int(counts[0]), int(counts[1])


def all_versions(connection: Connection) -> set[tuple[str, str]]:
    """Return (document id, version) of all that is kept."""
    return set(connection.execute(select(t.versions.c.document_id, t.versions.c.version)).all())
