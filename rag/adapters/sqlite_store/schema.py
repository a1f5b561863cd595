"""The tables of `index.db`, and the few numbers that describe a build."""

import sqlite3
from dataclasses import dataclass

from rag.adapters.row_shapes import require_same
from rag.adapters.sqlite_store.files import damaged

ALIVE = 2**31 - 1  # `died` of a living row in arrays; in the table it is null
NO_DAY = 0  # ordinals of dates begin at 1: no range of dates holds it

# `changed` is the state of the build that last touched a row: readers fetch only what is newer than what they have.
_TABLES = (
    "create table if not exists meta(name text primary key, value int) without rowid",
    "create table if not exists chunk"
    "(slot integer primary key, id text, length int, day int, born int, died int, changed int)",
    "create unique index if not exists chunk_id on chunk(id) where died is null",
    "create index if not exists chunk_born on chunk(born)",
    "create index if not exists chunk_died on chunk(died) where died is not null",
    "create index if not exists chunk_changed on chunk(changed)",
    "create table if not exists batch(number integer primary key, chunks int)",
    "create table if not exists posting"
    "(batch int, term text, slots blob, counts blob, primary key(batch, term)) without rowid",
)
# Where a row's token vectors lie in their file, counted in token vectors; a row without word pieces has none.
_TOKENS = "create table if not exists token(slot integer primary key, first int, count int)"


@dataclass(frozen=True, slots=True)
class State:
    """What describes a build at one moment."""

    rev: int  # counts the writes
    slots: int
    purged: int  # snapshots below this revision are refused
    dim: int
    token_dim: int = 0  # 0: a build without token vectors, which says nothing of them


def create_tables(db: sqlite3.Connection, dim: int, token_dim: int) -> None:
    """Create what is not there. Raises ValueError when the build has other dimensions."""
    is_new = not db.execute("select 1 from sqlite_master where name = 'meta'").fetchone()
    for table in (*_TABLES, _TOKENS) if token_dim else _TABLES:
        db.execute(table)
    if is_new:
        numbers = {"rev": 0, "slots": 0, "purged": 0, "dim": dim} | ({"token_dim": token_dim} if token_dim else {})
        db.executemany("insert into meta values(?, ?)", numbers.items())
    existing = read_state(db)
    require_same((existing.dim, existing.token_dim), (dim, token_dim))


def read_state(db: sqlite3.Connection) -> State:
    numbers = dict(db.execute("select name, value from meta").fetchall())
    try:
        return State(**numbers)
    except TypeError as error:
        raise damaged("its description is not whole") from error


def write_state(db: sqlite3.Connection, state: State) -> None:
    values = [(state.rev, "rev"), (state.slots, "slots"), (state.purged, "purged")]
    db.executemany("update meta set value = ? where name = ?", values)
