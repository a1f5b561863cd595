"""What the embedded store says and keeps when files are damaged, a lock is held, or the disk is full."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from filelock import FileLock, Timeout

from rag.adapters.sqlite_store import SqliteStore, WriteLimits
from rag.adapters.sqlite_store.files import translated_errors
from rag.errors import DamagedError, DiskFullError, SnapshotGoneError, StoreUnavailableError
from rag.ports import Row
from rag.types import Filter

EAST = np.array([1, 0], np.float32)


@pytest.fixture
def folder(tmp_path):
    fill(SqliteStore(tmp_path))
    return tmp_path


def fill(store, rows=500):
    store.create("build", 2)
    with store.writer("build") as writer:
        writer.upsert([Row(f"c{n}", "doc", EAST, ("all", f"w{n}"), {"roles": ("hr",)}) for n in range(rows)], 1)


def search(folder):
    with SqliteStore(folder).snapshot("build", 1) as rows:
        rows.dense(EAST, Filter(roles=frozenset({"hr"})), 9)
        rows.lexical(["all", "w1", "w499"], Filter(), 999)
        return sorted(rows.scroll_ids())


def overwritten(path, start, content):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(content)


def execute(path, statement, *values):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


INDEX_DAMAGE = {
    "it is no database": lambda path: path.write_bytes(b"no database" * 1000),
    "it is empty": lambda path: path.write_bytes(b""),
    "its end is missing": lambda path: os.truncate(path, path.stat().st_size // 2),
    "its pages are overwritten": lambda path: overwritten(path, 8192, b"\xff" * (path.stat().st_size - 8192)),
    "a table is missing": lambda path: execute(path, "drop table posting"),
    "its description is not whole": lambda path: execute(path, "delete from meta where name = 'dim'"),
    "postings name other rows": lambda path: execute(path, "update posting set slots = ?", b"\xff" * 40),
    "postings are cut": lambda path: execute(path, "update posting set slots = ?", b"\x00" * 3),
    "rows have other places": lambda path: execute(path, "update chunk set slot = slot + 1000 where slot > 250"),
}


@pytest.mark.parametrize("damage", INDEX_DAMAGE.values(), ids=INDEX_DAMAGE)
def test_a_damaged_index_is_called_so_with_what_mends_it(folder, damage):
    damage(folder / "build" / "index.db")
    with pytest.raises(DamagedError, match="plumbline index rebuild"):
        search(folder)


@pytest.mark.parametrize("size", [0, 100])
def test_vectors_that_are_too_short_are_damage(folder, size):
    os.truncate(folder / "build" / "vectors.f32", size)
    with pytest.raises(DamagedError, match="plumbline index rebuild"):
        search(folder)


def test_missing_vectors_are_damage_and_a_missing_build_is_not(folder):
    (folder / "build" / "vectors.f32").unlink()
    with pytest.raises(DamagedError):
        search(folder)
    shutil.rmtree(folder / "build")
    with pytest.raises(SnapshotGoneError):
        search(folder)


TOKEN_DAMAGE = {
    "their file is too short": lambda build: os.truncate(build / "tokens.i8", 1),
    "their file is missing": lambda build: (build / "tokens.i8").unlink(),
    "their places are negative": lambda build: execute(build / "index.db", "update token set first = -1"),
    "their places are far behind the end": lambda build: execute(
        build / "index.db", "update token set first = 1 << 40"
    ),
    "they have no count": lambda build: execute(build / "index.db", "update token set count = 0"),
    "their table is missing": lambda build: execute(build / "index.db", "drop table token"),
}


@pytest.mark.parametrize("damage", TOKEN_DAMAGE.values(), ids=TOKEN_DAMAGE)
def test_token_vectors_that_are_damaged_are_called_so(tmp_path, damage):
    store, tokens = SqliteStore(tmp_path), np.array([[127, 0]], np.int8)
    store.create("build", 2, 2)
    with store.writer("build") as writer:
        writer.upsert([Row("a", "doc", EAST, ("word",), token_vectors=tokens)], 1)
    damage(tmp_path / "build")
    with (
        SqliteStore(tmp_path).snapshot("build", 1) as rows,
        pytest.raises(DamagedError, match="plumbline index rebuild"),
    ):
        rows.late_interaction(["a"], EAST[None], np.ones(1, np.float32))


def test_a_build_without_token_vectors_pays_nothing_for_them(folder):
    assert not (folder / "build" / "tokens.i8").exists()
    with closing(sqlite3.connect(folder / "build" / "index.db")) as database:
        assert database.execute("select * from sqlite_master where name = 'token'").fetchall() == []
        assert sorted(database.execute("select name from meta")) == [("dim",), ("purged",), ("rev",), ("slots",)]


def test_a_writer_of_a_damaged_index_is_told_too(folder):
    (folder / "build" / "index.db").write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedError), SqliteStore(folder).writer("build"):
        pass
    with pytest.raises(DamagedError):
        SqliteStore(folder).stats("build")
    SqliteStore(folder).drop("build")
    fill(SqliteStore(folder))
    assert len(search(folder)) == 500


def test_a_lock_that_another_holds_for_too_long_is_unavailable(folder):
    store = SqliteStore(folder, WriteLimits(lock_timeout_s=0.05))
    with (
        FileLock(folder / "build" / "index.db.lock"),
        pytest.raises(StoreUnavailableError, match="Another process"),
        store.writer("build"),
    ):
        pass
    with store.writer("build") as writer:
        writer.retire(["c1"], 2)


@pytest.mark.parametrize(
    ("cause", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFullError),
        (OSError(errno.EDQUOT, "Quota exceeded"), DiskFullError),
        (OSError(errno.EIO, "Input/output error"), StoreUnavailableError),
        (PermissionError(errno.EACCES, "Permission denied"), StoreUnavailableError),
        (FileNotFoundError(errno.ENOENT, "No such file"), SnapshotGoneError),
        (Timeout("lock"), StoreUnavailableError),
        (sqlite3.ProgrammingError("ours"), sqlite3.ProgrammingError),
        (ValueError("ours"), ValueError),
    ],
)
def test_errors_are_translated_and_bugs_are_not(cause, raised):
    with pytest.raises(raised), translated_errors():
        raise cause


def test_a_broken_statement_of_ours_is_a_bug_and_a_full_database_is_not():
    with closing(sqlite3.connect(":memory:")) as database:
        with pytest.raises(sqlite3.OperationalError), translated_errors():
            database.execute("selec 1")
        database.execute("create table t(x)")
        database.execute("pragma max_page_count = 2")
        with pytest.raises(DiskFullError), translated_errors():
            database.execute("insert into t values(zeroblob(100000))")


FULL_DISK = """
import sys, pathlib, numpy as np
from rag.adapters.sqlite_store import SqliteStore
from rag.errors import DiskFullError
from rag.ports import Row
folder = pathlib.Path(sys.argv[1])
store = SqliteStore(folder)
store.create("build", 64)
def write(number, revision):
    vector = np.ones(64, np.float32) / 8
    rows = [Row(f"c{n}", "doc", vector, ("all", *(f"w{n}x{i}" for i in range(50)))) for n in number]
    with store.writer("build") as writer:
        writer.upsert(rows, revision)
def ids():
    with store.snapshot("build", 1) as rows:
        return sorted(rows.scroll_ids())
write(range(50), 1)
before = ids()
(folder / "filler").write_bytes(b"x" * int(sys.argv[2]))
try:
    write(range(4000), 2)
    raise SystemExit("there was room")
except DiskFullError:
    pass
assert ids() == before
(folder / "filler").unlink()
write(range(60), 2)
with store.snapshot("build", 2) as rows:
    assert len(list(rows.scroll_ids())) == 60
"""


@pytest.mark.parametrize("filler", [0, 2_000_000])
def test_a_full_disk_is_told_and_what_was_there_still_serves(tmp_path, filler):
    if subprocess.run(["unshare", "--mount", "--map-root-user", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    command = f'mount -t tmpfs -o size=4m none "{tmp_path}" && exec "$0" -c "$1" "{tmp_path}" {filler}'
    arguments = ["unshare", "--mount", "--map-root-user", "sh", "-c", command, sys.executable, FULL_DISK]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_transaction_ends_with_its_block_even_by_an_error(folder):
    store = SqliteStore(folder)

    def fail():
        with store.snapshot("build", 1) as rows:
            next(rows.scroll_ids())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.writer("build") as writer:
        writer.retire(["c1"], 2)
    with closing(sqlite3.connect(folder / "build" / "index.db")) as database:
        assert database.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0


def test_a_build_made_anew_under_the_same_name_is_read_anew(folder):
    reader, other = SqliteStore(folder), SqliteStore(folder)
    with reader.snapshot("build", 1) as rows:
        assert rows.count(Filter()) == 500
    other.drop("build")
    fill(other, rows=7)
    with reader.snapshot("build", 1) as rows:
        assert len(rows.dense(EAST, Filter(), 99)) == len(rows.lexical(["all"], Filter(), 99)) == 7


def test_many_builds_can_be_read_in_turn(folder):
    store = SqliteStore(folder)
    for number in range(12):
        store.compact("build", f"copy{number}")
    for _ in range(2):
        for build in store.builds():
            with store.snapshot(build, 1) as rows:
                assert rows.count(Filter()) == 500


def test_snapshots_can_lie_within_each_other(folder):
    store = SqliteStore(folder)
    with store.snapshot("build", 1) as first, store.snapshot("build", 1) as second:
        assert first.count(Filter()) == second.count(Filter()) == 500


def test_a_folder_without_rights_is_unavailable(tmp_path):
    missing = SqliteStore(tmp_path / "missing")
    missing.check()
    assert missing.builds() == []
    missing.drop("build")
    if os.geteuid() == 0:
        pytest.skip("root may do everything")
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailableError):
        SqliteStore(tmp_path).check()


def test_what_a_killed_drop_left_is_no_build_and_goes_with_the_next(folder):
    (folder / "build").rename(folder / "build.1.gone")
    assert SqliteStore(folder).builds() == []
    SqliteStore(folder).drop("other")
    assert list(folder.iterdir()) == []
