"""Readers and writers of the embedded store in several processes."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import psutil
import pytest

from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Row
from rag.types import Filter

DIM, CHUNKS, WORDS = 64, 10_000, 110

# Answers each line "build revision" with what it finds, and the milliseconds that it took.
READER = """
import os, sys, time
from pathlib import Path
import numpy as np, psutil
from rag.adapters.sqlite_store import SqliteStore
from rag.errors import SnapshotGoneError
from rag.types import Filter

def find(build, revision):
    with store.snapshot(build, int(revision)) as rows:
        rows.dense(np.ones(dim, np.float32), Filter(roles=frozenset({"public"})), 9)
        return ",".join(id_ for id_, _ in rows.lexical(["all"], Filter(), 9))

def used():
    return psutil.Process().memory_full_info().uss // 1000

def kept(build):
    open_files = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return "".join([Path("/proc/self/maps").read_text(), *open_files]).count(f"/{build}")

store, dim, before = SqliteStore(Path(sys.argv[1])), int(sys.argv[2]), used()
for line in sys.stdin:
    start = time.perf_counter()
    try:
        found = find(*line.split())
    except SnapshotGoneError:
        found = "gone"
    milliseconds = 1000 * (time.perf_counter() - start)
    print(found, milliseconds, used() - before, kept(line.split()[0]), flush=True)
"""


class Reader:
    """Another process that reads."""

    def __init__(self, process):
        self._process = process

    def find(self, build, revision):
        """Ids, milliseconds, kB that the process has grown by, and files of the build that it keeps."""
        self._process.stdin.write(f"{build} {revision}\n")
        self._process.stdin.flush()
        found, milliseconds, grown, kept = self._process.stdout.readline().split(" ")
        return found, float(milliseconds), int(grown), int(kept)


@contextmanager
def reader(folder, dim=2):
    command = [sys.executable, "-c", READER, str(folder), str(dim)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Reader(process)
        process.stdin.close()


def small_row(id_):
    return Row(id_, "doc", np.array([1, 0], np.float32), ("all",), {"roles": ("public",)})


def write(store, revision, ids, retired=(), build="build"):
    with store.writer(build) as writer:
        writer.retire(retired, revision)
        writer.upsert([small_row(id_) for id_ in ids], revision)


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path)
    store.create("build", 2)
    write(store, 1, ["a", "b"])
    return store


def test_a_reader_sees_what_is_published_without_a_restart(store, tmp_path):
    with reader(tmp_path) as other:
        assert other.find("build", 1)[0] == "a,b"
        write(store, 2, ["c"], ["a"])
        assert other.find("build", 1)[0] == "a,b"
        assert other.find("build", 2)[0] == "b,c"


def test_a_reader_never_waits_for_the_writer(store, tmp_path):
    with reader(tmp_path) as other:
        assert other.find("build", 1)[0] == "a,b"
        with store.writer("build") as writer:
            writer.clean_up(1)
            writer.upsert([small_row("c")], 2)
            times = [other.find("build", 1)[1] for _ in range(20)]
            assert other.find("build", 2)[0] == "a,b"
        assert other.find("build", 2)[0] == "a,b,c"
    assert sorted(times)[10] < 500  # waiting would take as long as the block


def test_a_writer_never_waits_for_a_reader(store):
    with store.snapshot("build", 1) as rows:
        for revision in range(2, 30):
            start = time.perf_counter()
            write(store, revision, [f"new{revision}"], ["a"])
            assert time.perf_counter() - start < 5
        assert sorted(rows.scroll_ids()) == ["a", "b"]


def test_a_reader_lets_go_of_a_build_that_was_dropped(store, tmp_path):
    with reader(tmp_path) as other:
        assert other.find("build", 1)[3] > 0
        store.compact("build", "target")
        assert other.find("target", 1)[0] == "a,b"
        store.drop("build")
        assert other.find("target", 1)[0] == "a,b"
        found, _, _, kept = other.find("build", 1)
        assert (found, kept) == ("gone", 0)


def test_two_processes_write_in_turn(store, tmp_path):
    script = """
import sys, numpy as np
from pathlib import Path
from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Row
store = SqliteStore(Path(sys.argv[1]))
for number in range(15):
    with store.writer("build") as writer:
        writer.upsert([Row(f"{sys.argv[2]}{number}", "doc", np.array([1, 0], np.float32), ("all",))], 2)
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    writers = [subprocess.Popen([*command, name]) for name in ("x", "y")]
    assert [process.wait() for process in writers] == [0, 0]
    with store.snapshot("build", 2) as rows:
        assert rows.count(Filter()) == 32
        assert len(rows.lexical(["all"], Filter(), 99)) == 32


def test_a_forked_child_reads_for_itself(store, tmp_path):
    script = """
import os, sys
from pathlib import Path
from rag.adapters.sqlite_store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
def ids():
    with store.snapshot("build", 1) as rows:
        return sorted(rows.scroll_ids())
assert ids() == ["a", "b"]
child = os.fork()
if not child:
    os._exit(ids() != ["a", "b"])
assert os.waitpid(child, 0)[1] == 0
assert ids() == ["a", "b"]
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-W", "error", "-c", script, str(tmp_path)], check=True, env=environment)


def test_threads_read_while_another_writes(store):
    done, problems = threading.Event(), []

    def read():
        while not done.is_set():
            with store.snapshot("build", 1) as rows:
                found = [*rows.scroll_ids()], [id_ for id_, _ in rows.lexical(["all"], Filter(), 9)]
                if found != (["a", "b"], ["a", "b"]):
                    problems.append(found)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for revision in range(2, 30):
        write(store, revision, [f"new{revision}"])
    done.set()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder, dice = tmp_path_factory.mktemp("large"), np.random.default_rng(1)
    store = SqliteStore(folder)
    store.create("build", DIM)
    with store.writer("build") as writer:
        writer.upsert(some_rows(dice, range(CHUNKS)), 1)
    return store, folder, dice


def some_rows(dice, numbers):
    share = 1 / np.arange(1, 20_001)
    words = dice.choice(20_000, (len(numbers), WORDS), p=share / share.sum())
    vectors = dice.normal(size=(len(numbers), DIM)).astype(np.float32)
    return [
        Row(f"{number:08x}", "doc", vector, ("all", *map(str, row)), {"roles": ("public",)})
        for number, vector, row in zip(numbers, vectors, words, strict=True)
    ]


def test_one_more_reader_costs_little_memory(large):
    _, folder, _ = large
    with reader(folder, DIM) as first, reader(folder, DIM) as second:
        for _ in range(5):
            first.find("build", 1)
            _, _, grown, _ = second.find("build", 1)
    assert grown < 10_000


def test_a_small_refresh_writes_little(large):
    store, _, dice = large
    written = []
    for revision in range(2, 34):
        numbers = [int(document) * 8 + part for document in dice.choice(CHUNKS // 8, 10) for part in range(8)]
        rows = some_rows(dice, numbers)
        before = psutil.Process().io_counters().write_chars
        with store.writer("build") as writer:
            writer.clean_up(revision - 1)
            writer.purge(revision - 1)
            writer.upsert(rows, revision)
        written.append(psutil.Process().io_counters().write_chars - before)
    assert np.mean(written) < 3_000_000
    assert max(written) < 8_000_000  # one that joins batches, and checkpoints
