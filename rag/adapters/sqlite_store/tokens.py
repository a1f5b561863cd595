"""Token vectors of a build: where they lie in `tokens.i8`, and how they compare with a question."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.adapters.row_shapes import require_fitting
from rag.adapters.sqlite_store.files import RowFile, damaged, map_tokens, token_file
from rag.adapters.sqlite_store.schema import State
from rag.ports import Row
from rag.types import TOKEN_SCALE, ChunkId, Matrix, TokenRows, Vector

COPIED_ROWS = 2_000  # at a time: 20 MB of token vectors

_END = "select ifnull((select first + count from token order by slot desc limit 1), 0)"
_ALIVE = """
select chunk.id, token.first, token.count from chunk cross join token on token.slot = chunk.slot
where chunk.id in (select value from json_each(?1)) and died is null and born <= ?2
"""
# Rows that a refresh is about to replace: few, and found by the revision that they end at.
_ENDING = """
select chunk.id, token.first, token.count from chunk cross join token on token.slot = chunk.slot
where died > ?2 and born <= ?2 and chunk.id in (select value from json_each(?1))
"""

_LIVING = "select slot, first, count from token join chunk using (slot) where died is null order by slot"

Places: TypeAlias = NDArray[np.int64]  # shape [chunks, 2]: first token vector, and how many


class TokenMap:
    """The file of token vectors as this process has mapped it; mapped anew where it has grown. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mapped: TokenRows | None = None

    def holding(self, token_dim: int, count: int) -> TokenRows:
        """Return at least `count` token vectors. Raises DamagedError."""
        mapped = self._mapped
        if mapped is None or len(mapped) < count:
            mapped = self._mapped = map_tokens(self._folder, token_dim, count)
        return mapped


class TokenWriter:
    """Appends the token vectors of new rows, past the last committed one; of a build without them it keeps nothing."""

    def __init__(self, db: sqlite3.Connection, folder: Path, token_dim: int) -> None:
        self._db, self._dim = db, token_dim
        self._file = token_file(folder, token_dim) if token_dim else None
        self._end = _end_of(db) if token_dim else 0

    def add(self, rows: Sequence[Row], first_slot: int) -> None:
        """Add rows in the order of their slots. Raises ValueError where they do not fit the build."""
        vectors = [each for row in rows if (each := require_fitting(row, self._dim)) is not None]
        if self._file and vectors:
            self._append(self._file, vectors, first_slot)

    def sync(self) -> None:
        if self._file:
            self._file.sync()

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _append(self, file: RowFile, vectors: Sequence[TokenRows], first_slot: int) -> None:
        file.write(np.concatenate(vectors), self._end)
        for slot, each in enumerate(vectors, first_slot):
            if len(each):
                self._db.execute("insert into token values(?, ?, ?)", (slot, self._end, len(each)))
                self._end += len(each)


def find_tokens(db: sqlite3.Connection, ids: Sequence[ChunkId], revision: int) -> tuple[list[ChunkId], Places]:
    """Return those of the ids that are visible and have token vectors, and where these lie."""
    parameters = (json.dumps(list(ids)), revision)
    found = [each for query in (_ALIVE, _ENDING) for each in db.execute(query, parameters)]
    return [each[0] for each in found], np.array([each[1:] for each in found], np.int64).reshape(-1, 2)


def closest(tokens: TokenRows, places: Places, question: Matrix, weights: Vector) -> Vector:
    """Return the score of each place: MaxSim, weighted (Khattab & Zaharia, 2020). Raises DamagedError.

    tokens: all of the build, as they are stored.
    """
    stacked = _taken(tokens, places).astype(np.float32)
    starts = np.cumsum(places[:, 1]) - places[:, 1]
    nearest = np.maximum.reduceat(stacked @ np.ascontiguousarray(question.T, np.float32), starts, axis=0)
    scores: Vector = nearest @ (weights / np.float32(TOKEN_SCALE))
    return scores


def copy_tokens(
    source: tuple[sqlite3.Connection, State, Path], target: tuple[sqlite3.Connection, Path], kept: NDArray[np.int64]
) -> None:
    """Copy the token vectors of the living into a new build. kept: their slots; the new ones are places in it."""
    (db, state, folder), (target_db, into) = source, target
    tokens, living, first = map_tokens(folder, state.token_dim, _end_of(db)), db.execute(_LIVING), 0
    with closing(token_file(into, state.token_dim)) as file:
        while rows := living.fetchmany(COPIED_ROWS):
            slots, places = np.array(rows, np.int64)[:, 0], np.array(rows, np.int64)[:, 1:]
            file.write(_taken(tokens, places), first)
            counts, ends = places[:, 1], first + np.cumsum(places[:, 1])
            copies = np.column_stack([np.searchsorted(kept, slots), ends - counts, counts])
            target_db.executemany("insert into token values(?, ?, ?)", copies.tolist())
            first = int(ends[-1])
        file.sync()


def _taken(tokens: TokenRows, places: Places) -> TokenRows:
    """Return the rows at the places, one place after the other; there is at least one."""
    if places.min() < 0 or places[:, 1].min() < 1 or places.sum(axis=1).max() > len(tokens):
        raise damaged("token vectors are missing")
    return np.concatenate([tokens[first : first + count] for first, count in places.tolist()])


def _end_of(db: sqlite3.Connection) -> int:
    """Return how many token vectors are committed: the next ones are written behind them."""
    [(end,)] = db.execute(_END).fetchall()
    return int(end)
