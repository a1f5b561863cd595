"""An experiment's index in memory: what may be read, where every chunk lies, and the texts. It never changes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import select

from evals.outcome import Place, RankedChunk
from rag.config import Bundle, IndexConfig
from rag.database import tables as t
from rag.database.corpus import SqlCorpus, chunk_of, document_info
from rag.database.engine import Database
from rag.ports import Pointer
from rag.types import ALL_ROLES, Chunk, ChunkId, DocumentInfo


@dataclass(frozen=True, slots=True)
class FrozenDocument:
    """A document of an experiment."""

    info: DocumentInfo
    text: str
    path: Path  # of its file
    roles: frozenset[str]


class FrozenCorpus:
    """Implements `ports.Corpus` on one generation of an experiment's truth, read once."""

    def __init__(self, database: Database, index: IndexConfig) -> None:
        self._corpus = SqlCorpus(database)
        self._pointers: dict[Bundle, Pointer] = {}
        self.documents = _documents(database)
        self.not_indexed = _not_indexed(database, self.documents)
        self.chunks = _chunks(database, index, self.documents)
        self.ranked = {chunk.id: self._ranked(chunk) for chunk in self.chunks.values()}

    @property
    def texts(self) -> dict[str, str]:
        """Canonical texts by uri."""
        return {document.info.uri: document.text for document in self.documents.values()}

    @property
    def paths(self) -> dict[str, Path]:
        """Absolute paths of all files by uri, also of those that could not be indexed."""
        return self.not_indexed | {document.info.uri: document.path for document in self.documents.values()}

    @property
    def contents(self) -> bytes:
        """Ids of documents, versions and chunks, in one order: what was really indexed."""
        versions = {id_: document.info.version for id_, document in self.documents.items()}
        return orjson.dumps(
            sorted((each.document_id, versions[each.document_id], each.id) for each in self.chunks.values())
        )

    @contextmanager
    def reading(self, bundle: str | Bundle | None = None) -> Iterator["FrozenReading"]:
        """Open the frozen index with this bundle."""
        assert isinstance(bundle, Bundle)
        if bundle not in self._pointers:
            with self._corpus.reading(bundle) as reading:
                self._pointers[bundle] = reading.pointer
        yield FrozenReading(self, self._pointers[bundle])

    def _ranked(self, chunk: Chunk) -> RankedChunk:
        uri = self.documents[chunk.document_id].info.uri
        return RankedChunk(chunk.id, Place(uri, chunk.start, chunk.end), chunk.tokens)


class FrozenReading:
    """Implements `ports.Reading`."""

    def __init__(self, corpus: FrozenCorpus, pointer: Pointer) -> None:
        self._corpus, self.pointer = corpus, pointer

    def documents(self, ids: Sequence[ChunkId], roles: frozenset[str]) -> dict[ChunkId, DocumentInfo]:
        """Return the documents of those chunks that these roles may read; the others are absent."""
        corpus, everything = self._corpus, ALL_ROLES in roles
        found = {id_: corpus.documents[corpus.chunks[id_].document_id] for id_ in ids}
        return {id_: each.info for id_, each in found.items() if everything or not roles.isdisjoint(each.roles)}

    def chunks(self, ids: Sequence[ChunkId]) -> dict[ChunkId, Chunk]:
        """Return chunks with their texts."""
        return {id_: self._corpus.chunks[id_] for id_ in ids}


def _documents(database: Database) -> dict[str, FrozenDocument]:
    query = (
        select(
            t.versions, t.texts.c.text, t.documents.c.uri, t.documents.c.source, t.documents.c.path, t.sources.c.spec
        )
        .join(t.texts, (t.texts.c.document_id == t.versions.c.document_id) & (t.texts.c.born == t.versions.c.born))
        .join(t.documents, t.documents.c.id == t.versions.c.document_id)
        .join(t.sources, t.sources.c.name == t.documents.c.source)
        .where(t.versions.c.died.is_(None))
    )
    with database.read() as connection:
        return {
            row.document_id: FrozenDocument(
                document_info(row), row.text, _path(row.spec, row.path), frozenset(row.roles)
            )
            for row in connection.execute(query)
        }


def _not_indexed(database: Database, documents: Mapping[str, FrozenDocument]) -> dict[str, Path]:
    """Return the paths of the files that were seen and have no text, by uri."""
    query = select(t.documents, t.sources.c.spec).join(t.sources, t.sources.c.name == t.documents.c.source)
    with database.read() as connection:
        return {row.uri: _path(row.spec, row.path) for row in connection.execute(query) if row.id not in documents}


def _path(spec: Mapping[str, object], relative: str) -> Path:
    root = Path(str(spec["path"]))
    return root if spec.get("single_file") else root / relative


def _chunks(database: Database, index: IndexConfig, documents: Mapping[str, FrozenDocument]) -> dict[ChunkId, Chunk]:
    query = select(t.chunks).where(t.chunks.c.generation == index.digest, t.chunks.c.died.is_(None))
    with database.read() as connection:
        rows = connection.execute(query).all()
    return {row.id: chunk_of(row, documents[row.document_id].text[row.start : row.end]) for row in rows}
