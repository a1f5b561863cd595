"""Vectors by embedder and text, in one SQLite file that several processes use and that may be deleted at any time."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from indexing.blob_cache import BlobCache
from rag.types import TOKEN_SCALE, TokenRows, Vector


class VectorCache:
    """Unit vectors by embedder identity and text hash; one that cannot be read is as if it were absent. Thread-safe.

    Token vectors of the same texts lie beside them, under an identity of their own.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._blobs = BlobCache(path, limit_bytes)

    def get(self, identity: str, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        """Return the vectors that are there. Raises StoreUnavailableError."""
        found = self._blobs.get(identity, hashes)
        vectors = {name: np.frombuffer(content, np.float32) for name, content in found.items()}
        return {name: vector for name, vector in vectors.items() if abs(float(vector @ vector) - 1) < 1e-3}

    def get_tokens(self, identity: str, hashes: Sequence[bytes], token_dim: int) -> dict[bytes, TokenRows]:
        """Return the token vectors that are there. Raises StoreUnavailableError."""
        found = self._blobs.get(identity, hashes).items()
        whole = ((name, np.frombuffer(content, np.int8)) for name, content in found if len(content) % token_dim == 0)
        tokens = {name: numbers.reshape(-1, token_dim) for name, numbers in whole}
        return {name: rows for name, rows in tokens.items() if _are_projected(rows)}

    def known(self, identity: str, hashes: Sequence[bytes]) -> set[bytes]:
        """Return the texts that have vectors, which are not read. Raises StoreUnavailableError."""
        return self._blobs.has(identity, hashes)

    def put(self, identity: str, vectors: Iterable[tuple[bytes, Vector]]) -> None:
        """Add vectors; one that is there already stays. Raises DiskFullError, StoreUnavailableError."""
        self._blobs.put(identity, _contents(vectors))

    def put_both(
        self,
        identity: str,
        vectors: Iterable[tuple[bytes, Vector]],
        projected: str,
        tokens: Iterable[tuple[bytes, TokenRows]],
    ) -> None:
        """Add vectors and token vectors, all or none: of a text with one of them both are made again.

        projected: the identity of the token vectors, not that of the vectors.
        """
        rows = ((name, rows.tobytes()) for name, rows in tokens)
        self._blobs.put_together({identity: _contents(vectors), projected: rows})

    def forget(self, hashes: Iterable[bytes]) -> None:
        """Take away these texts' vectors, of every embedder. Raises DiskFullError, StoreUnavailableError."""
        self._blobs.forget(hashes)

    def prune(self) -> None:
        """Take away what was used longest ago when the limit is passed. Raises DiskFullError, StoreUnavailableError."""
        self._blobs.prune()


def _contents(vectors: Iterable[tuple[bytes, Vector]]) -> Iterator[tuple[bytes, bytes]]:
    return ((name, vector.astype(np.float32).tobytes()) for name, vector in vectors)


def _are_projected(rows: TokenRows) -> bool:
    """Whether every row is about as long as a unit vector times 127; rounding moves that by less than 8."""
    lengths = np.linalg.norm(rows.astype(np.float32), axis=1)
    return bool(np.all(np.abs(lengths - TOKEN_SCALE) < 8))
