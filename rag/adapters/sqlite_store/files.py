"""The files of a build: connections, the writers' lock, the vector file; and their errors in our words."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from rag.errors import DamagedError, DiskFullError, RagError, SnapshotGoneError, StoreUnavailableError
from rag.types import Matrix, TokenRows

INDEX, VECTORS, TOKENS = "index.db", "vectors.f32", "tokens.i8"
BUSY_TIMEOUT_S = 30  # a reader waits for another one that recovers the log after a kill
ROOM = 16_384  # slots by which the vector file grows, sparsely, so that readers seldom map it anew
TOKEN_ROOM = 64 * ROOM  # the same for the file of token vectors, counted in these

_READER_PRAGMAS = ("query_only=1", "cache_size=-2000")  # little: pages are mapped, and so shared by all readers
_WRITER_PRAGMAS = (
    "journal_mode=wal",
    "synchronous=full",
    "wal_autocheckpoint=0",
    "secure_delete=on",
    "cache_size=-16000",
)
_DAMAGED_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}  # the latter: no room to begin to read
_BUG_CODES = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE}


@dataclass(frozen=True, slots=True)
class WriteLimits:
    lock_timeout_s: float = 30
    checkpoint_bytes: int = 4 << 20  # of log: a checkpoint writes each changed page once, however often it was logged


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the RagError that stands for an error of SQLite, the lock or the file system."""
    try:
        yield
    except Timeout as error:
        raise StoreUnavailableError("Another process is writing the index for too long. Try again later.") from error
    except sqlite3.Error as error:
        raise _translation(error) from error
    except FileNotFoundError as error:
        raise SnapshotGoneError(f"A file of the index has gone: {error.filename}.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _disk_full() from error
        raise StoreUnavailableError(f"The index cannot be read or written: {error}.") from error


def damaged(detail: str) -> DamagedError:
    return DamagedError(f"The search index is damaged ({detail}). `plumbline index rebuild` mends it.")


def _disk_full() -> DiskFullError:
    return DiskFullError("The disk is full: nothing was published, what was there still serves. Free space, run again.")


def _translation(error: sqlite3.Error) -> RagError | sqlite3.Error:
    """Return what to raise instead; what only a bug of ours can cause stays as it is."""
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    code = extended & 0xFF  # the low byte is the kind of error
    if code in _DAMAGED_CODES or extended == sqlite3.SQLITE_IOERR_SHORT_READ or "no such table" in str(error):
        return damaged(str(error))
    if code in _BUG_CODES:
        return error
    if extended in _FULL_CODES:
        return _disk_full()
    return StoreUnavailableError(f"The index cannot be read or written: {error}.")


def open_reader(folder: Path) -> sqlite3.Connection:
    """Open for reading, without taking the lock. Raises SnapshotGoneError when the build is not there.

    Not `mode=ro`: the first to open after a kill has to recover the log.
    """
    with translated_errors():
        return _connect(folder, "rw", _READER_PRAGMAS)


@contextmanager
def writing(folder: Path, limits: WriteLimits, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """Hold the lock and a transaction, committed at the end of the block; now and then checkpoint the log.

    mode: "rwc" creates the database.
    """
    with ExitStack() as stack:
        with translated_errors():
            stack.enter_context(_lock(folder, limits))
            db = stack.enter_context(closing(_connect(folder, mode, _WRITER_PRAGMAS)))
            # Or the log would stay long once it was, and every write would checkpoint.
            db.execute(f"pragma journal_size_limit={limits.checkpoint_bytes}").fetchall()
            db.execute("begin immediate")
        yield db
        with translated_errors():
            db.execute("commit")
            if (folder / f"{INDEX}-wal").stat().st_size > limits.checkpoint_bytes:
                db.execute("pragma wal_checkpoint(passive)").fetchall()  # passive waits for nobody


def _lock(folder: Path, limits: WriteLimits) -> FileLock:
    path = folder / f"{INDEX}.lock"
    # No soft lock: one that a killed process left would never open again.
    return FileLock(path, limits.lock_timeout_s, fallback_to_soft=False, poll_interval=0.002)


def _connect(folder: Path, mode: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    address = f"{(folder / INDEX).absolute().as_uri()}?mode={mode}"
    try:
        db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_S)
    except sqlite3.OperationalError:
        (folder / INDEX).stat()  # says more plainly that it is not there
        raise
    try:
        for pragma in (*pragmas, "mmap_size=1073741824"):
            db.execute(f"pragma {pragma}").fetchall()
    except sqlite3.Error:
        db.close()
        raise
    return db


def map_vectors(folder: Path, dim: int, slots: int) -> Matrix:
    """Map the vector file, at least `slots` rows. Raises DamagedError when it is shorter, or alone is missing."""
    return np.asarray(_map_rows(folder / VECTORS, np.dtype("<f4"), dim, slots))


def map_tokens(folder: Path, token_dim: int, count: int) -> TokenRows:
    """Map the file of token vectors, at least `count` of them. Raises DamagedError as `map_vectors` does."""
    return np.asarray(_map_rows(folder / TOKENS, np.dtype(np.int8), token_dim, count))


def _map_rows(path: Path, dtype: np.dtype[Any], width: int, count: int) -> NDArray[Any]:
    if count == 0:
        return np.zeros((0, width), dtype)
    with translated_errors():
        rows = path.stat().st_size // (dtype.itemsize * width) if path.exists() else 0
        if rows < count:
            (path.parent / INDEX).stat()  # gone too: then the build was dropped, and is not damaged
            raise damaged(f"{path.name} is too short")
        return np.memmap(path, dtype, "r", shape=(rows, width))


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def vector_file(folder: Path, dim: int) -> "RowFile":
    return RowFile(folder / VECTORS, np.dtype("<f4"), dim, ROOM)


def token_file(folder: Path, token_dim: int) -> "RowFile":
    return RowFile(folder / TOKENS, np.dtype(np.int8), token_dim, TOKEN_ROOM)


class RowFile:
    """Appends rows past the last committed one: what is committed is never overwritten."""

    def __init__(self, path: Path, dtype: np.dtype[Any], width: int, room: int) -> None:
        """Open the file, made where it is absent. width: numbers of a row. room: rows by which the file grows."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._dtype, self._width, self._room = dtype, dtype.itemsize * width, room
        self._written = False

    def write(self, rows: NDArray[Any], first: int) -> None:
        if not len(rows):
            return
        self._make_room(first + len(rows))
        data, offset = np.ascontiguousarray(rows, self._dtype).data.cast("B"), first * self._width
        while data:
            written = os.pwrite(self._file, data, offset)
            data, offset = data[written:], offset + written
        self._written = True

    def sync(self) -> None:
        """Return when the rows are on the disk: to be called before the index that names them is committed."""
        if self._written:
            os.fdatasync(self._file)
            self._written = False

    def close(self) -> None:
        os.close(self._file)

    def _make_room(self, rows: int) -> None:
        size = -(-rows // self._room) * self._room * self._width
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
