"""Token vectors of sentences that were read before: encoding them is what an answer takes longest for."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.ports import Embedder
from rag.types import Matrix

_DEFAULT_BYTES = 48 * 1024 * 1024  # about 2,000 sentences
_ENTRY_BYTES = 300  # of the records around the numbers


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text's word pieces, each with its unit vector; half precision, which moves a score by less than 0.001."""

    ids: NDArray[np.int32]  # shape [tokens]
    vectors: NDArray[np.float16]  # shape [tokens, dim]

    @property
    def size_bytes(self) -> int:
        return self.ids.nbytes + self.vectors.nbytes + _ENTRY_BYTES


class SentenceCache:
    """The most recently read texts' token vectors, by hash, bounded in bytes; in memory only. Thread-safe."""

    def __init__(self, limit_bytes: int = _DEFAULT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[bytes, TokenVectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def encode(self, texts: Sequence[str], embedder: Embedder) -> list[TokenVectors]:
        """Return the token vectors in the order of `texts`; only new ones are encoded. Raises ModelUnavailableError."""
        keys = [_key(text, embedder.identity) for text in texts]
        found = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        made = (
            {
                key: _halved(encoded.token_ids, encoded.token_vectors)
                for key, encoded in zip(missing, embedder.encode(list(missing.values())), strict=True)
            }
            if missing
            else {}
        )
        self._keep(made)
        return [found.get(key) or made[key] for key in keys]

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, TokenVectors]:
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def _keep(self, made: dict[bytes, TokenVectors]) -> None:
        with self._lock:
            for key, vectors in made.items():
                if key not in self._kept:
                    self._kept[key] = vectors
                    self._size_bytes += vectors.size_bytes
            while self._size_bytes > self._limit_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._size_bytes -= dropped.size_bytes


def _key(text: str, identity: str) -> bytes:
    return hashlib.sha256(f"{identity}\0{text}".encode("utf-8", "surrogatepass")).digest()


def _halved(ids: NDArray[np.int64], vectors: Matrix) -> TokenVectors:
    return TokenVectors(ids.astype(np.int32), vectors.astype(np.float16))
