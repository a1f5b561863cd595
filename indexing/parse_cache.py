"""What parser processes answered, by the bytes that they read: an experiment parses no file twice."""

import hashlib
import threading
from collections.abc import Sequence

from indexing.blob_cache import BlobCache

KIND = "parsed"


class ParseCache:
    """Answers of parsers, and how many of this run were computed or reused. Thread-safe."""

    def __init__(self, blobs: BlobCache | None) -> None:
        self._blobs = blobs  # None: nothing is kept
        self.computed = self.reused = 0
        self._lock = threading.Lock()

    def get(self, requests: Sequence[bytes], version: str) -> dict[bytes, bytes]:
        """Return the answers that are known, by request."""
        keys = {_key(request, version): request for request in requests}
        found = self._blobs.get(KIND, list(keys)) if self._blobs else {}
        with self._lock:
            self.reused += len(found)
            self.computed += len(requests) - len(found)
        return {keys[key]: answer for key, answer in found.items()}

    def known(self, requests: Sequence[bytes], version: str) -> set[bytes]:
        """Return the requests whose answers are known; nothing is counted."""
        keys = {_key(request, version): request for request in requests}
        found = self._blobs.has(KIND, list(keys)) if self._blobs else set()
        return {keys[key] for key in found}

    def put(self, answers: Sequence[tuple[bytes, bytes]], version: str) -> None:
        """Keep answers by request."""
        if self._blobs and answers:
            self._blobs.put(KIND, [(_key(request, version), answer) for request, answer in answers])


def _key(request: bytes, version: str) -> bytes:
    return hashlib.sha256(version.encode() + b"\0" + request).digest()
