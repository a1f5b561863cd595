"""Staged documents to rows: of the truth, and of the store."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy import Connection

from indexing import versions
from indexing.changes import Change
from indexing.embedding import Embedded, embed_texts, embed_with_tokens, text_hash
from indexing.generations import Target, embedder_of
from indexing.parsing import PARSER_VERSION
from indexing.report import Progress, Report
from indexing.staging import Read, Staged
from indexing.workshop import Workshop
from rag.analysis import analyse
from rag.database.engine import Database
from rag.errors import ModelMismatchError
from rag.ports import Embedder, Row
from rag.types import Chunk, Document

Vectors: TypeAlias = Mapping[str, Mapping[str, Embedded]]  # by build and indexed text
Ended: TypeAlias = Mapping[str, Sequence[str]]  # chunk ids by build


@contextmanager
def telling(progress: Progress, batch: Sequence[Staged]) -> Iterator[Callable[[int], None]]:
    """Yield what takes how many more texts have their vector, and advances by their share of the batch's documents."""
    texts = sum(len(chunks) for staged in batch for chunks in staged.chunks.values())
    embedded = advanced = 0

    def told(more: int) -> None:
        nonlocal embedded, advanced
        embedded += more
        reached = len(batch) * embedded // max(texts, 1)
        progress.advance(reached - advanced)
        advanced = reached

    yield told
    progress.advance(len(batch) - advanced)


def embed_batch(
    shop: Workshop,
    targets: Sequence[Target],
    batch: Sequence[Staged],
    report: Report,
    progress: Callable[[int], None] = lambda _: None,
) -> Vectors:
    """Return the vectors of a batch's chunks; texts that the cache knows are not embedded again.

    progress: told how many more texts have their vector.
    Raises ModelMismatchError when another embedder made a generation's vectors.
    """
    vectors = {}
    # Those with token vectors first: their one pass also gives the vectors that the others ask for.
    for target in sorted(targets, key=lambda each: not each.config.token_vectors):
        texts = [chunk.indexed_text for staged in batch for chunk in staged.chunks[target.generation]]
        found, embedded = _embedded(shop, target, texts, progress)
        report.embedded += embedded
        vectors[target.build] = dict(zip(texts, found, strict=True))
    return vectors


def _embedded(
    shop: Workshop, target: Target, texts: Sequence[str], progress: Callable[[int], None]
) -> tuple[list[Embedded], int]:
    """Return what a generation keeps of each text, and how many were embedded now."""
    embedder = _embedder(shop, target)
    if target.config.token_vectors:
        return embed_with_tokens(texts, embedder, shop.cache, progress)
    rows, embedded = embed_texts(texts, embedder, shop.cache, progress)
    return [Embedded(row) for row in rows], embedded


def _embedder(shop: Workshop, target: Target) -> Embedder:
    """Return the embedder of a generation."""
    with shop.database.read() as connection:
        made_by = embedder_of(connection, target.generation)
    embedder = shop.embedder(target.config.embedder)
    if made_by not in {None, embedder.identity}:
        raise ModelMismatchError(
            f"Generation {target.generation} was made by embedder {made_by}; "
            f"{target.config.embedder!r} is now {embedder.identity}. "
            "Put the former model back, or build a bundle that names another `index.embedder`."
        )
    return embedder


def write_truth(database: Database, targets: Sequence[Target], batch: Sequence[Staged], born: int) -> Ended:
    """Insert versions, texts and chunks, and end those that they replace; return the chunk ids that end."""
    ids = [staged.document.id for staged in batch]
    with database.write() as connection:
        ended = _alive_in(connection, targets, ids, born)
        versions.end_versions(connection, ids, born, removed=False)
        versions.insert_rows(
            connection,
            [_version_row(staged, born) for staged in batch],
            [_text_row(staged, born) for staged in batch],
            [row for staged in batch for row in chunk_rows(staged, born)],
        )
    return ended


def end_in_truth(database: Database, targets: Sequence[Target], document_ids: Sequence[str], died: int) -> Ended:
    """End removed documents; return the chunk ids that end."""
    if not document_ids:
        return {target.build: [] for target in targets}
    with database.write() as connection:
        ended = _alive_in(connection, targets, document_ids, died)
        versions.end_versions(connection, document_ids, died, removed=True)
    return ended


def store_rows(target: Target, batch: Sequence[Staged], vectors: Vectors) -> list[Row]:
    """Return a batch's rows for the build of a target."""
    of_build = vectors[target.build]
    return [row for staged in batch for row in _rows(staged.document, staged.chunks[target.generation], of_build)]


def _alive_in(connection: Connection, targets: Sequence[Target], ids: Sequence[str], before: int) -> Ended:
    return {each.build: versions.alive_chunk_ids(connection, ids, each.generation, before=before) for each in targets}


def _version_row(staged: Staged, born: int) -> dict[str, object]:
    """Return a row of `versions`."""
    document = staged.document
    return {
        "document_id": document.id,
        "born": born,
        "version": document.version,
        "title": document.title,
        "type": document.type,
        "language": document.language,
        "day": document.date.toordinal() if document.date else None,
        "owner": document.owner,
        "tags": list(document.tags),
        "roles": list(document.roles),
        "indexed_at": time.time(),
        "removed": False,
    }


def _text_row(staged: Staged, born: int) -> dict[str, object]:
    """Return a row of `texts`."""
    assert staged.read is not None
    return {
        "document_id": staged.document.id,
        "born": born,
        "text": staged.document.text,
        "parsed": staged.read.parsed,
    }


def chunk_rows(staged: Staged, born: int) -> list[dict[str, object]]:
    """Return rows of `chunks`, for all generations."""
    version_born = staged.version_born if staged.version_born is not None else born
    return [
        _chunk_row(chunk, generation, born, version_born)
        for generation, chunks in staged.chunks.items()
        for chunk in chunks
    ]


def _rows(document: Document, chunks: Sequence[Chunk], vectors: Mapping[str, Embedded]) -> list[Row]:
    keywords = keywords_of(document)
    return [
        Row(
            id=chunk.id,
            document_id=document.id,
            vector=vectors[chunk.indexed_text].vector,
            tokens=tuple(analyse(chunk.indexed_text, document.language)),
            keywords=keywords,
            day=document.date,
            token_vectors=vectors[chunk.indexed_text].tokens,
        )
        for chunk in chunks
    ]


def keywords_of(document: Document) -> dict[str, tuple[str, ...]]:
    """Return what a filter can ask of a document."""
    single = {"source": document.source, "type": document.type, "language": document.language, "owner": document.owner}
    present = {name: (value,) for name, value in single.items() if value}
    return present | {"roles": tuple(document.roles)} | ({"tag": document.tags} if document.tags else {})


def ledger_row(read: Read) -> dict[str, object]:
    """Return a row of `documents` for a file that was read in this run.

    A file that cannot be indexed any more keeps its former version searchable, and says so.
    """
    state, reason = read.state, read.reason
    if state == "rejected" and read.change.known and read.change.known.version_born is not None:
        state, reason = "flagged", f"its present content cannot be indexed ({reason}); the former version answers"
    return read.change.ledger | {
        "state": state,
        "reason": reason,
        "content_hash": read.content_hash,
        "parser_version": PARSER_VERSION,
    }


def refused_row(change: Change) -> dict[str, object]:
    """Return a row of `documents` for a file that must not be opened."""
    extra = {"state": "rejected", "reason": change.file.refused, "content_hash": None}
    return change.ledger | extra | {"parser_version": PARSER_VERSION}


def _chunk_row(chunk: Chunk, generation: str, born: int, version_born: int) -> dict[str, object]:
    return {
        "id": chunk.id,
        "born": born,
        "generation": generation,
        "document_id": chunk.document_id,
        "version_born": version_born,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "tokens": chunk.tokens,
        "kind": chunk.kind,
        "text_hash": text_hash(chunk.indexed_text).hex(),
        "heading_path": list(chunk.heading_path),
        "context": chunk.context,
    }
