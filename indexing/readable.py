"""The documents that a caller may read now, as a list to choose from."""

from dataclasses import dataclass
from pathlib import Path

from indexing import catalog
from indexing.sources import SourceSpec
from rag.database import tables as t
from rag.database.corpus import SqlReading
from rag.database.reader import serving_versions


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
    rows = reading.connection.execute(serving_versions(reading, roles).order_by(t.documents.c.uri))
    return [
        ReadableDocument(row.document_id, row.version, row.uri, row.title, _path(specs[row.source], row.path))
        for row in rows
    ]


def _path(spec: SourceSpec, relative: str) -> Path:
    return spec.path if spec.single_file else spec.path / relative
