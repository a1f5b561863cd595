"""One write transaction on a build."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag.adapters.sqlite_store.files import translated_errors, vector_file
from rag.adapters.sqlite_store.postings import PostingBuffer
from rag.adapters.sqlite_store.schema import NO_DAY, read_state, write_state
from rag.adapters.sqlite_store.tokens import TokenWriter
from rag.ports import Row
from rag.types import ChunkId, Matrix

_RETIRE = "update chunk set died = ?, changed = ? where id = ? and died is null"
_INSERT = "insert into chunk values(?, ?, ?, ?, ?, null, ?)"


class SqliteWriter:
    """A StoreWriter: made inside the transaction, and finished before its commit."""

    @translated_errors()
    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        state = read_state(db)
        self._db, self._was = db, state
        self._rev, self._slots, self._purged = state.rev + 1, state.slots, state.purged
        self._postings = PostingBuffer(db)
        self._vectors = vector_file(folder, state.dim)
        self._tokens = TokenWriter(db, folder, state.token_dim)

    @translated_errors()
    def upsert(self, rows: Sequence[Row], born: int) -> None:
        unique = list({row.id: row for row in rows}.values())
        if not unique:
            return
        self._vectors.write(self._matrix(unique), self._slots)
        self._tokens.add(unique, self._slots)
        self._retire((row.id for row in unique), born)
        for slot, row in enumerate(unique, self._slots):
            self._postings.add(slot, row)
        self._db.executemany(_INSERT, (self._chunk(slot, row, born) for slot, row in enumerate(unique, self._slots)))
        self._slots += len(unique)

    @translated_errors()
    def retire(self, ids: Iterable[ChunkId], died: int) -> None:
        self._retire(ids, died)

    @translated_errors()
    def clean_up(self, published: int) -> None:
        self._blank("born > ?", published)
        self._db.execute("update chunk set died = null, changed = ? where died > ?", (self._rev, published))

    @translated_errors()
    def purge(self, revision: int) -> None:
        """Blank the rows; their vectors and postings stay on disk until the build is compacted."""
        [(latest,)] = self._db.execute("select max(died) from chunk where died <= ?", (revision,)).fetchall()
        if latest:
            self._blank("died between 1 and ?", latest)
            self._purged = max(latest, self._purged)

    @translated_errors()
    def finish(self) -> None:
        """Put everything where the commit will make it visible, the vectors on the disk first."""
        self._postings.flush()
        self._vectors.sync()
        self._tokens.sync()
        write_state(self._db, replace(self._was, rev=self._rev, slots=self._slots, purged=self._purged))

    def close(self) -> None:
        self._vectors.close()
        self._tokens.close()

    def _matrix(self, rows: Sequence[Row]) -> Matrix:
        matrix = np.array([row.vector for row in rows], np.float32)
        if matrix.shape != (len(rows), self._was.dim):
            raise ValueError(f"vectors must have {self._was.dim} dimensions")
        return matrix

    def _chunk(self, slot: int, row: Row, born: int) -> tuple[int, str, int, int, int, int]:
        return slot, row.id, len(row.tokens), row.day.toordinal() if row.day else NO_DAY, born, self._rev

    def _retire(self, ids: Iterable[ChunkId], died: int) -> None:
        self._db.executemany(_RETIRE, ((died, self._rev, id_) for id_ in ids))

    def _blank(self, condition: str, number: int) -> None:
        """Take away rows for good; a blank one has no id and died before everything."""
        values = "id = null, length = 0, day = 0, born = 0, died = 0, changed = ?"
        self._db.execute(f"update chunk set {values} where {condition}", (self._rev, number))
