"""The embedded store: which builds there are, who reads and who writes them."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rag.adapters.sqlite_store.compaction import copy_living
from rag.adapters.sqlite_store.files import WriteLimits, sync_folder, translated_errors, writing
from rag.adapters.sqlite_store.reader import BuildReader, inode_of
from rag.adapters.sqlite_store.schema import create_tables
from rag.adapters.sqlite_store.snapshot import SqliteSnapshot
from rag.adapters.sqlite_store.writer import SqliteWriter
from rag.errors import SnapshotGoneError, StoreUnavailableError
from rag.ports import BuildStats

GONE = ".gone"  # the end of a folder's name while it is being deleted
OPEN_BUILDS = 8  # that a process keeps open: what serves, what it replaced, what is compared


class SqliteStore:
    """A Store in a folder on a local disk, good to 200,000 chunks. Usable by any number of threads and processes."""

    def __init__(self, folder: Path, limits: WriteLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or WriteLimits()
        self._readers: dict[tuple[int, str], BuildReader] = {}  # by process too: nothing is shared through a fork

    @translated_errors()
    def create(self, build: str, dim: int, token_dim: int = 0) -> None:
        """Create an empty build; one that exists stays as it is."""
        folder = self._folder / build
        folder.mkdir(parents=True, exist_ok=True)
        with writing(folder, self._limits, "rwc") as db, translated_errors():
            create_tables(db, dim, token_dim)
        sync_folder(self._folder)

    @contextmanager
    def writer(self, build: str) -> Iterator[SqliteWriter]:
        folder = self._folder / build
        inode_of(folder)
        with writing(folder, self._limits) as db, closing(SqliteWriter(db, folder)) as writer:
            yield writer
            writer.finish()

    @contextmanager
    def snapshot(self, build: str, revision: int) -> Iterator[SqliteSnapshot]:
        reader = self._reader(build)
        with reader.transaction() as (db, state):
            if revision < state.purged:
                raise SnapshotGoneError(f"Revision {revision} of the index was purged.")
            view = reader.view(db, state, revision)
            yield SqliteSnapshot(db, view, revision, reader.tokens, state.token_dim)

    def compact(self, build: str, target: str) -> None:
        """Fill the new build `target`, made afresh, with the rows of `build` that no one has retired."""
        if build == target:
            raise ValueError(f"build {build!r} cannot be compacted into itself")
        self.drop(target)
        folder, into = self._folder / build, self._folder / target
        with self._reader(build).transaction() as (source, state):
            self.create(target, state.dim, state.token_dim)
            with writing(into, self._limits) as db:
                copy_living(source, state, folder, db, into)

    def stats(self, build: str) -> BuildStats:
        """Return the size of a build; rows that were purged count as dead until it is compacted."""
        folder = self._folder / build
        with self._reader(build).transaction() as (db, state), translated_errors():
            [(dead,)] = db.execute("select count(*) from chunk where died is not null").fetchall()
            size_bytes = sum(path.stat().st_blocks * 512 for path in folder.iterdir())
        return BuildStats(state.slots, dead, size_bytes)

    @translated_errors()
    def builds(self) -> list[str]:
        if not self._folder.exists():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir() and path.suffix != GONE)

    @translated_errors()
    def drop(self, build: str) -> None:
        if reader := self._readers.pop((os.getpid(), build), None):
            reader.close()
        with suppress(FileNotFoundError):
            # Renamed first: nobody may open the database without its log.
            (self._folder / build).rename(self._folder / f"{build}.{time.time_ns()}{GONE}")
        for gone in self._folder.glob(f"*{GONE}"):
            with suppress(FileNotFoundError):  # another process deletes it too
                shutil.rmtree(gone)

    def check(self) -> None:
        if self._folder.exists() and not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise StoreUnavailableError(f"The folder {self._folder} cannot be read and written by this user.")

    def _reader(self, build: str) -> BuildReader:
        """Return this process's reader of the build that has this name now."""
        key, folder = (os.getpid(), build), self._folder / build
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers.setdefault(key, BuildReader(folder))  # another thread may have been faster
        elif reader.inode != inode_of(folder):
            reader = self._readers[key] = BuildReader(folder)
        if len(self._readers) > 1:
            self._close_others(build)
        return reader

    def _close_others(self, build: str) -> None:
        """Let go of builds that were dropped, or their files would stay; and of the oldest where many are open."""
        mine = [name for process, name in list(self._readers) if process == os.getpid() and name != build]
        living = [name for name in mine if (self._folder / name).exists()]
        for name in set(mine) - set(living[-OPEN_BUILDS + 1 :]):
            if reader := self._readers.pop((os.getpid(), name), None):
                reader.close()
