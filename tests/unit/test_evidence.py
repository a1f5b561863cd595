"""What a release rests on, and what speaks against it."""

from evals.evidence import evidence_for, winner_of
from tests.unit.made_runs import compare_runs, scored


def test_the_winner_is_better_by_most_and_shown_to_be() -> None:
    values = {"base": [0.0, 1.0] * 30, "better": [1.0] * 30 + [0.0, 1.0] * 15, "best": [1.0] * 60}
    found = compare_runs([scored(name, each) for name, each in values.items()])
    assert winner_of(found) == "id-best"


def test_without_a_difference_that_is_shown_the_first_run_stays() -> None:
    found = compare_runs([scored("base", [0.0, 1.0] * 10), scored("new", [1.0, *([0.0, 1.0] * 9), 1.0])])
    assert winner_of(found) == "id-base"
    assert "The difference is not shown to be real." in evidence_for(found, "id-new").reservations


def test_the_evidence_holds_the_difference_the_verdict_and_the_runs() -> None:
    found = compare_runs([scored("base", [0.0] * 20), scored("new", [1.0, 0.5] * 10)])
    evidence = evidence_for(found, "id-new")
    assert (evidence.run, evidence.baseline, evidence.runs) == ("id-new", "id-base", ("id-base", "id-new"))
    assert (evidence.difference, evidence.questions, evidence.metric) == (0.75, 20, "recall@5")
    assert evidence.verdict == found.pairs[0].verdicts[0]


def test_a_run_that_is_worse_on_tune_and_behind_bm25_is_told_so() -> None:
    facts = {"split": "tune", "beats_bm25": False, "coverage": {"ok": 19, "empty": 0, "error": 1, "timeout": 0}}
    found = compare_runs([scored("base", [1.0, 0.5] * 10, split="tune"), scored("new", [0.0] * 20, **facts)])
    said = " ".join(evidence_for(found, "id-new").reservations)
    for part in ("shown to be worse", "Measure it on the holdout too", "not shown to beat plain BM25", "1 question"):
        assert part in said


def test_the_first_run_is_compared_with_nothing() -> None:
    found = compare_runs([scored("base", [0.0] * 20), scored("new", [1.0, 0.5] * 10)])
    evidence = evidence_for(found, "id-base")
    assert (evidence.baseline, evidence.difference, evidence.verdict) == ("", None, "")
    assert "nothing here shows" in evidence.reservations[0]
