"""Chunks -> vectors: texts of like length together, and no text embedded twice."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from indexing.vector_cache import VectorCache
from rag.config import PROJECTION_VERSION
from rag.ports import Embedder
from rag.types import Matrix, TokenRows, Vector

__all__ = ["Embedded", "VectorCache", "cached_as", "embed_texts", "embed_with_tokens", "text_hash", "unembedded"]

_SLICE = 128  # texts between two writes to the cache: what a kill loses at most, some seconds of work


@dataclass(frozen=True, slots=True)
class Embedded:
    """What an index keeps of one text."""

    vector: Vector
    tokens: TokenRows | None = None  # in an index with token vectors


def text_hash(text: str) -> bytes:
    """Return the SHA-256 under which a text's vector is cached."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def cached_as(embedder: Embedder) -> str:
    """Return the name under which vectors are cached.

    What was made in bfloat16 stands apart from what was made in 32-bit floats, so that an experiment can be repeated.
    """
    return embedder.identity if embedder.precision == "float32" else f"{embedder.identity}/{embedder.precision}"


def embed_texts(
    texts: Sequence[str], embedder: Embedder, cache: VectorCache, progress: Callable[[int], None] = lambda _: None
) -> tuple[Matrix, int]:
    """Return the vectors in the order of `texts`, and how many texts were embedded now: each distinct text once.

    progress: told how many more texts have their vector, with every slice; what is made is kept by the cache at once.
    Raises ModelUnavailableError, DiskFullError.
    """
    places = _places(texts)
    rows = np.empty((len(texts), embedder.dim), np.float32)

    def fill(vectors: Sequence[tuple[bytes, Vector]]) -> None:
        for name, vector in vectors:
            rows[places[name]] = vector
        progress(sum(len(places[name]) for name, _ in vectors))

    identity = cached_as(embedder)
    known = cache.get(identity, list(places))
    fill(list(known.items()))
    missing = [name for name in places if name not in known]
    for names, some in _slices(missing, places, texts):
        made = list(zip(names, embedder.embed(some), strict=True))
        cache.put(identity, made)
        fill(made)
    if missing:
        cache.prune()
    return rows, len(missing)


def embed_with_tokens(
    texts: Sequence[str], embedder: Embedder, cache: VectorCache, progress: Callable[[int], None] = lambda _: None
) -> tuple[list[Embedded], int]:
    """Return vectors and token vectors of one pass, else as `embed_texts`.

    A text is known when the cache has both. Raises ModelUnavailableError, DiskFullError; UsageError where the embedder
    has no projection.
    """
    places, identity, projected = _places(texts), cached_as(embedder), _projected_as(embedder)
    vectors, tokens = cache.get(identity, list(places)), cache.get_tokens(projected, list(places), embedder.token_dim)
    found = {name: Embedded(vectors[name], tokens[name]) for name in places if name in vectors and name in tokens}
    missing = [name for name in places if name not in found]
    progress(sum(len(places[name]) for name in found))
    for names, some in _slices(missing, places, texts):
        rows, token_rows = embedder.embed_tokens(some)
        cache.put_both(identity, zip(names, rows, strict=True), projected, zip(names, token_rows, strict=True))
        found |= {name: Embedded(*each) for name, *each in zip(names, rows, token_rows, strict=True)}
        progress(sum(len(places[name]) for name in names))
    if missing:
        cache.prune()
    return [found[name] for name in map(text_hash, texts)], len(missing)


def unembedded(names: Sequence[bytes], embedder: Embedder, cache: VectorCache, *, tokens: bool) -> set[bytes]:
    """Return the hashes of texts that would have to be embedded.

    tokens: for an index with token vectors, where a text is known when the cache has both.
    """
    known = cache.known(cached_as(embedder), names)
    if tokens:
        known &= cache.known(_projected_as(embedder), names)
    return set(names) - known


def _projected_as(embedder: Embedder) -> str:
    """Return the name under which token vectors are cached."""
    return f"{cached_as(embedder)}/{PROJECTION_VERSION}"


def _places(texts: Sequence[str]) -> dict[bytes, list[int]]:
    """Return where each distinct text stands, by its hash."""
    places: dict[bytes, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(text_hash(text), []).append(place)
    return places


def _slices(
    names: Sequence[bytes], places: dict[bytes, list[int]], texts: Sequence[str]
) -> Iterator[tuple[Sequence[bytes], list[str]]]:
    """Yield hashes with their texts, the longest first, as many as are embedded between two writes to the cache."""
    ordered = sorted(names, key=lambda name: -len(texts[places[name][0]]))
    for start in range(0, len(ordered), _SLICE):
        some = ordered[start : start + _SLICE]
        yield some, [texts[places[name][0]] for name in some]
