"""What an evaluation measures is what serves: the same rankings and the same answers (I16)."""

import json
from pathlib import Path

import yaml

from evals.asking import Asker
from evals.commands import open_bench
from evals.lab import open_lab
from evals.loading import load_set
from evals.run import Run
from rag.bootstrap import Service, open_service
from rag.config import Bundle
from rag.settings import Settings
from rag.types import ALL_ROLES, Caller, Request
from tests.conftest import HANDBOOK_SET, plumbline
from tests.integration.eval_world import eval_folder, floor, plan, run


def test_the_rankings_and_answers_of_an_evaluation_are_those_that_serve(
    settings: Settings, service: Service, tmp_path: Path
) -> None:
    cases = [case for case in load_set(HANDBOOK_SET).cases[::12] if not case.where]
    planned = plan(settings, HANDBOOK_SET)
    with open_bench(settings) as (bench, _), open_lab(bench, planned.corpus, planned.bundle) as lab:
        for case in cases:
            caller = Caller(frozenset(case.roles or (ALL_ROLES,)))
            served = service.pipeline.answer(Request("probe", case.question, caller))
            measured = Asker(lab, 30).ask(case)
            assert [each.id for each in measured.ranking] == [each.chunk_id for each in served.trace.candidates]
            assert measured.answer is not None
            assert measured.answer.status == served.answer.status
            assert [(each.doc, each.start, each.end) for each in measured.answer.quotes] == [
                (each.uri, each.start, each.end) for each in served.answer.citations
            ]
            assert measured.answer.answerability == served.answer.answerability
    assert len(cases) > 10


def test_the_bundle_that_was_measured_is_named_as_the_one_that_serves(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    shown = plumbline(settings.home, "eval", "bundle", "show").stdout
    bundle = tmp_path / "bundle.yaml"
    bundle.write_text(shown, encoding="utf-8")
    found = run(settings, folder, Bundle.model_validate(yaml.safe_load(shown)), retrieval_only=True)
    assert plumbline(settings.home, "index", "build", str(folder / "corpus"), "--bundle", str(bundle)).returncode == 0
    with open_service(settings) as opened:
        served = opened.pipeline.search(Request("probe", "red permit", Caller(frozenset({ALL_ROLES}))))
    assert served.bundle.digest == found.bundle
    assert served.hits[0].chunk.id == found.cases[0].ranking[0].id


def test_bundles_are_compared_field_by_field(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("query: {top_k: 3}\n", encoding="utf-8")
    other.write_text("index: {chunk_tokens: 100}\n", encoding="utf-8")
    found = json.loads(plumbline(tmp_path, "eval", "bundle", "diff", str(one), str(other), "--json").stdout)
    assert [(each["field"], each["a"], each["b"]) for each in found["differences"]] == [
        ("index.chunk_tokens", 200, 100),
        ("query.top_k", 3, 5),
    ]
    said = plumbline(tmp_path, "eval", "bundle", "diff", str(one), str(other)).stdout
    assert "another generation" in said


def test_floors_say_whether_a_bundle_beats_bm25(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    done = plumbline(settings.home, "eval", "run", str(folder), "--floors", "--retrieval-only", "--json")
    found = Run.model_validate_json(done.stdout)
    assert set(found.floors) == {"bm25", "rank_bm25", "dense", "random"}
    assert found.beats_bm25 is False
    assert found.floors["bm25"].difference is not None
    same = run(settings, folder, floor("bm25")[0], retrieval_only=True)
    assert same.metrics["recall@5"].mean == found.floors["bm25"].mean
    said = plumbline(settings.home, "eval", "run", str(folder), "--floors", "--retrieval-only").stdout
    assert "Not shown to beat BM25" in said


def test_a_repeated_run_says_how_far_it_is_the_same(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    command = ("eval", "run", str(folder), "--retrieval-only", "--repeat", "2", "--json")
    found = Run.model_validate_json(plumbline(settings.home, *command).stdout)
    assert (found.determinism.repeats, found.determinism.rankings_changed, found.determinism.spread) == (2, 0, 0.0)


def test_openings_of_the_holdout_are_counted(settings: Settings, tmp_path: Path) -> None:
    folder = eval_folder(tmp_path / "set")
    tuned = run(settings, folder, split="tune", retrieval_only=True)
    first = run(settings, folder, split="holdout", retrieval_only=True)
    second = run(settings, folder, split="holdout", retrieval_only=True)
    assert {case.id for case in tuned.cases}.isdisjoint(case.id for case in first.cases)
    assert not any("holdout" in note for note in (*tuned.notes, *first.notes))
    assert "seen by 1 runs before" in second.notes[-1]
