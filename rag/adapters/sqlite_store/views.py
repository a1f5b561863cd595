"""The arrays of a build at one revision: shared by the threads of a process, and never changed."""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.adapters.sqlite_store.files import damaged, map_vectors
from rag.adapters.sqlite_store.postings import keyword_term, read_posting
from rag.adapters.sqlite_store.schema import ALIVE, State
from rag.types import Filter, Matrix

Mask: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int32]
FilterKey: TypeAlias = tuple[frozenset[str] | None, tuple[tuple[str, frozenset[str]], ...], date | None, date | None]

KEPT_VIEWS = 3  # the newest, one that a slower reader still uses, one of a release that is being compared
KEPT_MASKS = 32  # of a view; one byte per row each

_CHANGED = f"select slot, born, ifnull(died, {ALIVE}), length, day from chunk where changed > ?"


@dataclass(frozen=True, slots=True)
class Slots:
    """What the table says of every slot, at one state."""

    rev: int
    born: Numbers
    died: Numbers
    length: Numbers
    day: Numbers


def _no_slots() -> Slots:
    return Slots(0, *np.zeros((4, 0), np.int32))


def _updated(old: Slots, db: sqlite3.Connection, state: State) -> Slots:
    """Return the arrays of a later state: those of `old`, and what has changed since. Raises DamagedError."""
    changed = np.fromiter(db.execute(_CHANGED, (old.rev,)), np.dtype((np.int32, 5)))
    if len(changed) and not 0 <= changed[:, 0].min() <= changed[:, 0].max() < state.slots:
        raise damaged("it has more rows than it says")
    arrays = np.zeros((4, state.slots), np.int32)
    arrays[:, : len(old.born)] = old.born, old.died, old.length, old.day
    arrays[:, changed[:, 0]] = changed[:, 1:].T
    return Slots(state.rev, *arrays)


class View:
    """The rows that are visible at one revision, and which of them a filter lets pass."""

    def __init__(self, slots: Slots, vectors: Matrix, revision: int) -> None:
        self.vectors, self.length = vectors, slots.length
        self.live: Mask = (slots.born <= revision) & (revision < slots.died)
        lengths = slots.length[self.live & (slots.length > 0)]  # as in Qdrant, a row without a token does not count
        self.total = len(lengths)
        self.average = float(lengths.mean()) if self.total else 0.0
        self._day = slots.day
        self._masks: dict[FilterKey, Mask] = {}
        self._lock = threading.Lock()

    def mask(self, db: sqlite3.Connection, allowed: Filter) -> Mask:
        """Return which slots are visible and let pass."""
        key = (allowed.roles, tuple(sorted(allowed.keywords.items())), allowed.after, allowed.before)
        with self._lock:
            if key not in self._masks:
                self._masks = dict([*self._masks.items(), (key, self._matching(db, allowed))][-KEPT_MASKS:])
            return self._masks[key]

    def _matching(self, db: sqlite3.Connection, allowed: Filter) -> Mask:
        required = list(allowed.keywords.items())
        if allowed.roles is not None:
            required.append(("roles", allowed.roles))
        mask = self.live & self._within(allowed.after, allowed.before)
        for key, values in required:
            mask &= self._any_of(db, key, values)
        return mask

    def _any_of(self, db: sqlite3.Connection, key: str, values: frozenset[str]) -> Mask:
        mask = np.zeros_like(self.live)
        for value in values:
            mask[read_posting(db, keyword_term(key, value), len(mask))[0]] = True
        return mask

    def _within(self, after: date | None, before: date | None) -> Mask:
        if after is None and before is None:
            return np.ones_like(self.live)
        first, last = (after or date.min).toordinal(), (before or date.max).toordinal()
        within: Mask = (first <= self._day) & (self._day <= last)
        return within


class Views:
    """The views of one build that this process used last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._views: dict[tuple[int, int], View] = {}
        self._slots = _no_slots()
        self._vectors: Matrix | None = None

    def at(self, db: sqlite3.Connection, state: State, revision: int) -> View:
        """Return the view of a state at a revision. Raises DamagedError."""
        with self._lock:
            key = (state.rev, revision)
            if key not in self._views:
                view = View(self._slots_at(db, state), self._mapped(state)[: state.slots], revision)
                self._views = dict([*self._views.items(), (key, view)][-KEPT_VIEWS:])
            return self._views[key]

    def _slots_at(self, db: sqlite3.Connection, state: State) -> Slots:
        if state.rev < self._slots.rev:  # a reader whose transaction began before that of another thread
            return _updated(_no_slots(), db, state)
        if state.rev > self._slots.rev:
            self._slots = _updated(self._slots, db, state)
        return self._slots

    def _mapped(self, state: State) -> Matrix:
        if self._vectors is None or len(self._vectors) < state.slots:
            self._vectors = map_vectors(self._folder, state.dim, state.slots)
        return self._vectors
