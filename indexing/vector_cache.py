"""Vectors by embedder and text, in one SQLite file that several processes use and that may be deleted at any time."""

import errno
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from rag.errors import DiskFullError, StoreUnavailableError
from rag.types import Vector

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    identity TEXT NOT NULL, hash BLOB NOT NULL, used INTEGER NOT NULL, vector BLOB NOT NULL, UNIQUE (identity, hash));
CREATE INDEX IF NOT EXISTS vectors_used ON vectors (used);
"""
_WAIT_S = 30.0
_ASKED_AT_ONCE = 500  # variables of one statement
_DAY_S = 86_400  # last use is kept by the day, so that reading seldom writes
_KEPT_BY_PRUNING = 0.8  # of the limit, so that not every run prunes
_DELETED_AT_ONCE = 1000
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_ERROR}
_FULL_BELOW_BYTES = 1_000_000

Result = TypeVar("Result")


class VectorCache:
    """Unit vectors by embedder identity and text hash; one that cannot be read is as if it were absent. Thread-safe."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._lock = FileLock(f"{path}.lock", thread_local=True, fallback_to_soft=False)

    def get(self, identity: str, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        """Return the vectors that are there. Raises StoreUnavailableError."""
        return self._repaired(lambda: self._get(identity, hashes)) if self._path.exists() else {}

    def put(self, identity: str, vectors: Iterable[tuple[bytes, Vector]]) -> None:
        """Add vectors; one that is there already stays. Raises DiskFullError, StoreUnavailableError."""
        rows = [(identity, name, _today(), vector.astype(np.float32).tobytes()) for name, vector in vectors]
        self._repaired(lambda: self._write("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?, ?)", rows))

    def forget(self, hashes: Iterable[bytes]) -> None:
        """Take away these texts' vectors, of every embedder. Raises DiskFullError, StoreUnavailableError."""
        rows = [(name,) for name in hashes]
        if rows and self._path.exists():
            self._repaired(lambda: self._write("DELETE FROM vectors WHERE hash = ?", rows))

    def prune(self) -> None:
        """Take away what was used longest ago when the limit is passed. Raises DiskFullError, StoreUnavailableError."""
        if self._path.exists() and self._path.stat().st_size > self._limit_bytes:
            self._repaired(self._prune)

    def _get(self, identity: str, hashes: Sequence[bytes]) -> dict[bytes, Vector]:
        found: dict[bytes, Vector] = {}
        old: list[tuple[int, str, bytes]] = []
        with self._connection() as connection:
            for start in range(0, len(hashes), _ASKED_AT_ONCE):
                some = hashes[start : start + _ASKED_AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT hash, used, vector FROM vectors WHERE identity = ? AND hash IN ({marks})"
                for name, used, content in connection.execute(query, (identity, *some)):
                    found[name] = np.frombuffer(content, np.float32)
                    if used < _today():
                        old.append((_today(), identity, name))
        if old:
            self._write("UPDATE vectors SET used = ? WHERE identity = ? AND hash = ?", old)
        return {name: vector for name, vector in found.items() if abs(float(vector @ vector) - 1) < 1e-3}

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    def _prune(self) -> None:
        """Delete in short transactions, so that others write in between."""
        while True:
            with self._writing() as connection:
                if _used_bytes(connection) <= self._limit_bytes * _KEPT_BY_PRUNING:
                    connection.executescript("PRAGMA incremental_vacuum")
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    return
                connection.execute(
                    "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?)",
                    (_DELETED_AT_ONCE,),
                )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection() as connection:
            yield connection

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one operation: nothing is shared between threads, or carried through a fork."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors_used'").fetchone():
                self._create(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
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
        with self._lock:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _translated(self, error: Exception) -> DiskFullError | StoreUnavailableError:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        full = full or getattr(error, "errno", None) == errno.ENOSPC or self._free_bytes() < _FULL_BELOW_BYTES
        if full:
            return DiskFullError(f"No space for the vector cache {self._path}. What was embedded before is kept.")
        return StoreUnavailableError(f"The vector cache {self._path} cannot be used: {error}.")

    def _free_bytes(self) -> int:
        there = next(folder for folder in self._path.absolute().parents if folder.exists())
        return shutil.disk_usage(there).free


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
