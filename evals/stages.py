"""The cache of stages: each step of the pipeline by the digest of what it depends on, and how often it ran."""

import hashlib
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Generic, TypeVar

from indexing.blob_cache import BlobCache

T = TypeVar("T")
STAGES = (
    "parse",
    "chunk",
    "embed_chunks",
    "embed_questions",
    "embed_sentences",
    "dense",
    "lexical",
    "fuse",
    "rerank",
    "answer",
    "ground",
)
_COST = struct.Struct("<d")  # milliseconds of the first computation, before the content
_WRITTEN_AT_ONCE = 400  # entries of one write: what a kill loses at most


@dataclass(slots=True)
class StageCount:
    """How often a stage ran or was spared, and what running took."""

    computed: int = 0
    reused: int = 0
    seconds: float = 0.0


class Stages:
    """Results of steps by stage and key, with their counts, and the times of the question at hand. One thread."""

    def __init__(self, blobs: BlobCache | None) -> None:
        self._blobs = blobs  # None: nothing is read or written
        self.counts = {stage: StageCount() for stage in STAGES}
        self.timings_ms: dict[str, float] = {}  # of one question: of the first computation where it is reused
        self._waiting: dict[str, dict[bytes, bytes]] = {}

    def once(self, stage: str, key: bytes, make: Callable[[], T], coding: "Coding[T]") -> T:
        """Return what `make` makes, or made when the same key was asked before."""
        known = self.find(stage, [key])
        if key in known:
            return coding.decode(known[key])
        started = time.perf_counter()
        made = make()
        self.keep(stage, {key: coding.encode(made)}, time.perf_counter() - started)
        return made

    def find(self, stage: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the contents that are known, and count them as reused."""
        if self._blobs is None:
            return {}
        waiting = self._waiting.get(stage, {})
        found = {key: waiting[key] for key in keys if key in waiting}
        found |= self._blobs.get(stage, [key for key in keys if key not in found]) if len(found) < len(keys) else {}
        self.counts[stage].reused += len(found)
        for blob in found.values():
            self._add(stage, _COST.unpack_from(blob)[0])
        return {key: blob[_COST.size :] for key, blob in found.items()}

    def keep(self, stage: str, contents: dict[bytes, bytes], seconds: float) -> None:
        """Keep what was computed now, and count it."""
        self.note(stage, len(contents), seconds)
        if self._blobs is None:
            return
        cost = _COST.pack(seconds * 1000 / max(len(contents), 1))
        waiting = self._waiting.setdefault(stage, {})
        waiting |= {key: cost + content for key, content in contents.items()}
        self._flush_many()

    def note(self, stage: str, count: int, seconds: float) -> None:
        """Count what was computed now and is not kept."""
        counted = self.counts[stage]
        counted.computed += count
        counted.seconds += seconds
        self._add(stage, seconds * 1000)

    def peek(self, kind: str, key: bytes) -> bytes | None:
        """Return a content that is known, of a kind that is no stage."""
        if self._blobs is None:
            return None
        return self._waiting.get(kind, {}).get(key) or self._blobs.get(kind, [key]).get(key)

    def remember(self, kind: str, key: bytes, content: bytes) -> None:
        """Keep a content of a kind that is no stage."""
        if self._blobs is not None:
            self._waiting.setdefault(kind, {})[key] = content
            self._flush_many()

    def _flush_many(self) -> None:
        if sum(map(len, self._waiting.values())) >= _WRITTEN_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits. Raises DiskFullError, StoreUnavailableError."""
        for stage, contents in self._waiting.items():
            if self._blobs is not None and contents:
                self._blobs.put(stage, contents.items())
        self._waiting.clear()

    def close(self) -> None:
        """Write what waits, keep the cache within its limit, and let go of it."""
        with ExitStack() as last:
            if self._blobs is not None:
                last.callback(self._blobs.prune)
                last.callback(self._blobs.close)
            self.flush()

    def as_json(self) -> dict[str, dict[str, float]]:
        """Return the counts as the contract names them; seconds to the millisecond."""
        return {stage: asdict(count) | {"seconds": round(count.seconds, 3)} for stage, count in self.counts.items()}

    def _add(self, stage: str, ms: float) -> None:
        self.timings_ms[stage] = self.timings_ms.get(stage, 0.0) + ms


@dataclass(frozen=True, slots=True)
class Coding(Generic[T]):
    """A result as bytes, and back: exactly the same."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


def key_of(*parts: object) -> bytes:
    """Return the digest of parts whose text says all of them."""
    found = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        found.update(len(content).to_bytes(8, "little") + content)
    return found.digest()
