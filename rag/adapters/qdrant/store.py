"""Which builds the server has, who reads and who writes them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from qdrant_client import QdrantClient, models

from rag.adapters.qdrant.errors import translated_errors
from rag.adapters.qdrant.points import (
    ALIVE,
    DENSE,
    PREFIX,
    TOKENS,
    between,
    copied_point,
    latest_number,
    must,
    pages,
    rows_at_once,
)
from rag.adapters.qdrant.snapshot import QdrantSnapshot
from rag.adapters.qdrant.writer import QdrantWriter
from rag.adapters.row_shapes import require_same
from rag.errors import SnapshotGoneError, StoreUnavailableError
from rag.ports import BuildStats

OLDEST_VERSION = (1, 20)  # the first with BM25 over a text index
TIMEOUT_S = 30
_INDEXES: dict[str, models.TextIndexParams | models.PayloadSchemaType] = {
    "tokens": models.TextIndexParams(type=models.TextIndexType.TEXT, scoring=True),
    "keywords": models.PayloadSchemaType.KEYWORD,
    "chunk_id": models.PayloadSchemaType.KEYWORD,
    "day": models.PayloadSchemaType.INTEGER,
    "born": models.PayloadSchemaType.INTEGER,
    "died": models.PayloadSchemaType.INTEGER,
}


def connect(url: str, api_key: str) -> QdrantClient:
    """Make a client; nothing is sent until it is used."""
    return QdrantClient(url=url, api_key=api_key or None, timeout=TIMEOUT_S, check_compatibility=False)


class QdrantStore:
    """A Store on a Qdrant server."""

    def __init__(self, client: QdrantClient) -> None:
        self._client = client

    @translated_errors()
    def create(self, build: str, dim: int, token_dim: int = 0) -> None:
        """Create an empty build; one that exists stays as it is."""
        name = PREFIX + build
        if not self._client.collection_exists(name):
            metadata = {"purged": 0, "dim": dim} | ({"token_dim": token_dim} if token_dim else {})
            self._client.create_collection(name, _vectors(dim, token_dim), metadata=metadata)
        metadata = self._metadata(build)
        require_same((metadata["dim"], metadata.get("token_dim", 0)), (dim, token_dim))
        for field, schema in _INDEXES.items():
            self._client.create_payload_index(name, field, schema, wait=True)

    @contextmanager
    def writer(self, build: str) -> Iterator[QdrantWriter]:
        with translated_errors():
            metadata = self._metadata(build)
        yield QdrantWriter(self._client, build, metadata["purged"], metadata.get("token_dim", 0))

    @contextmanager
    def snapshot(self, build: str, revision: int) -> Iterator[QdrantSnapshot]:
        """Open both legs; refused at the end too, when a purge took rows away meanwhile."""
        metadata = self._check_purged(build, revision)
        yield QdrantSnapshot(self._client, build, revision, metadata.get("token_dim", 0))
        self._check_purged(build, revision)

    @translated_errors()
    def compact(self, build: str, target: str) -> None:
        """Fill the new build `target`, made afresh, with the rows of `build` that no one has retired."""
        if build == target:
            raise ValueError(f"build {build!r} cannot be compacted into itself")
        metadata = self._metadata(build)
        latest = max(
            latest_number(self._client, build, "died", ALIVE - 1), latest_number(self._client, build, "born", ALIVE)
        )
        self.drop(target)
        token_dim = metadata.get("token_dim", 0)
        self.create(target, metadata["dim"], token_dim)
        living = must(between("died", first=ALIVE))
        for points in pages(self._client, build, living, size=rows_at_once(token_dim), vectors=True):
            if copies := [copied_point(each) for each in points]:
                self._client.upsert(PREFIX + target, copies, wait=True)
        self._client.update_collection(PREFIX + target, metadata={"purged": max(latest, metadata["purged"])})

    @translated_errors()
    def stats(self, build: str) -> BuildStats:
        """Return the size of a build; the bytes are those of the vectors, Qdrant does not tell the others.

        Token vectors do not count: how many there are, it does not tell either.
        """
        name, dead = PREFIX + build, must(between("died", last=ALIVE - 1))
        dim, rows = self._metadata(build)["dim"], self._client.count(name).count
        return BuildStats(rows, self._client.count(name, dead).count, 4 * dim * rows)

    @translated_errors()
    def builds(self) -> list[str]:
        names = (each.name for each in self._client.get_collections().collections)
        return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))

    @translated_errors()
    def drop(self, build: str) -> None:
        self._client.delete_collection(PREFIX + build)

    def check(self) -> None:
        with translated_errors():
            version = self._client.info().version
        numbers = re.match(r"(\d+)\.(\d+)", version)
        if not numbers or (int(numbers[1]), int(numbers[2])) < OLDEST_VERSION:
            raise StoreUnavailableError(f"The Qdrant server has version {version}. Install 1.20 or later.")

    def _check_purged(self, build: str, revision: int) -> dict[str, int]:
        """Return what describes the build."""
        with translated_errors():
            metadata = self._metadata(build)
            if revision < metadata["purged"]:
                raise SnapshotGoneError(f"Revision {revision} of the index was purged.")
        return metadata

    def _metadata(self, build: str) -> dict[str, int]:
        if not self._client.collection_exists(PREFIX + build):
            raise SnapshotGoneError(f"Build {build} is no longer on the Qdrant server.")
        return dict(self._client.get_collection(PREFIX + build).config.metadata or {})


def _vectors(dim: int, token_dim: int) -> models.VectorParams | dict[str, models.VectorParams]:
    """Return how vectors are kept; they have unit length, so the dot product is the cosine."""
    dense = models.VectorParams(size=dim, distance=models.Distance.DOT)
    if not token_dim:
        return dense
    tokens = models.VectorParams(
        size=token_dim,
        distance=models.Distance.DOT,
        multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
        hnsw_config=models.HnswConfigDiff(m=0),  # no graph: they are compared for ids that were found already
        on_disk=True,
    )
    return {DENSE: dense, TOKENS: tokens}
