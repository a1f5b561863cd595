"""Damage, full disks, locks and missing rights: one line that says what to do, an exit code, and nothing lost."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from filelock import FileLock

from indexing import refresh as refreshing
from indexing.indexer import Indexer
from rag.api.app import create_app
from rag.errors import DiskFullError, UnavailableError
from rag.settings import Settings
from tests.conftest import PLUMBLINE, build, indexing, plumbline, refresh, texts_found, write
from tests.integration import refresh_world as world
from tests.integration.serving import served

TRAVEL = "The hotel limit is 165 euro per night.\n"
WITHOUT_RIGHTS = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"]
IS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def original(home_at: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one document, and its source beside it; tests work on copies."""
    root = tmp_path_factory.mktemp("original")
    build(home_at(root / "home"), write(root / "docs", {"travel.txt": TRAVEL, "leave.txt": "Thirty days of leave.\n"}))
    return root


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original / "home", tmp_path / "home", symlinks=True)


def told(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> str:
    """Return what was said, once it is sure that a person can act on it."""
    said = done.stderr + done.stdout
    assert "Traceback" not in said, said
    assert done.returncode == code, said
    assert all(part in said for part in parts), said
    return said


def works(home: Path) -> bool:
    return TRAVEL.strip() in texts_found(Settings.load(home=home), "hotel limit")


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 100)


@pytest.mark.parametrize(("file", "damage"), [("index.db", garbage), ("index.db", halved), ("vectors.f32", emptied)])
def test_a_damaged_store_is_told_and_mended_by_a_rebuild(home: Path, file: str, damage: Callable[[Path], None]) -> None:
    [path] = home.glob(f"store/*/{file}")
    damage(path)
    told(plumbline(home, "ask", "hotel limit"), 4, "damaged", "`plumbline index rebuild`")
    with indexing(Settings.load(home=home)) as index:
        report = index.rebuild()
        assert (report.embedded, index.verify().ok) == (0, True)
    assert works(home)


def test_a_store_that_is_gone_is_told_and_made_anew_by_a_refresh(home: Path) -> None:
    shutil.rmtree(home / "store")
    told(plumbline(home, "ask", "hotel limit"), 4, "`plumbline index refresh`")
    told(plumbline(home, "index", "verify"), 1, "2 missing", "`plumbline index rebuild`")
    assert list(home.glob("store/*")) == []  # looking changes nothing
    refresh(Settings.load(home=home))
    assert works(home)


@pytest.mark.parametrize("damage", [garbage, halved])
def test_a_damaged_truth_is_told(home: Path, damage: Callable[[Path], None]) -> None:
    for path in home.glob("truth.db-*"):
        path.unlink()
    damage(home / "truth.db")
    told(plumbline(home, "index", "refresh"), 4, "truth.db is damaged", "Restore it from a backup")


def test_a_database_of_a_newer_version_is_left_alone(home: Path) -> None:
    with closing(sqlite3.connect(home / "truth.db")) as truth, truth:
        truth.execute("update alembic_version_truth set version_num = '9999'")
    told(plumbline(home, "index", "refresh"), 4, "newer Plumbline", "PLUMBLINE_HOME")


def test_the_api_says_that_the_store_is_damaged(home: Path) -> None:
    [path] = home.glob("store/*/index.db")
    garbage(path)
    with served(create_app(Settings.load(home=home)), ready=False) as client:
        wait_for(lambda: searched(client).json()["code"] != "unavailable")  # it is starting
        ready, reply = client.get("/readyz"), searched(client)
    assert ready.status_code == 503
    assert (reply.status_code, reply.headers["content-type"]) == (503, "application/problem+json")
    assert reply.json()["code"] == "damaged"
    assert "`plumbline index rebuild`" in reply.json()["detail"]


def searched(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/search", json={"question": "hotel limit"})


def test_a_lock_that_another_process_holds_stops_writers_only_and_they_can_be_interrupted(home: Path) -> None:
    with FileLock(home / "truth.db.lock"):
        environment = {**os.environ, "PLUMBLINE_HOME": str(home)}
        command = [PLUMBLINE, "index", "refresh"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            wait_for(
                lambda: "refresh.lock" in {Path(each.path).name for each in psutil.Process(process.pid).open_files()}
            )
            assert works(home)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in errors) == (130, False)
    told(plumbline(home, "index", "refresh"), 0)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of this size, where this user may."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    if not IS_ROOT or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_loses_nothing_and_after_some_space_is_free_the_run_works(
    home: Path, original: Path, tmp_path: Path
) -> None:
    docs = write(tmp_path / "large" / "docs", {f"{n}.txt": f"Item {n} costs {n} euro. " * 1000 for n in range(8)})
    with small_disk(tmp_path / "disk", 12) as disk:
        small = disk / "home"
        subprocess.run(["cp", "-a", "--sparse=always", home, small], check=True)
        (disk / "rest").write_bytes(bytes(shutil.disk_usage(disk).free - 300_000))
        told(plumbline(small, "index", "build", str(docs)), 1, "disk is full", "ree")
        told(plumbline(small, "ask", "hotel limit"), 0, "165")
        (disk / "rest").unlink()
        write(docs, {f"{n}.txt": f"Item {n} costs {n} euro.\n" for n in range(8)})
        told(plumbline(small, "index", "build", str(docs)), 0, "8 added")
        assert works(small)


def test_at_whatever_write_the_disk_is_full_readers_see_the_old_corpus_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "Parsers", world.PlainParsers)
    outcomes: Counter[str] = Counter()
    world.build(tmp_path / "home", world.show(tmp_path / "source", world.OLD), world.BUNDLE)
    sources = world.show(tmp_path / "source", world.NEW)
    with small_disk(tmp_path / "disk", 12) as disk:
        for free in range(40_000, 400_000, 20_000):
            shutil.rmtree(disk / "home", ignore_errors=True)
            home = shutil.copytree(tmp_path / "home", disk / "home")
            (disk / "rest").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - free)))
            try:
                world.build(home, sources, compact_dead_share=0.001)
                outcomes["done"] += 1
            except DiskFullError:
                outcomes["full"] += 1
            (disk / "rest").unlink()  # a new reader needs 32 KB for SQLite's shared memory
            truth, wrong = world.Library(home).look()
            assert (truth.content in (world.OLD, world.NEW), wrong) == (True, [])
            world.build(home, sources)
            truth, wrong = world.Library(home).look()
            assert (truth.content, wrong) == (world.NEW, [])
            assert Indexer(world.open_shop(home)).verify().ok
    assert outcomes["full"] > 3
    assert outcomes["done"] > 0


def test_a_file_that_may_not_grow_is_told_and_loses_nothing(home: Path, tmp_path: Path) -> None:
    docs = write(tmp_path / "more" / "docs", {"1.txt": "Item 1 costs 1 euro. " * 8000})
    limits = (300_000, 300_000)
    done = subprocess.run(
        [PLUMBLINE, "index", "build", str(docs)],
        env={**os.environ, "PLUMBLINE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )
    assert done.returncode in {1, UnavailableError.exit_code}
    told(done, done.returncode)
    assert works(home)
    write(docs, {"1.txt": "Item 1 costs 1 euro.\n"})
    assert build(Settings.load(home=home), docs).documents.added == 1


def limited(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without rights over all files."""
    command = ["setpriv", *WITHOUT_RIGHTS, PLUMBLINE] if IS_ROOT else [PLUMBLINE]
    environment = {**os.environ, "PLUMBLINE_HOME": str(home)}
    return subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", [0o555, 0])
def test_a_home_without_rights_is_told(home: Path, mode: int) -> None:
    for path in home.iterdir():
        path.chmod(0o444 if path.is_file() else 0o555)
    home.chmod(mode)
    told(limited(home, "index", "refresh"), 4, "cannot be opened", "this user may read and write")
    home.chmod(0o755)


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for home in (file, file / "home"):
        told(plumbline(home, "index", "build", str(tmp_path)), 2, "cannot be made", "PLUMBLINE_HOME")


def test_an_unreadable_file_and_folder_cost_only_themselves(home: Path, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", {"a.txt": "Readable.\n", "b.txt": "Not readable.\n", "inner/c.txt": "Hidden.\n"})
    (docs / "b.txt").chmod(0)
    (docs / "inner").chmod(0)
    done = limited(home, "index", "build", str(docs), "--json")
    (docs / "inner").chmod(0o755)
    told(done, 5)
    report = json.loads(done.stdout)
    assert report["documents"]["added"] == 1
    assert {problem["uri"].split("/", 1)[1] for problem in report["problems"]} == {"b.txt", "inner"}
    assert all("Permission denied" in problem["reason"] for problem in report["problems"])


def test_a_path_that_does_not_exist_is_a_usage_error(home: Path) -> None:
    told(plumbline(home, "index", "build", "/nowhere/at/all"), 2, "/nowhere/at/all", "Nothing was indexed")


@pytest.mark.parametrize("question", [b"", b"a" * 100_000, b"half a surrogate \xed\xa0\x80"], ids=range(3))
def test_a_question_that_is_no_question_is_a_usage_error(home: Path, question: bytes) -> None:
    done = plumbline(home, "ask", os.fsdecode(question), "--json")
    told(done, 2, "The question")
    assert json.loads(done.stdout)["error"]["code"] == "question_rejected"


def test_an_unknown_field_of_a_bundle_is_a_usage_error(home: Path, tmp_path: Path) -> None:
    write(tmp_path, {"bundle.yaml": "query: {top_n: 3}\n"})
    told(plumbline(home, "release", "set", str(tmp_path / "bundle.yaml")), 2, "query.top_n")


def test_a_refresh_of_a_home_that_does_not_exist_makes_none(tmp_path: Path) -> None:
    told(plumbline(tmp_path / "typo", "index", "refresh"), 4, "`plumbline index build PATH`")
    assert not (tmp_path / "typo").exists()
