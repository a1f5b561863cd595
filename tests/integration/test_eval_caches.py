"""What evaluations keep: shared by processes, limited, and gone with the documents."""

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.commands import open_bench
from evals.stages import Coding, Stages
from indexing.blob_cache import BlobCache
from indexing.experiment_homes import delete_home, experiment_home, forget_roots, homes, prune_homes
from rag.config import Bundle
from rag.settings import Settings
from tests.conftest import PLUMBLINE, build, indexing, plumbline, write
from tests.integration.eval_world import SHORT, WEIGHTED, eval_folder, run, saved

NUMBERS: Coding[int] = Coding(lambda number: b"%d" % number, int)


def test_no_byte_of_a_removed_document_is_left_by_evaluations(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    build(settings, folder / "corpus")
    run(settings, folder)
    run(settings, folder, SHORT)
    secret = b"nine thousand euro"
    assert [path for path in settings.home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    with indexing(settings) as index:
        index.remove("corpus")
    write(tmp_path, {"other/one.txt": "Something else is indexed here.\n"})
    build(settings, tmp_path / "other")
    with indexing(settings) as index:
        index.prune()
    left = [path for path in settings.home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert [path.relative_to(settings.home) for path in left] == []
    kept = BlobCache(settings.home / "cache" / "stages.db", 1).sizes()
    assert set(kept).isdisjoint({"parsed", "answers", "embed_sentences"})
    assert "embed_questions" in kept
    assert len(saved(settings)) == 2


def test_two_processes_evaluate_at_once_and_agree(home_at: Callable[[Path], Settings], tmp_path: Path) -> None:
    home = home_at(tmp_path / "home").home
    folder = eval_folder(tmp_path / "set")
    command = [PLUMBLINE, "eval", "run", str(folder), "--json"]
    environment = {"PLUMBLINE_HOME": str(home), "PATH": ""}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    found = [json.loads(process.communicate(timeout=120)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    first, second = ({n: m for n, m in each["metrics"].items() if "latency" not in n} for each in found)
    assert first == second
    assert len(list((home / "experiments").glob("*"))) == 1


def test_the_cache_shows_what_it_keeps_and_can_be_emptied(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    first = run(settings, folder)
    kept = json.loads(plumbline(settings.home, "eval", "cache", "show", "--json").stdout)
    stages = {each["stage"]: each["entries"] for each in kept["stages"]}
    assert stages["embed_questions"] == first.coverage["ok"]
    assert len(kept["experiments"]) == 1
    assert plumbline(settings.home, "eval", "cache", "prune", "--json").returncode == 0
    assert run(settings, folder).stages["dense"]["computed"] == 0
    assert json.loads(plumbline(settings.home, "eval", "cache", "prune", "--all", "--json").stdout)["bytes"] > 0
    again = run(settings, folder)
    assert again.stages["embed_questions"]["computed"] == first.coverage["ok"]
    assert again.metrics["recall@5"] == first.metrics["recall@5"]


def test_a_damaged_cache_is_as_if_it_were_absent(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    first = run(settings, folder, WEIGHTED)
    (settings.home / "cache" / "stages.db").write_bytes(b"no database" * 1000)
    for suffix in ("-wal", "-shm"):
        (settings.home / "cache" / f"stages.db{suffix}").unlink(missing_ok=True)
    assert run(settings, folder, WEIGHTED).metrics["recall@5"] == first.metrics["recall@5"]


def test_an_experiment_leaves_alone_what_serves(settings: Settings, tmp_path: Path) -> None:
    build(settings, write(tmp_path / "docs", {"a.txt": "What serves is not what is tried."}))
    before = json.loads(plumbline(settings.home, "index", "list", "--json").stdout)
    run(settings, eval_folder(tmp_path / "set"), SHORT)
    assert json.loads(plumbline(settings.home, "index", "list", "--json").stdout) == before


def test_what_limits_a_cache_takes_the_oldest_first(tmp_path: Path) -> None:
    blobs = BlobCache(tmp_path / "blobs.db", 1_000_000)
    blobs.put("kind", [(b"%d" % number, bytes(500)) for number in range(4000)])
    blobs.prune()
    kept = sorted(int(key) for key in blobs.get("kind", [b"%d" % number for number in range(4000)]))
    assert 500 < len(kept) < 2000
    assert kept == list(range(4000 - len(kept), 4000))
    assert (tmp_path / "blobs.db").stat().st_size < 1_100_000


def test_stages_count_what_was_computed_and_what_was_spared(tmp_path: Path) -> None:
    blobs = BlobCache(tmp_path / "blobs.db", 1_000_000)
    first = Stages(blobs)
    assert [first.once("dense", b"key", lambda: 7, NUMBERS) for _ in range(2)] == [7, 7]
    assert (first.counts["dense"].computed, first.counts["dense"].reused) == (1, 1)
    first.flush()
    second = Stages(blobs)
    assert second.once("dense", b"key", lambda: 8, NUMBERS) == 7
    without = Stages(None)
    assert [without.once("dense", b"key", lambda: 8, NUMBERS) for _ in range(2)] == [8, 8]
    assert without.counts["dense"].computed == 2


def test_a_home_is_whole_or_absent_and_stays_while_it_is_used(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"

    def fails(home: Path) -> None:
        write(home, {"half.txt": "half"})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), experiment_home(folder, "one", [], fails):
        pass
    assert list(folder.iterdir()) == []
    with experiment_home(folder, "one", [], lambda home: (home / "x").write_bytes(bytes(9000)) and None) as (_, found):
        assert not found
        prune_homes(folder, 0)
        assert len(homes(folder)) == 1
    with experiment_home(folder, "one", [], lambda _: None) as (home, found):
        assert found
        assert (home / "x").exists()
        assert not delete_home(home)
    assert prune_homes(folder, 0) > 9000
    assert list(folder.iterdir()) == []


def test_a_home_that_should_go_while_it_is_used_goes_when_it_is_let_go(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    with experiment_home(folder, "one", [tmp_path / "docs"], lambda _: None):
        forget_roots(folder, [tmp_path / "docs"])
        assert len(homes(folder)) == 1
    assert list(folder.iterdir()) == []
    with experiment_home(folder, "one", [tmp_path / "docs"], lambda _: None) as (_, found):
        assert not found


def test_reads_of_a_file_that_is_kept_open_write_their_day_when_it_is_closed(tmp_path: Path) -> None:
    blobs = BlobCache(tmp_path / "blobs.db", 10**9, keep_open=True)
    blobs.put("kind", [(b"%d" % number, b"content") for number in range(50)])
    with sqlite3.connect(tmp_path / "blobs.db") as connection:
        connection.execute("UPDATE blobs SET used = 1")
    assert all(blobs.get("kind", [b"%d" % number]) for number in range(25))
    blobs.close()
    with sqlite3.connect(tmp_path / "blobs.db") as connection:
        assert connection.execute("SELECT count(*) FROM blobs WHERE used > 1").fetchone() == (25,)


def test_what_a_killed_process_left_half_made_is_swept(tmp_path: Path) -> None:
    half = tmp_path / "experiments" / "one.tmp-999999999"
    half.mkdir(parents=True)
    prune_homes(tmp_path / "experiments", 10**9)
    assert not half.exists()


def test_an_experiment_s_truth_has_only_its_documents(settings: Settings, tmp_path: Path) -> None:
    run(settings, eval_folder(tmp_path / "set"), Bundle(), retrieval_only=True)
    [home] = homes(settings.home / "experiments")
    with sqlite3.connect(home.path / "truth.db") as truth:
        assert truth.execute("SELECT count(*) FROM documents").fetchone() == (3,)
    with open_bench(settings) as (bench, _), bench.backends.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM documents").scalar() == 0
