"""One build as a process reads it: a connection per thread at work, and the arrays that its threads share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.adapters.sqlite_store.files import INDEX, open_reader, translated_errors
from rag.adapters.sqlite_store.schema import State, read_state
from rag.adapters.sqlite_store.tokens import TokenMap
from rag.adapters.sqlite_store.views import View, Views

MAX_IDLE = 8  # connections kept open; a thread beyond these opens one for itself


class BuildReader:
    """Belongs to the process that made it: after a fork the child makes its own."""

    def __init__(self, folder: Path) -> None:
        self.inode = inode_of(folder)
        self._process = os.getpid()
        self._folder = folder
        self._idle: list[sqlite3.Connection] = []
        self._views = Views(folder)
        self.tokens = TokenMap(folder)
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[tuple[sqlite3.Connection, State]]:
        """Open a read transaction, which always ends. Raises SnapshotGoneError, DamagedError."""
        db = self._take()
        try:
            with translated_errors():
                db.execute("begin")
                state = read_state(db)
            yield db, state
        finally:
            self._give_back(db)

    def view(self, db: sqlite3.Connection, state: State, revision: int) -> View:
        with translated_errors():
            return self._views.at(db, state, revision)

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        self._closed = True
        self._views, self.tokens = Views(self._folder), TokenMap(self._folder)
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        if getattr(self, "_process", None) == os.getpid():  # a child must not touch what its parent has open
            self.close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return open_reader(self._folder)

    def _give_back(self, db: sqlite3.Connection) -> None:
        try:
            if db.in_transaction:
                db.execute("rollback")
        except sqlite3.Error:
            db.close()
            return
        self._idle.append(db)
        if self._closed or len(self._idle) > MAX_IDLE:
            self._idle.pop().close()


def inode_of(folder: Path) -> int:
    """Return what tells a build from a later one of the same name. Raises SnapshotGoneError when there is none."""
    with translated_errors():
        return (folder / INDEX).stat().st_ino
