"""Posting lists: which slots hold a word or a keyword, and how often.

They lie by batch, one per write, so that a small write touches few pages; eight batches of like size are joined.
"""

import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.adapters.sqlite_store.files import damaged
from rag.ports import Row

Posting: TypeAlias = tuple[str, bytes, bytes]  # term, slots, counts; keywords have no counts
SlotNumbers: TypeAlias = NDArray[np.uint32]
Counts: TypeAlias = NDArray[np.uint16]
_Lists: TypeAlias = "tuple[array[int], array[int]]"  # slots and counts of one term

MAX_BATCHES = 8  # of like size: a posting is rewritten about once per factor of eight that the build grows
BUFFERED_ROWS = 5000  # about 30 MB of lists
MAX_COUNT = 2**16 - 1

_FOLDED = "select term, slots, counts from posting where batch in (select value from json_each(?)) order by term, batch"
_READ = "select slots, counts from batch cross join posting on batch = number and term = ?"


def word_term(token: str) -> str:
    return f"t:{token}"


def keyword_term(key: str, value: str) -> str:
    """Return the term of a keyword; what UTF-8 cannot hold, as a caller may send it, is escaped."""
    return f"k:{key}={value}".encode("utf-8", "backslashreplace").decode()


def read_posting(db: sqlite3.Connection, term: str, slots: int) -> tuple[SlotNumbers, Counts]:
    """Return slots, each once, in no order, and counts; of a keyword none. Raises DamagedError."""
    blocks = db.execute(_READ, (term,)).fetchall()
    return _decoded(b"".join(block[0] for block in blocks), b"".join(block[1] for block in blocks), slots)


def read_postings(db: sqlite3.Connection, slots: int) -> Iterator[tuple[str, SlotNumbers, Counts]]:
    """Yield every term, in order, with its slots and counts."""
    for term, numbers, counts in _joined(db.execute("select term, slots, counts from posting order by term, batch")):
        yield term, *_decoded(numbers, counts, slots)


def _decoded(blob: bytes, counts_blob: bytes, slots: int) -> tuple[SlotNumbers, Counts]:
    try:
        numbers, counts = np.frombuffer(blob, "<u4"), np.frombuffer(counts_blob, "<u2")
    except ValueError as error:
        raise damaged("a posting list is cut") from error
    if len(numbers) and (numbers.max() >= slots or len(counts) not in {0, len(numbers)}):
        raise damaged("a posting list does not fit the rows")
    return numbers, counts


def write_batch(db: sqlite3.Connection, postings: Iterable[Posting], chunks: int) -> None:
    """Add one batch; `postings` in the order of terms, for the sake of few pages."""
    batch = db.execute("insert into batch(chunks) values(?)", (chunks,)).lastrowid
    rows = ((batch, term, slots, counts) for term, slots, counts in postings if slots)
    db.executemany("insert into posting values(?, ?, ?, ?)", rows)


class PostingBuffer:
    """Collects the postings of new rows until there are enough for a batch."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lists: dict[str, _Lists] = {}
        self._rows = 0

    def add(self, slot: int, row: Row) -> None:
        for token, count in Counter(row.tokens).items():
            slots, counts = self._list(word_term(token))
            slots.append(slot)
            counts.append(min(count, MAX_COUNT))
        for term in {keyword_term(key, value) for key, values in row.keywords.items() for value in values}:
            self._list(term)[0].append(slot)
        self._rows += 1
        if self._rows >= BUFFERED_ROWS:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        ordered = sorted(self._lists.items())
        write_batch(self._db, ((term, s.tobytes(), c.tobytes()) for term, (s, c) in ordered), self._rows)
        self._lists, self._rows = {}, 0
        _fold(self._db)

    def _list(self, term: str) -> _Lists:
        if term not in self._lists:
            self._lists[term] = (array("I"), array("H"))
        return self._lists[term]


def _fold(db: sqlite3.Connection) -> None:
    """Join the batches of a size, where there are many."""
    while group := _foldable(db.execute("select number, chunks from batch order by number").fetchall()):
        numbers = [number for number, _ in group]
        marks = str(numbers)
        write_batch(db, _joined(db.execute(_FOLDED, (marks,))), sum(chunks for _, chunks in group))
        db.execute("delete from posting where batch in (select value from json_each(?))", (marks,))
        db.execute("delete from batch where number in (select value from json_each(?))", (marks,))


def _foldable(batches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the batches of the first size that has too many; sizes differ by a factor of eight."""
    by_size: dict[int, list[tuple[int, int]]] = {}
    for number, chunks in batches:
        by_size.setdefault((chunks.bit_length() - 1) // 3, []).append((number, chunks))
    return next((group for _, group in sorted(by_size.items()) if len(group) >= MAX_BATCHES), [])


def _joined(rows: Iterable[Posting]) -> Iterator[Posting]:
    for term, group in groupby(rows, itemgetter(0)):
        blocks = list(group)
        yield term, b"".join(block[1] for block in blocks), b"".join(block[2] for block in blocks)
