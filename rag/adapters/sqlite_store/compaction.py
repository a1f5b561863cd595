"""Copies the living rows of one build into another, without gaps."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.adapters.sqlite_store.files import map_vectors, translated_errors, vector_file
from rag.adapters.sqlite_store.postings import Posting, read_postings, write_batch
from rag.adapters.sqlite_store.schema import State, write_state
from rag.adapters.sqlite_store.tokens import copy_tokens
from rag.types import Matrix

COPIED_ROWS = 10_000  # at a time: 15 MB of vectors

_LIVING = "select slot, id, length, day, born from chunk where died is null order by slot"
_LATEST = "select max(ifnull(max(born), 0), ifnull(max(died), 0)) from chunk"


@translated_errors()
def copy_living(source: sqlite3.Connection, state: State, folder: Path, target: sqlite3.Connection, into: Path) -> None:
    """Fill the empty build `target`. Snapshots from before the latest change of `source` are refused there."""
    chunks = source.execute(_LIVING).fetchall()
    kept = np.array([chunk[0] for chunk in chunks], np.int64)
    _copy_vectors(map_vectors(folder, state.dim, state.slots), kept, into)
    if state.token_dim:
        copy_tokens((source, state, folder), (target, into), kept)
    rows = ((slot, *chunk[1:], None, 1) for slot, chunk in enumerate(chunks))
    target.executemany("insert into chunk values(?, ?, ?, ?, ?, ?, ?)", rows)
    if chunks:
        write_batch(target, _renumbered(source, kept, state.slots), len(chunks))
    [(latest,)] = source.execute(_LATEST).fetchall()
    write_state(target, replace(state, rev=1, slots=len(chunks), purged=max(latest, state.purged)))


def _copy_vectors(vectors: Matrix, kept: NDArray[np.int64], into: Path) -> None:
    with closing(vector_file(into, vectors.shape[1])) as file:
        for start in range(0, len(kept), COPIED_ROWS):
            file.write(vectors[kept[start : start + COPIED_ROWS]], start)
        file.sync()


def _renumbered(source: sqlite3.Connection, kept: NDArray[np.int64], slots: int) -> Iterator[Posting]:
    new_slots = np.full(slots, -1, np.int32)
    new_slots[kept] = np.arange(len(kept), dtype=np.int32)
    for term, numbers, counts in read_postings(source, slots):
        renumbered = new_slots[numbers]
        alive = renumbered >= 0
        yield term, renumbered[alive].astype("<u4").tobytes(), counts[alive].tobytes() if len(counts) else b""
