"""The documents that a caller may read now, as a list to choose from."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from indexing import catalog
from indexing.sources import SourceSpec
from rag.database import tables as t
from rag.database.corpus import SqlReading, alive, may_read
from rag.types import ALL_ROLES


@dataclass(frozen=True, slots=True)
class ReadableDocument:
    """A document that is searchable."""

    id: str
    version: str
    uri: str
    title: str
    path: Path  # of its file, absolute


def readable_documents(reading: SqlReading, roles: frozenset[str]) -> list[ReadableDocument]:
    """Return the searchable documents that these roles may read, by uri."""
    specs = {source.spec.name: source.spec for source in catalog.read_sources(reading.connection)}
    columns = (t.documents.c.id, t.versions.c.version, t.documents.c.uri, t.versions.c.title)
    query = (
        select(*columns, t.documents.c.path, t.documents.c.source)
        .join(t.versions, t.versions.c.document_id == t.documents.c.id)
        .where(alive(t.versions, reading.pointer.revision), t.documents.c.source.in_(list(specs)))  # type: ignore[arg-type]  # a condition
    )
    if ALL_ROLES not in roles:
        query = query.where(may_read(t.documents.c.id)).params(roles=sorted(roles))
    rows = reading.connection.execute(query.order_by(t.documents.c.uri))
    return [ReadableDocument(*row[:4], _path(specs[row.source], row.path)) for row in rows]


def _path(spec: SourceSpec, relative: str) -> Path:
    return spec.path if spec.single_file else spec.path / relative
