"""Chunks -> vectors: texts of like length together, and no text embedded twice."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from indexing.vector_cache import VectorCache
from rag.ports import Embedder
from rag.types import Matrix, Vector

__all__ = ["VectorCache", "embed_texts", "text_hash"]

_SLICE = 128  # texts between two writes to the cache: what a kill loses at most, some seconds of work


def text_hash(text: str) -> bytes:
    """Return the SHA-256 under which a text's vector is cached."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def embed_texts(
    texts: Sequence[str], embedder: Embedder, cache: VectorCache, progress: Callable[[int], None] = lambda _: None
) -> tuple[Matrix, int]:
    """Return the vectors in the order of `texts`, and how many texts were embedded now: each distinct text once.

    progress: told how many more texts have their vector, with every slice; what is made is kept by the cache at once.
    Raises ModelUnavailableError, DiskFullError.
    """
    places: dict[bytes, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(text_hash(text), []).append(place)
    rows = np.empty((len(texts), embedder.dim), np.float32)

    def fill(vectors: Sequence[tuple[bytes, Vector]]) -> None:
        for name, vector in vectors:
            rows[places[name]] = vector
        progress(sum(len(places[name]) for name, _ in vectors))

    known = cache.get(embedder.identity, list(places))
    fill(list(known.items()))
    missing = sorted((name for name in places if name not in known), key=lambda name: -len(texts[places[name][0]]))
    for start in range(0, len(missing), _SLICE):
        names = missing[start : start + _SLICE]
        made = list(zip(names, embedder.embed([texts[places[name][0]] for name in names]), strict=True))
        cache.put(embedder.identity, made)
        fill(made)
    if missing:
        cache.prune()
    return rows, len(missing)
