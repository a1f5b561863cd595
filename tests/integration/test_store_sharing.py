"""One home, several threads and processes: who waits for whom, who sees what, and how much is written."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from indexing.build import SourceRequest
from rag.bootstrap import Service, open_service
from rag.settings import Settings
from rag.types import Caller, Request
from tests.conftest import PLUMBLINE, age, build, indexing, plumbline, refresh, write

LEAVE, TRAVEL = "Employees have thirty days of annual leave.\n", "The hotel limit is 165 euro per night.\n"
WORDS = [
    "budget",
    "contract",
    "delivery",
    "employee",
    "invoice",
    "journey",
    "meeting",
    "notice",
    "office",
    "parking",
    "salary",
    "travel",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write(tmp_path / "docs", {"leave.txt": LEAVE, "travel.txt": TRAVEL})
    age(folder)
    return folder


def found(service: Service, question: str) -> str:
    request = Request("test", question, Caller(frozenset({"public"})), limit=100)
    return " ".join(hit.chunk.text for hit in service.pipeline.search(request).hits)


def many(folder: Path, count: int, edition: int = 0) -> Path:
    texts = {
        f"d{number}.txt": f"Document {number} of edition {edition}: "
        + " ".join(WORDS[(number * 7 + place * (edition + 1)) % len(WORDS)] for place in range(20))
        for number in range(count)
    }
    return write(folder, texts)


def test_threads_and_processes_get_answers_while_a_writer_holds_everything(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    with open_service(settings) as service, indexing(settings) as index:
        shop = index.shop
        [name] = shop.store.builds()
        with shop.store.writer(name) as writer, shop.database.write(), ThreadPoolExecutor(4) as readers:
            writer.clean_up(1)
            answers = [readers.submit(found, service, "hotel limit") for _ in range(8)]
            assert all(TRAVEL.strip() in answer.result(20) for answer in answers)
            other = plumbline(settings.home, "search", "hotel limit", timeout=25)
    assert TRAVEL.strip() in other.stdout


def test_readers_see_a_publish_of_another_process_without_a_restart(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    texts, ended = set(), threading.Event()

    def read() -> None:
        while not ended.is_set():
            texts.add(found(service, "hotel limit"))

    with open_service(settings) as service, ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(read) for _ in range(2)]
        write(folder, {"travel.txt": "The hotel limit is 180 euro per night.\n", "leave.txt": LEAVE + "Ask early.\n"})
        done = plumbline(settings.home, "index", "refresh", "--json")
        now = found(service, "hotel limit")
        ended.set()
        for each in reading:
            each.result(20)
    assert json.loads(done.stdout)["documents"]["changed"] == 2
    assert "180" in now
    assert {("165" in text, "early" in text) for text in texts} <= {(True, False), (False, True)}


def test_a_small_refresh_of_a_larger_home_writes_little(settings: Settings, tmp_path: Path) -> None:
    folder = many(tmp_path / "docs", 200)
    build(settings, folder)
    written = []
    for edition in range(1, 5):
        many(folder, 10, edition)
        before = psutil.Process().io_counters().write_chars
        assert refresh(settings).documents.changed == 10
        written.append(psutil.Process().io_counters().write_chars - before)
    assert sum(written) / len(written) < 3_000_000


def test_a_second_refresh_says_that_one_is_running_and_is_no_failure(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    with FileLock(settings.home / "refresh.lock"):
        plain = plumbline(settings.home, "index", "refresh")
        machine = plumbline(settings.home, "index", "refresh", "--json")
    assert (plain.returncode, plain.stdout) == (0, "already running\n")
    assert (machine.returncode, json.loads(machine.stdout)) == (0, {"running": True})


def test_a_build_waits_for_its_turn_and_says_so(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    lock = FileLock(settings.home / "refresh.lock")
    with lock.acquire(), building(settings, folder) as process:
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
        assert process.poll() is None
        lock.release()
        assert process.wait(60) == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_the_build_after_an_interrupted_one_ends_the_work(
    settings: Settings, tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    folder = many(tmp_path / "docs", 200)
    with building(settings, folder) as process:
        wait_for(lambda: embedded(settings) > 0, process)
        os.killpg(process.pid, sent)  # as a terminal does
        _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    with indexing(settings) as index:
        index.waiting = partial(pytest.fail, "a parser outlived its parent and kept the lock")
        report = index.build(SourceRequest([folder]))
        assert report.documents.added == 200
        assert report.embedded < 200
        assert index.verify().ok


@contextmanager
def building(settings: Settings, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a build in a process group of its own."""
    environment = {**os.environ, "PLUMBLINE_HOME": str(settings.home)}
    command = [PLUMBLINE, "index", "build", str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        yield process


def embedded(settings: Settings) -> int:
    """Return how many vectors the cache has."""
    try:
        with closing(sqlite3.connect(f"file:{settings.home}/cache/vectors.db?mode=rw", uri=True)) as cache:
            return int(cache.execute("select count(*) from blobs").fetchone()[0])
    except sqlite3.OperationalError:  # it has not been made yet
        return 0


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < until
        time.sleep(0.005)
