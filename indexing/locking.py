"""One refresh at a time: a file lock, or an advisory lock of PostgreSQL. Both end with the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from rag.errors import UnavailableError

_ADVISORY = 7_205_759_403_792  # any number that is ours


class AlreadyRunningError(Exception):
    """Another process is refreshing: not a failure, told by whoever asked."""


@contextmanager
def refresh_lock(home: Path, database_url: str, *, wait: bool, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the refresh lock. Calls `waiting` once before it waits. Raises AlreadyRunningError where it may not wait."""
    with _postgres_lock(database_url, wait, waiting) if database_url else _file_lock(home, wait, waiting):
        yield


@contextmanager
def _file_lock(home: Path, wait: bool, waiting: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(home / "refresh.lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise AlreadyRunningError from None
        waiting()
        lock.acquire()
    except OSError as error:
        said = f"{lock.lock_file} cannot be locked: {error.strerror}"
        raise UnavailableError(f"{said}. Check that this user may write it and its folder.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _postgres_lock(url: str, wait: bool, waiting: Callable[[], None]) -> Iterator[None]:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if not connection.execute(text(f"SELECT pg_try_advisory_lock({_ADVISORY})")).scalar():
                if not wait:
                    raise AlreadyRunningError
                waiting()
                connection.execute(text(f"SELECT pg_advisory_lock({_ADVISORY})"))
            yield
    finally:
        engine.dispose()
