"""Runs under odd conditions: limits that change, documents that move, interruptions, metrics without a value."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from evals import code, commands
from evals.commands import open_bench, open_book
from evals.corpus import beir_file_name, open_corpus
from evals.evalset import CorpusPlace
from evals.experiment import run_experiment
from evals.faults import EvalSetError
from evals.lab import open_lab
from evals.loading import place_named
from evals.measuring import Beside, run_beside
from evals.outcome import Outcome
from evals.run import Run
from evals.stages import Stages
from indexing.blob_cache import BlobCache
from rag.database import tables as t
from rag.database.engine import Database
from rag.errors import NotFoundError, StoreUnavailableError, UsageError
from rag.settings import Settings
from tests.conftest import plumbline, write
from tests.integration.eval_world import FEES, eval_folder, plan, run

BEIR = {
    "corpus.jsonl": '{"_id": "a/1", "title": "Permits", "text": "A red permit costs seven euro."}\n'
    '{"_id": "b", "title": "", "text": "---\\nkind: leave\\n---\\nParental leave lasts twenty weeks."}\n',
    "queries.jsonl": '{"_id": "q1", "text": "price of red permits"}\n{"_id": "q2", "text": "parental leave"}\n',
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\ta/1\t2\nq2\tb\t1\n",
}


def rows(settings: Settings, *, everything: bool = False) -> list[tuple[str, str]]:
    with open_book(settings) as book:
        return [(line.name, line.state) for line in book.list(everything=everything)]


def change(settings: Settings, **values: object) -> None:
    """Change every row of runs."""
    database = Database(settings.home / "truth.db")
    with database.write() as connection:
        connection.execute(update(t.runs).values(**values))
    database.close()


def test_an_outcome_is_reused_only_where_it_fits_the_time_out(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    assert run(settings, folder, retrieval_only=True).coverage["ok"] == 7
    late = run(settings, folder, retrieval_only=True, timeout_s=0.0)
    assert (late.coverage["timeout"], late.timeout_s) == (7, 0.0)
    assert run(settings, folder, retrieval_only=True).coverage["ok"] == 7


def test_limits_of_questions_and_time_are_part_of_what_decides_a_run(settings: Settings, tmp_path: Path) -> None:
    asked = plan(settings, eval_folder(tmp_path / "set"))
    limits = settings.question
    key = asked.key("model", limits)
    assert replace(asked, timeout_s=1.0).key("model", limits) != key
    assert asked.key("model", limits.model_copy(update={"max_chars": 20})) != key


def test_a_question_over_a_new_limit_is_refused_although_it_was_answered(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    run(settings, folder, retrieval_only=True)
    strict = settings.model_copy(update={"question": settings.question.model_copy(update={"max_chars": 16})})
    assert run(strict, folder, retrieval_only=True).coverage["error"] == 7


def test_a_set_of_lines_is_scored_against_a_beir_corpus(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "beir", BEIR)
    line = {"id": "one", "question": "price of red permits", "grades": {"a/1": 1}}
    lines = write(tmp_path / "lines", {"q.jsonl": json.dumps(line) + "\n"})
    place = place_named(folder, None)
    assert place is not None
    with open_bench(settings) as (bench, book):
        asked = replace(plan_of(lines / "q.jsonl", place, settings), retrieval_only=True)
        assert run_experiment(asked, bench, book).metrics["success@1"].mean == 1


def plan_of(path: Path, place: CorpusPlace, settings: Settings) -> commands.Plan:
    eval_set = commands.load_set(path)
    return commands.Plan(eval_set, open_corpus(place, settings), commands.default_bundle(settings))


def test_a_beir_folder_may_be_copied_and_renamed(settings: Settings, tmp_path: Path) -> None:
    first = run(settings, write(tmp_path / "one", BEIR), retrieval_only=True)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    second = run(settings, tmp_path / "two", retrieval_only=True)
    assert second.corpus == first.corpus
    assert [case.ranking for case in second.cases] == [case.ranking for case in first.cases]


def test_a_beir_text_that_begins_like_front_matter_is_kept_whole(settings: Settings, tmp_path: Path) -> None:
    corpus = open_corpus(CorpusPlace("beir", write(tmp_path / "beir", BEIR)), settings)
    asked = plan(settings, tmp_path / "beir")
    with open_bench(settings) as (bench, _), open_lab(bench, corpus, asked.bundle) as lab:
        [text] = [chunk.text for chunk in lab.corpus.chunks.values() if "Parental" in chunk.text]
    assert "kind: leave" in text
    assert beir_file_name("a/1") == "a%2F1.md"


def test_a_beir_corpus_is_read_with_care(settings: Settings, tmp_path: Path) -> None:
    twice = write(tmp_path / "twice", BEIR | {"corpus-2.jsonl": '{"_id": "b", "title": "", "text": "Again."}\n'})
    with pytest.raises(UsageError, match="has the id 'b' twice"):
        open_corpus(CorpusPlace("beir", twice), settings)
    broken = write(tmp_path / "broken", BEIR | {"corpus.jsonl": '{"_id": "b", "text": 7}\n'})
    with pytest.raises(EvalSetError, match=r"corpus\.jsonl.*line 1"):
        open_corpus(CorpusPlace("beir", broken), settings)


def test_other_limits_of_parsing_make_another_index(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    write(folder / "corpus", {"long.txt": "A long text.\n" * 100})
    first = run(settings, folder, retrieval_only=True)
    small = settings.model_copy(update={"parsing": settings.parsing.model_copy(update={"max_text_chars": 1000})})
    second = run(small, folder, retrieval_only=True)
    assert (first.index["documents"], first.index["problems"]) == (4, 0)
    assert (second.index["documents"], second.index["problems"]) == (3, 1)
    assert len(list((settings.home / "experiments").iterdir())) == 2


def test_the_search_s_digest_knows_what_the_cache_is_made_by() -> None:
    assert len({code.code_digest(), code.searching_digest(), code.indexing_digest()}) == 3
    named = b"".join(code._sources("evals", code._REMEMBERING))
    assert all(f"evals/{name}\0".encode() in named for name in ("asking.py", "floors.py", "frozen.py", "memo.py"))
    assert b"rank-bm25 0" in b"".join(code._versions())


def test_what_is_remembered_is_written_from_time_to_time(tmp_path: Path) -> None:
    blobs = BlobCache(tmp_path / "blobs.db", 1_000_000)
    stages = Stages(blobs)
    for number in range(450):
        stages.remember("rankings", b"%d" % number, b"content")
    assert blobs.sizes()["rankings"][0] == 400


def test_a_failed_write_keeps_no_file_open(tmp_path: Path) -> None:
    blobs = BlobCache(tmp_path / "blobs.db", 1_000_000, keep_open=True)
    blobs.put("dense", [(b"key", b"content")])
    blobs.get("dense", [b"key"])
    stages = Stages(blobs)
    stages.remember("rankings", b"key", b"content")
    cannot_be_locked(blobs.path)
    with pytest.raises(StoreUnavailableError):
        stages.close()
    assert blobs._reader is None


def test_an_interruption_is_told_although_the_cache_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    asked = plan(settings, eval_folder(tmp_path / "set"), retrieval_only=True, name="mine")

    def stops(*_: object) -> None:
        cannot_be_locked(settings.home / "cache" / "stages.db")
        raise KeyboardInterrupt

    with open_bench(settings) as (bench, book), pytest.raises(StoreUnavailableError):
        run_experiment(asked, bench, book, stops)
    assert rows(settings) == [("mine", "interrupted")]


def test_an_id_in_the_list_of_runs_is_there_to_be_copied(settings: Settings, tmp_path: Path) -> None:
    made = run(settings, eval_folder(tmp_path / "set"), retrieval_only=True, name="a-bundle-with-a-long-name" * 3)
    assert made.id in plumbline(settings.home, "eval", "runs").stdout


def cannot_be_locked(path: Path) -> None:
    """Put a folder where the lock of a cache should be."""
    Path(f"{path}.lock").unlink(missing_ok=True)
    Path(f"{path}.lock").mkdir()


def test_an_interruption_during_floors_goes_on_with_the_same_run(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    seen: list[Outcome] = []

    def stops(outcome: Outcome, _: float | None) -> None:
        seen.append(outcome)
        if len(seen) == 10:
            raise KeyboardInterrupt

    asked = plan(settings, folder, retrieval_only=True, name="mine")
    with open_bench(settings) as (bench, book):
        with pytest.raises(KeyboardInterrupt):
            run_beside(asked, bench, book, Beside(floors=True), stops)
        [stopped] = book.list()
        assert (stopped.name, stopped.state) == ("mine", "interrupted")
        made = run_beside(asked, bench, book, Beside(floors=True))
        assert made.id == stopped.id
        assert set(made.floors) == {"bm25", "rank_bm25", "dense", "random"}
        assert [line.id for line in book.list()] == [made.id]
        floors_made = {line.id: line for line in book.list(everything=True) if line.parent}
        assert {line.parent for line in floors_made.values()} == {made.id}
        assert len(floors_made) == 4
        assert {name: book.load(each.run).search for name, each in made.floors.items()} == {
            "bm25": "", "rank_bm25": "rank_bm25", "dense": "", "random": "random",
        }  # fmt: skip
        assert book.load(made.id).floors == made.floors


def test_a_command_opens_the_holdout_once_also_when_interrupted(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    asked = plan(settings, folder, retrieval_only=True, split="holdout")

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    with open_bench(settings) as (bench, book):
        first = run_beside(asked, bench, book, Beside(floors=True))
        assert first.notes == ()
        assert book.holdout_openings(asked.eval_set.digest) == 1
        with pytest.raises(KeyboardInterrupt):
            run_experiment(asked, bench, book, stops)
        assert book.holdout_openings(asked.eval_set.digest) == 2


def test_repeats_are_made_without_cache_and_are_not_listed(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    asked = plan(settings, folder, retrieval_only=True)
    with open_bench(settings) as (bench, book):
        made = run_beside(asked, bench, book, Beside(repeats=2))
        assert (made.determinism.repeats, made.determinism.rankings_changed, made.determinism.spread) == (2, 0, 0.0)
        assert len(book.list()) == 1
        again = [book.load(line.id) for line in book.list(everything=True) if line.parent]
    assert [each.parent for each in again] == [made.id, made.id]
    assert all(count["reused"] == 0 for each in again for count in each.stages.values())
    assert run(settings, folder, retrieval_only=True).determinism.spread is None


def test_a_metric_that_no_case_has_a_value_of_is_listed(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    found = run(settings, folder, limit=1)
    for name in ("abstention_precision", "abstention_auroc"):
        assert found.metrics[name].model_dump() == {
            "mean": None, "ci_low": None, "ci_high": None, "n": 0, "undefined": 1,
        }  # fmt: skip
        assert found.cases[0].metrics.get(name) is None
    assert "abstention_precision" in found.cases[0].metrics
    assert "abstention_recall" not in found.metrics
    assert "abstention_precision" not in run(settings, folder, limit=1, retrieval_only=True).metrics


def test_a_graded_set_has_a_headline_while_it_runs(settings: Settings, tmp_path: Path) -> None:
    asked = plan(settings, write(tmp_path / "beir", BEIR), retrieval_only=True)
    shown: list[float | None] = []
    with open_bench(settings) as (bench, book):
        run_experiment(asked, bench, book, lambda _, value: shown.append(value))
    assert shown == [1.0, 1.0]


def test_a_text_is_reused_where_its_vector_was_there(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    write(folder / "corpus", {"fees-2.txt": FEES["fees.txt"], "leave-2.txt": FEES["leave.txt"]})
    new = run(settings, folder, retrieval_only=True).stages["embed_chunks"]
    old = run(settings, folder, retrieval_only=True).stages["embed_chunks"]
    assert (new["reused"], old["computed"], old["reused"]) == (0, 0, new["computed"])


def test_a_file_is_shown_without_a_home(settings: Settings, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    file = tmp_path / "run.json"
    made = Run(id="one", set="", corpus="", bundle="", metrics={}, coverage={"ok": 0}, stages={})
    file.write_text(made.model_dump_json(), encoding="utf-8")
    shown = plumbline(nowhere, "eval", "show", str(file))
    assert (shown.returncode, "run one" in shown.stdout) == (0, True), shown.stderr
    listed = plumbline(nowhere, "eval", "runs")
    assert (listed.returncode, "No runs yet" in listed.stdout) == (0, True), listed.stderr
    absent = plumbline(nowhere, "eval", "show", "20260101-absent")
    assert "no runs yet" in absent.stderr
    assert "index" not in absent.stderr
    assert not nowhere.exists()


def test_a_read_migrates_nothing(settings: Settings) -> None:
    database = Database(settings.home / "truth.db")
    with database.migrating() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version_truth (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO alembic_version_truth VALUES ('0001')")
    database.close()
    assert rows(settings) == []
    with open_book(settings) as book, pytest.raises(NotFoundError, match="no runs yet"):
        book.load("one")


def test_a_run_lives_as_long_as_its_process(settings: Settings, tmp_path: Path) -> None:
    run(settings, eval_folder(tmp_path / "set"), retrieval_only=True, name="one")
    with open_bench(settings) as (_, book):
        book.begin("key", {"set_name": "", "set_digest": "", "bundle": "", "split": "all", "name": "two"}, 1)
    change(settings, heartbeat_at=0.0)
    assert rows(settings) == [("two", "running"), ("one", "done")]
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    change(settings, pid=process.pid, heartbeat_at=time.time())
    assert rows(settings)[0] == ("two", "interrupted")
    change(settings, host="another")
    assert rows(settings)[0] == ("two", "running")
    change(settings, heartbeat_at=0.0)
    assert rows(settings)[0] == ("two", "interrupted")


def test_a_document_that_cannot_be_indexed_is_a_loss_and_not_a_fault_of_the_set(
    settings: Settings, tmp_path: Path
) -> None:
    folder = eval_folder(tmp_path / "set")
    (folder / "corpus" / "leave.txt").write_text(" \n", encoding="utf-8")
    found = run(settings, folder, retrieval_only=True)
    lost = next(case for case in found.cases if case.id == "parental")
    assert lost.metrics["recall@5"] == 0
    assert "1 documents that questions rest on could not be indexed: corpus/leave.txt" in found.notes[-1]
