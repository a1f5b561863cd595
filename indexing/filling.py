"""Brings a generation that fell behind up to the corpus, from what the truth holds: no parsing."""

from collections.abc import Sequence
from dataclasses import replace

from indexing import catalog, versions, writing
from indexing.generations import Target
from indexing.publishing import Pending
from indexing.report import Report
from indexing.staging import Staged, document_of_stored, stage_stored
from indexing.workshop import Workshop
from rag.types import Chunk

_PART = 128  # documents at a time


def catch_up(shop: Workshop, target: Target, pending: Pending, report: Report) -> Target:
    """Chunk the documents that this generation lacks, and give its build the rows that it lacks."""
    if target.published == pending.revision:
        return target
    with shop.database.read() as connection:
        missing = versions.without_chunks(connection, target.generation)
        chunked = versions.with_chunks(connection, target.generation, born=pending.born) if target.is_new else []
    for ids in catalog.slices(chunked, _PART):
        _fill(shop, target, ids, pending, report)
    for ids in catalog.slices(missing, _PART):
        _chunk(shop, target, ids, pending, report)
    if not target.is_new:
        _retire_gone(shop, target, pending)
    return target


def _retire_gone(shop: Workshop, target: Target, pending: Pending) -> None:
    """End the rows of chunks that the truth has no more; it may have forgotten them since this build was published."""
    with shop.database.read() as connection:
        alive = versions.alive_ids(connection, target.generation)
    with shop.store.snapshot(target.build, target.published) as rows:
        gone = [chunk_id for chunk_id in rows.scroll_ids() if chunk_id not in alive]
    if gone:
        with shop.store.writer(target.build) as store:
            store.retire(gone, pending.born)


def _chunk(shop: Workshop, target: Target, ids: Sequence[str], pending: Pending, report: Report) -> None:
    """Chunk stored versions for a generation, into truth and store."""
    with shop.database.read() as connection:
        rows = versions.read_versions(connection, ids)
    staged = [stage_stored(row, target, shop) for row in rows]
    report.oversized += sum(each.oversized for each in staged)
    vectors = writing.embed_batch(shop, [target], staged, report)
    with shop.database.write() as connection:
        versions.insert_rows(
            connection, [], [], [row for each in staged for row in writing.chunk_rows(each, pending.born)]
        )
    _upsert(shop, target, staged, vectors, pending)


def _fill(shop: Workshop, target: Target, ids: Sequence[str], pending: Pending, report: Report) -> None:
    """Give a new build the rows of chunks that the truth has already."""
    with shop.database.read() as connection:
        rows = versions.read_versions(connection, ids)
        chunks = versions.read_chunks(connection, ids, target.generation)
    staged = []
    for row in rows:
        document = document_of_stored(row)
        own = [_with_text(chunk, document.text) for chunk in chunks.get(row.document_id, [])]
        staged.append(Staged(document, {target.generation: own}, version_born=row.born))
    _upsert(shop, target, staged, writing.embed_batch(shop, [target], staged, report), pending)


def _upsert(
    shop: Workshop, target: Target, staged: Sequence[Staged], vectors: writing.Vectors, pending: Pending
) -> None:
    with shop.store.writer(target.build) as store:
        store.upsert(writing.store_rows(target, staged, vectors), pending.born)


def _with_text(chunk: Chunk, text: str) -> Chunk:
    return replace(chunk, text=text[chunk.start : chunk.end])
