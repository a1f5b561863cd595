"""Bytes by kind and key, in one SQLite file that several processes use and that may be deleted at any time."""

import errno
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from filelock import FileLock

from rag.errors import DiskFullError, StoreUnavailableError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    kind TEXT NOT NULL, key BLOB NOT NULL, used INTEGER NOT NULL, content BLOB NOT NULL, UNIQUE (kind, key));
CREATE INDEX IF NOT EXISTS blobs_used ON blobs (used);
"""
_TOUCH = "UPDATE blobs SET used = ? WHERE kind = ? AND key = ?"
_WAIT_S = 30.0
_ASKED_AT_ONCE = 500  # variables of one statement
_DAY_S = 86_400  # last use is kept by the day, so that reading seldom writes
_KEPT_BY_PRUNING = 0.8  # of the limit, so that not every run prunes
_DELETED_AT_ONCE = 1000
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_ERROR}
_FULL_BELOW_BYTES = 1_000_000

Result = TypeVar("Result")
Blob: TypeAlias = tuple[bytes, bytes]  # key, content


class BlobCache:
    """Contents by kind and key; one that cannot be read is as if it were absent. Thread-safe."""

    def __init__(self, path: Path, limit_bytes: int, *, keep_open: bool = False) -> None:
        """keep_open: hold the file open for reading, for thousands of single reads by one thread of one process."""
        self.path = path
        self._limit_bytes = limit_bytes
        self._keep_open = keep_open
        self._reader: sqlite3.Connection | None = None
        self._touched: list[tuple[int, str, bytes]] = []  # read by the open reader, for the first time today
        self._lock = FileLock(f"{path}.lock", thread_local=True, fallback_to_soft=False)

    def get(self, kind: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the contents that are there. Raises StoreUnavailableError."""
        return self._repaired(lambda: self._get(kind, keys)) if self.path.exists() else {}

    def has(self, kind: str, keys: Sequence[bytes]) -> set[bytes]:
        """Return the keys that are there, without their contents. Raises StoreUnavailableError."""
        return self._repaired(lambda: self._has(kind, keys)) if self.path.exists() else set()

    def put(self, kind: str, blobs: Iterable[Blob]) -> None:
        """Add contents; one that is there already stays. Raises DiskFullError, StoreUnavailableError."""
        self.put_together({kind: blobs})

    def put_together(self, blobs: Mapping[str, Iterable[Blob]]) -> None:
        """Add contents of several kinds, all or none. Raises DiskFullError, StoreUnavailableError."""
        rows = [(kind, key, _today(), content) for kind, some in blobs.items() for key, content in some]
        self._repaired(lambda: self._write("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)", rows))

    def forget(self, keys: Iterable[bytes]) -> None:
        """Take away these keys, of every kind. Raises DiskFullError, StoreUnavailableError."""
        rows = [(key,) for key in keys]
        if rows and self.path.exists():
            self._repaired(lambda: self._write("DELETE FROM blobs WHERE key = ?", rows))

    def forget_kind(self, kind: str) -> None:
        """Take away all of a kind, with no byte of it left on disk. Raises DiskFullError, StoreUnavailableError."""
        if self.path.exists():
            self._repaired(lambda: self._write("DELETE FROM blobs WHERE kind = ?", [(kind,)]))
            self._repaired(self._shrink)

    def close(self) -> None:
        """Let go of the file, and write down what was used. Raises StoreUnavailableError."""
        if self._reader:
            self._reader.close()
            self._reader = None
        touched, self._touched = self._touched, []
        if touched and self.path.exists():
            self._repaired(lambda: self._write(_TOUCH, touched))

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return entries and bytes of each kind. Raises StoreUnavailableError."""
        return self._repaired(self._sizes) if self.path.exists() else {}

    def prune(self, limit_bytes: int | None = None) -> None:
        """Take away what was used longest ago when the limit is passed. Raises DiskFullError, StoreUnavailableError."""
        limit = self._limit_bytes if limit_bytes is None else limit_bytes
        if self.path.exists() and (limit_bytes is not None or self.path.stat().st_size > limit):
            self._repaired(lambda: self._prune(limit))

    def _get(self, kind: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        old: list[tuple[int, str, bytes]] = []
        with self._reading() as connection:
            for start in range(0, len(keys), _ASKED_AT_ONCE):
                some = keys[start : start + _ASKED_AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT key, used, content FROM blobs WHERE kind = ? AND key IN ({marks})"
                for key, used, content in connection.execute(query, (kind, *some)):
                    found[key] = content
                    if used < _today():
                        old.append((_today(), kind, key))
        if self._keep_open:
            self._touched += old
        elif old:
            self._write(_TOUCH, old)
        return found

    def _has(self, kind: str, keys: Sequence[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        with self._reading() as connection:
            for start in range(0, len(keys), _ASKED_AT_ONCE):
                some = keys[start : start + _ASKED_AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT key FROM blobs WHERE kind = ? AND key IN ({marks})"
                found.update(key for (key,) in connection.execute(query, (kind, *some)))
        return found

    def _sizes(self) -> dict[str, tuple[int, int]]:
        with self._connection() as connection:
            rows = connection.execute("SELECT kind, count(*), sum(length(content)) FROM blobs GROUP BY kind")
            return {kind: (count, size) for kind, count, size in rows}

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    def _shrink(self) -> None:
        with self._writing() as connection:
            connection.executescript("PRAGMA incremental_vacuum")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _prune(self, limit_bytes: int) -> None:
        """Delete in short transactions, so that others write in between."""
        while True:
            with self._writing() as connection:
                if _used_bytes(connection) <= limit_bytes * _KEPT_BY_PRUNING or not _any(connection):
                    break
                connection.execute(
                    "DELETE FROM blobs WHERE rowid IN (SELECT rowid FROM blobs ORDER BY used, rowid LIMIT ?)",
                    (_DELETED_AT_ONCE,),
                )
        self._shrink()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self._keep_open:
            with self._connection() as connection:
                yield connection
            return
        if self._reader is None:
            with self._connection():  # creates what is not there
                self._reader = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        yield self._reader

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one operation: nothing is shared between threads, or carried through a fork."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'blobs_used'").fetchone():
                self._create(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            yield connection

    def _create(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def _repaired(self, operation: Callable[[], Result]) -> Result:
        """Do it; where the file is damaged, delete it and do it again. Raises DiskFullError, StoreUnavailableError."""
        try:
            try:
                return operation()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._delete()
                return operation()
        except (sqlite3.Error, OSError) as error:
            raise self._translated(error) from error

    def _delete(self) -> None:
        if self._reader:
            self._reader.close()
            self._reader = None
        with self._lock:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def _translated(self, error: Exception) -> DiskFullError | StoreUnavailableError:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        full = full or getattr(error, "errno", None) == errno.ENOSPC or self._free_bytes() < _FULL_BELOW_BYTES
        if full:
            return DiskFullError(
                f"No space for the cache {self.path}. What it held before is kept; free some space and repeat."
            )
        return StoreUnavailableError(f"The cache {self.path} cannot be used: {error}.")

    def _free_bytes(self) -> int:
        there = next(folder for folder in self.path.absolute().parents if folder.exists())
        return shutil.disk_usage(there).free


def _any(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM blobs LIMIT 1").fetchone() is not None


def _used_bytes(connection: sqlite3.Connection) -> int:
    size, pages, free = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    return size * (pages - free)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Judge by the primary result code: a table of another shape is SQLITE_ERROR."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _today() -> int:
    return int(time.time()) // _DAY_S
