"""Changes of a build, each on the server's disk when it returns."""

from collections.abc import Iterable, Sequence

from qdrant_client import QdrantClient, models

from rag.adapters.qdrant.errors import translated_errors
from rag.adapters.qdrant.points import (
    ALIVE,
    PREFIX,
    any_of,
    batches,
    between,
    latest_number,
    must,
    new_point,
    rows_at_once,
)
from rag.ports import Row
from rag.types import ChunkId


class QdrantWriter:
    """A StoreWriter: every request is on the disk when it returns."""

    def __init__(self, client: QdrantClient, build: str, purged: int, token_dim: int) -> None:
        self._client, self._build, self._name = client, build, PREFIX + build
        self._purged, self._token_dim = purged, token_dim

    @translated_errors()
    def upsert(self, rows: Sequence[Row], born: int) -> None:
        unique = list({row.id: row for row in rows}.values())
        for batch in batches(unique, rows_at_once(self._token_dim)):
            self._retire([row.id for row in batch], born)
            self._client.upsert(self._name, [new_point(row, born, self._token_dim) for row in batch], wait=True)

    @translated_errors()
    def retire(self, ids: Iterable[ChunkId], died: int) -> None:
        for batch in batches(list(ids)):
            self._retire(batch, died)

    @translated_errors()
    def clean_up(self, published: int) -> None:
        unpublished = must(between("born", first=published + 1))
        self._client.delete(self._name, models.FilterSelector(filter=unpublished), wait=True)
        self._end(must(between("died", first=published + 1, last=ALIVE - 1)), ALIVE)

    @translated_errors()
    def purge(self, revision: int) -> None:
        """Delete the rows, after their revision is recorded: a reader is refused before it can miss any."""
        latest = latest_number(self._client, self._build, "died", revision)
        if latest > self._purged:
            self._client.update_collection(self._name, metadata={"purged": latest})
            self._purged = latest
        if latest:
            dead = must(between("died", last=latest))
            self._client.delete(self._name, models.FilterSelector(filter=dead), wait=True)

    def _retire(self, ids: Sequence[ChunkId], died: int) -> None:
        self._end(must(between("died", first=ALIVE), any_of("chunk_id", ids)), died)

    def _end(self, which: models.Filter, died: int) -> None:
        self._client.set_payload(self._name, {"died": died}, models.FilterSelector(filter=which), wait=True)
