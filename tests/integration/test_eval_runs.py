"""`plumbline eval run`: what a run says, and what it may say nothing of."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.commands import open_book
from evals.faults import EvalSetError
from evals.run import Run
from rag.config import Bundle
from rag.settings import Settings
from tests.conftest import PLUMBLINE, build, plumbline, write
from tests.integration.eval_world import ABSENT, ASKED, SHORT, WEIGHTED, eval_folder, floor, run
from tests.postgres import ON_BOTH

MANY = 1200  # questions: some seconds of work


@pytest.fixture(scope="module")
def home(home_at: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_at(tmp_path_factory.mktemp("eval") / "home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return eval_folder(tmp_path_factory.mktemp("set") / "fees")


@pytest.fixture(scope="module")
def first(home: Settings, folder: Path) -> Run:
    return run(home, folder)


def figures(run: Run) -> dict[str, object]:
    """What must not depend on caches or clocks."""
    metrics = {name: found for name, found in run.metrics.items() if not name.startswith("latency_ms")}
    cases = [(case.id, case.state, case.ranking, case.quotes, case.answerability, case.status) for case in run.cases]
    return {"metrics": metrics, "cases": cases}


def test_every_case_has_its_state_and_every_metric_its_interval(first: Run) -> None:
    assert first.coverage == {"ok": len(ASKED) + len(ABSENT), "empty": 0, "error": 0, "timeout": 0}
    recall = first.metrics["recall@5"]
    assert (recall.n, recall.undefined) == (len(ASKED), len(ABSENT))
    assert recall.mean is not None
    assert recall.ci_low is not None
    assert recall.ci_high is not None
    assert 0 <= recall.ci_low <= recall.mean <= recall.ci_high <= 1
    assert recall.mean > 0.9
    unanswerable = next(case for case in first.cases if case.id == "moon")
    assert unanswerable.metrics["recall@5"] is None
    assert unanswerable.metrics["abstention_recall"] in {0.0, 1.0}


def test_a_run_names_all_that_decides_its_figures(first: Run, home: Settings, folder: Path) -> None:
    assert all((first.set, first.corpus, first.bundle, first.code, first.model))
    assert first.bundle == Bundle().digest
    again = run(home, folder, WEIGHTED)
    assert (again.set, again.corpus, again.code, again.model) == (first.set, first.corpus, first.code, first.model)
    assert again.bundle != first.bundle


def test_another_fusion_weight_embeds_and_searches_nothing(first: Run, home: Settings, folder: Path) -> None:
    bundle = Bundle.model_validate({"query": {"dense_weight": 0.7}})
    stages = run(home, folder, bundle).stages
    for stage in ("parse", "chunk", "embed_chunks", "embed_questions", "dense", "lexical"):
        assert stages[stage]["computed"] == 0, stage
        assert stages[stage]["reused"] > 0, stage
    assert stages["fuse"]["computed"] == len(ASKED) + len(ABSENT)


def test_another_chunk_size_parses_nothing_and_embeds_no_question(first: Run, home: Settings, folder: Path) -> None:
    stages = run(home, folder, SHORT).stages
    assert (stages["parse"]["computed"], stages["parse"]["reused"]) == (0, 3)
    assert stages["embed_questions"]["computed"] == 0
    assert stages["chunk"]["computed"] > 0


def test_the_same_again_reuses_every_stage_and_says_the_same(first: Run, home: Settings, folder: Path) -> None:
    again = run(home, folder)
    assert again.id != first.id
    assert all(count["computed"] == 0 for count in again.stages.values())
    assert again.stages["answer"]["reused"] == first.stages["answer"]["computed"] + first.stages["answer"]["reused"]
    assert figures(again) == figures(first)
    assert again.metrics["latency_ms.total"] == first.metrics["latency_ms.total"]


def test_without_the_cache_the_figures_are_the_same_and_nothing_is_kept(
    first: Run, home: Settings, folder: Path, home_at: Callable[[Path], Settings], tmp_path: Path
) -> None:
    other = home_at(tmp_path / "home")
    found = run(other, folder, cached=False)
    assert figures(found) == figures(first)
    assert all(count["reused"] == 0 for count in found.stages.values())
    assert not (other.home / "cache" / "stages.db").exists()
    assert not list((other.home / "experiments").iterdir())


def test_who_asks_decides_what_is_found(home: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "fees", {"pay": {"roles": ["public"]}, "parental": {"where": {"type": "contract"}}})
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "sources:\n  - {name: corpus, path: fees/corpus, rules: [{match: 'hr/**', roles: [hr]}]}\n", encoding="utf-8"
    )
    out = tmp_path / "run.json"
    done = plumbline(home.home, "eval", "run", str(folder), "--sources", str(sources), "--json", "--out", str(out))
    assert done.returncode == 0, done.stderr
    cases = {case["id"]: case for case in json.loads(out.read_bytes())["cases"]}
    assert all(place["doc"] != "corpus/hr/pay.txt" for place in cases["pay"]["ranking"])
    assert cases["pay"]["metrics"]["recall@5"] == 0
    assert (cases["parental"]["state"], cases["parental"]["metrics"]["recall@5"]) == ("empty", None)


def test_an_error_is_a_state_and_no_number(home: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "fees", {"fee-red": {"question": "why " * 600}})
    found = run(home, folder, retrieval_only=True)
    assert found.coverage["error"] == 1
    case = next(case for case in found.cases if case.id == "fee-red")
    assert "characters" in case.error
    assert set(case.metrics.values()) == {None}
    assert found.metrics["recall@5"].n == len(ASKED) - 1


def test_a_question_out_of_time_is_a_state_and_is_asked_again(home: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "fees", {"fee-red": {"question": "What is the red permit's yearly cost?"}})
    late = run(home, folder, timeout_s=0.0, retrieval_only=True, limit=1)
    assert late.coverage["timeout"] == 1
    assert late.metrics["recall@5"].model_dump() == {
        "mean": None, "ci_low": None, "ci_high": None, "n": 0, "undefined": 1,
    }  # fmt: skip
    assert run(home, folder, retrieval_only=True, limit=1).coverage["ok"] == 1


def test_a_set_that_disagrees_with_its_documents_says_where_and_runs_nothing(home: Settings, tmp_path: Path) -> None:
    wrong = {"doc": "corpus/leave.txt", "start": 0, "end": 8, "text": "Maternal"}
    folder = eval_folder(tmp_path / "fees", {"parental": {"references": [wrong]}})
    with pytest.raises(EvalSetError, match=r"line 4, case parental.*“Maternal”, but at 0 to 8 .* stands “Parental”"):
        run(home, folder)
    done = plumbline(home.home, "eval", "run", str(folder), "--json")
    assert done.returncode == 2
    assert "parental" in json.loads(done.stdout)["error"]["detail"]


def test_floors_are_the_store_and_an_oracle_that_agree(home: Settings, folder: Path) -> None:
    found = {}
    for name in ("bm25", "rank_bm25", "random"):
        bundle, search = floor(name)
        found[name] = run(home, folder, bundle, name=name, search=search, retrieval_only=True)
    ours, oracle, chance = found.values()
    assert [case.ranking[0].id for case in ours.cases if case.answerable] == [
        case.ranking[0].id for case in oracle.cases if case.answerable
    ]
    assert [case.ranking for case in chance.cases] != [case.ranking for case in ours.cases]


def test_a_graded_set_is_scored_by_documents(home: Settings, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "beir",
        {
            "corpus.jsonl": '{"_id": "a/1", "title": "Permits", "text": "A red permit costs seven euro."}\n'
            '{"_id": "b", "title": "Leave", "text": "Parental leave lasts twenty weeks."}\n',
            "queries.jsonl": '{"_id": "q1", "text": "price of red permits"}\n{"_id": "q2", "text": "parental leave"}\n',
            "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\ta/1\t2\nq2\tb\t1\n",
        },
    )
    found = run(home, folder, retrieval_only=True)
    assert (found.truth, found.headline) == ("graded", "ndcg@10")
    assert found.metrics["ndcg@10"].mean == 1
    assert {case.docs for case in found.cases} == {("corpus/a%2F1.md",), ("corpus/b.md",)}


def test_chroma_scoring_and_cuts_of_ones_own(home: Settings, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    done = plumbline(
        home.home, "eval", "run", str(folder), "--scoring", "chroma", "--k", "7", "--tokens", "90", "--limit", "2",
        "--retrieval-only", "--json", "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"recall@7", "recall@90t", "precision_omega"} <= set(found["metrics"])
    assert "cases" not in found
    assert [case["id"] for case in json.loads(out.read_bytes())["cases"]] == ["fee-red", "fee-blue"]


def test_without_documents_of_its_own_a_set_asks_what_serves(
    home_at: Callable[[Path], Settings], tmp_path: Path
) -> None:
    settings = home_at(tmp_path / "home")
    folder = eval_folder(tmp_path / "set")
    alone = write(tmp_path / "alone", {"q.jsonl": (folder / "questions.jsonl").read_text(encoding="utf-8")})
    done = plumbline(settings.home, "eval", "run", str(alone / "q.jsonl"))
    assert done.returncode == 4
    assert "--corpus" in done.stderr
    build(settings, folder / "corpus")
    done = plumbline(settings.home, "eval", "run", str(alone / "q.jsonl"), "--json", "--retrieval-only")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["metrics"]["recall@5"]["n"] == len(ASKED)
    assert found["stages"]["embed_chunks"]["computed"] == 0


@ON_BOTH[0]
@ON_BOTH[1]
def test_an_interrupted_run_goes_on_where_it_was(home_at: Callable[[Path], Settings], tmp_path: Path) -> None:
    settings = home_at(tmp_path / "home")
    folder = eval_folder(tmp_path / "set")
    more = ({"id": f"n{number}", "question": f"What does permit number {number} cost?"} for number in range(MANY - 7))
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line | {"answerable": False}) + "\n" for line in more)
    command = ["eval", "run", str(folder), "--retrieval-only"]
    process = subprocess.Popen(
        [PLUMBLINE, *command], env={**os.environ, "PLUMBLINE_HOME": str(settings.home)}, stdout=subprocess.DEVNULL
    )
    for _ in range(2000):
        if asked(settings) > 10:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    stopped = json.loads(plumbline(settings.home, "eval", "runs", "--json").stdout)["runs"][0]
    assert stopped["state"] == "interrupted"
    done = json.loads(plumbline(settings.home, *command, "--json").stdout)
    assert done["id"] == stopped["id"]
    assert 0 < done["stages"]["embed_questions"]["reused"] < MANY
    assert done["coverage"]["ok"] == MANY


def asked(settings: Settings) -> int:
    if not (settings.home / "experiments").exists():
        return 0
    with open_book(settings) as book:
        return next((line.asked for line in book.list()), 0)
