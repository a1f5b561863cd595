"""Rank metrics by hand, and against trec_eval on random rankings."""

import random
from math import log2

import pytest

from evals.graded import (
    average_precision,
    documents_ranked,
    graded_metrics,
    graded_metrics_of_all,
    mrr_at_k,
    ndcg_at_k,
    recall_at_k,
    success_at_k,
)
from evals.outcome import Place, RankedChunk

RANKING = ["x", "a", "y", "b", "c"]
GRADES = {"a": 1, "b": 3, "d": 2, "y": 0}


def test_ndcg_has_linear_gain_and_an_ideal_over_all_graded_ids() -> None:
    gained = 1 / log2(3) + 3 / log2(5)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert ndcg_at_k(RANKING, GRADES, 5) == pytest.approx(gained / ideal)
    assert ndcg_at_k(RANKING, GRADES, 2) == pytest.approx((1 / log2(3)) / (3 + 2 / log2(3)))


def test_the_reciprocal_rank_ends_at_its_cut() -> None:
    assert mrr_at_k(RANKING, GRADES, 2) == 0.5
    assert mrr_at_k(RANKING, GRADES, 1) == 0.0


def test_recall_and_success_count_what_is_relevant_at_all() -> None:
    assert recall_at_k(RANKING, GRADES, 5) == pytest.approx(2 / 3)
    assert success_at_k(RANKING, GRADES, 1) == 0.0
    assert success_at_k(RANKING, GRADES, 2) == 1.0


def test_average_precision_divides_by_all_relevant() -> None:
    assert average_precision(RANKING, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)


@pytest.mark.parametrize("grades", [{}, {"a": 0}])
def test_without_anything_relevant_there_is_no_value(grades: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="nothing is graded relevant"):
        graded_metrics(RANKING, grades, [5])


def test_a_perfect_ranking_has_1_everywhere() -> None:
    assert set(graded_metrics(["b", "d", "a"], GRADES, [3]).values()) == {1.0}


def test_an_empty_ranking_has_0_everywhere() -> None:
    assert set(graded_metrics([], GRADES, [3]).values()) == {0.0}
    assert set(graded_metrics_of_all({"q": []}, {"q": GRADES}, [3])["q"].values()) == {0.0}


def test_both_ways_agree_on_random_rankings() -> None:
    pytest.importorskip("ir_measures")
    source = random.Random(3)
    ids = [f"doc {n}" for n in range(60)]
    grades = {f"q{n}": {each: source.randrange(4) for each in source.sample(ids, 12)} | {"lost": 1} for n in range(400)}
    rankings = {case: source.sample(ids, source.randrange(50)) for case in grades}
    by_trec_eval = graded_metrics_of_all(rankings, grades, [1, 3, 10, 100])
    assert list(by_trec_eval) == list(rankings)
    for case, ranking in rankings.items():
        assert by_trec_eval[case] == pytest.approx(graded_metrics(ranking, grades[case], [1, 3, 10, 100]), abs=1e-9)


def test_a_case_without_ranking_or_truth_is_left_out() -> None:
    found = graded_metrics_of_all(
        {"a": ["x"], "b": ["x"], "c": ["x"]}, {"a": {"x": 1}, "b": {"x": 0}, "d": {"x": 1}}, [1]
    )
    assert list(found) == ["a"]
    assert graded_metrics_of_all({}, {}, [1]) == {}


def test_a_document_stands_where_its_best_chunk_stands() -> None:
    docs = ["b", "a", "b", "c"]
    ranking = [RankedChunk(f"{n}", Place(doc, n, n + 1), 1) for n, doc in enumerate(docs)]
    assert documents_ranked(ranking) == ["b", "a", "c"]
