"""Connections, locks and transactions: SQLite by default, PostgreSQL by its address."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import NullPool

from rag.errors import DamagedError, DatabaseUnavailableError, DiskFullError, RagError

CHECKPOINT_AT = 4 << 20  # bytes of log
LOCK_TIMEOUT_S = 30.0
LOCK_POLL_S = 0.002
_READER = ["query_only=1"]
_WRITER = ["journal_mode=wal", "synchronous=full", "wal_autocheckpoint=0"]
_BOTH = ["foreign_keys=on", "secure_delete=on", "mmap_size=1073741824", "cache_size=-8000", "busy_timeout=30000"]


class Database:
    """One SQL database. Thread-safe; readers never wait for a writer."""

    def __init__(self, address: str | Path, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self.path = address if isinstance(address, Path) else None
        self.name = str(address) if self.path else make_url(str(address)).render_as_string(hide_password=True)
        self._address, self._lock_timeout_s = str(address), lock_timeout_s
        self._readers = self._sqlite(reader=True) if self.path else _postgres(self._address, "REPEATABLE READ")
        self._writers = self._sqlite(reader=False) if self.path else _postgres(self._address, "READ COMMITTED")

    @property
    def exists(self) -> bool:
        """Whether there is something to connect to; a server always counts. Raises DatabaseUnavailableError."""
        with _reachable(self.name):
            return self.path is None or self.path.exists()

    def holds(self, table: str) -> bool:
        """Whether there is such a table. Raises DatabaseUnavailableError, DamagedError."""
        if not self.exists:
            return False
        with self.read() as connection:
            return inspect(connection).has_table(table)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a real snapshot: two reads see the same state. Raises DatabaseUnavailableError, DamagedError."""
        with self._translated(), self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction: one at a time on SQLite. Raises DatabaseUnavailableError, DiskFullError."""
        with self._translated(), self._lock(), self._writers.connect() as connection:
            with connection.begin():
                yield connection
            self._checkpoint(connection)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Open a write transaction on a database that may not exist yet."""
        if self.path:
            with _reachable(self.name):
                self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.write() as connection:
            yield connection

    def shrink(self) -> None:
        """Give freed pages back and empty the log, so that no deleted text is left on disk."""
        with self._translated(), self._lock(), self._writers.connect() as connection:
            free = connection.execution_options(isolation_level="AUTOCOMMIT")
            if self.path is None:
                free.execute(text("VACUUM"))
                return
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._readers.dispose()
        self._writers.dispose()

    def _lock(self) -> Any:  # a context manager of filelock, or none
        return _file_lock(self.path, self._lock_timeout_s) if self.path else _unlocked()

    def _checkpoint(self, connection: Connection) -> None:
        if self.path is None:
            return
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size > CHECKPOINT_AT:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)")  # truncate would wait for the slowest reader

    def _sqlite(self, *, reader: bool) -> Engine:
        assert self.path is not None
        # not ro: the first to open after a kill has to recover the log
        url = f"sqlite+pysqlite:///{self.path.absolute().as_uri()}?mode={'rw' if reader else 'rwc'}&uri=true"
        pool = {"pool_size": 64, "max_overflow": -1} if reader else {"poolclass": NullPool}
        engine = create_engine(url, **pool)
        event.listen(engine, "connect", _prepare(_READER + _BOTH if reader else _WRITER + _BOTH))
        event.listen(engine, "begin", _begin("BEGIN" if reader else "BEGIN IMMEDIATE"))
        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeoutError as error:
            raise DatabaseUnavailableError(f"Too many requests use {self.name} at once. Try again.") from error
        except DBAPIError as error:
            raise translate(str(error.orig), self.name) from error
        except sqlite3.Error as error:  # of a statement that went to the driver itself
            raise translate(str(error), self.name) from error


def translate(said: str, name: str) -> RagError:
    """Return what a failure of the database, in its driver's words, means to whoever runs the product."""
    if "disk is full" in said or "disk I/O error" in said or "No space left" in said:
        return DiskFullError(
            f"The disk under {name} is full ({said}). Nothing was published; free some space and repeat."
        )
    if "not a database" in said or "malformed" in said:
        return DamagedError(
            f"The database {name} is damaged ({said}). Restore it from a backup, or delete it and index again."
        )
    if "locked" in said:
        return DatabaseUnavailableError(f"The database {name} has been locked by another process for 30 s. Try again.")
    if "readonly" in said or "unable to open" in said:
        return _unreachable(name, said)
    return DatabaseUnavailableError(f"The database {name} does not answer: {said}.")


def _unreachable(name: str, said: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(
        f"The database {name} cannot be opened ({said}). Check that this user may read and write it and its folder."
    )


@contextmanager
def _reachable(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unreachable(name, os.strerror(error.errno or 0)) from error


def _prepare(pragmas: list[str]) -> Callable[..., None]:
    def on_connect(connection: Any, _record: object) -> None:  # the driver's own connection
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return on_connect


def _begin(statement: str) -> Callable[[Connection], None]:
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return on_begin


def _postgres(url: str, isolation_level: Any) -> Engine:  # a Literal of SQLAlchemy
    return create_engine(url, isolation_level=isolation_level, pool_pre_ping=True, pool_size=16, max_overflow=32)


@contextmanager
def _file_lock(path: Path, timeout_s: float) -> Iterator[None]:
    lock = FileLock(f"{path}.lock", timeout=timeout_s, fallback_to_soft=False)
    try:
        lock.acquire(poll_interval=LOCK_POLL_S)
    except Timeout as error:
        raise DatabaseUnavailableError(
            f"Another process has been writing to {path} for {timeout_s:.0f} s. Try again."
        ) from error
    except OSError as error:
        raise DatabaseUnavailableError(f"{path} cannot be locked: {os.strerror(error.errno or 0)}.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _unlocked() -> Iterator[None]:
    yield
