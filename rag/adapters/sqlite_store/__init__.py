"""The embedded store: per build a folder with slots and posting lists in `index.db`, and vectors in `vectors.f32`.

A build with token vectors also has `tokens.i8`.
"""

from rag.adapters.sqlite_store.files import WriteLimits
from rag.adapters.sqlite_store.store import SqliteStore

__all__ = ["SqliteStore", "WriteLimits"]
