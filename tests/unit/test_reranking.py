"""Half the fused score, half that of late interaction, by hand-computed numbers."""

import numpy as np
import pytest

from rag.config import QueryConfig
from rag.reranking import COMPARED, rerank, shares, to_compare

NONE, LATE = QueryConfig(rerank="none"), QueryConfig(rerank="late_interaction")
RANKING = [("a", 0.9), ("b", 0.5), ("c", 0.4)]


def test_without_a_reranker_nothing_is_compared_and_nothing_moves():
    assert to_compare(RANKING, NONE) == []
    assert rerank(RANKING, [], NONE) == RANKING


def test_both_scores_are_scaled_and_blended_half_and_half():
    # fused: 1, 0.2, 0; late: 0, 1, 0.25
    found = rerank(RANKING, [("b", 0.6), ("c", 0.3), ("a", 0.2)], LATE)
    assert found == [("b", 0.6), ("a", 0.5), ("c", 0.125)]


def test_scores_are_rounded_and_ties_go_by_id():
    assert rerank([("b", 3.0), ("a", 2.0), ("c", 0.0)], [("a", 2.0), ("b", 1.0), ("c", 0.5)], LATE) == [
        ("a", 0.833333),
        ("b", 0.666667),
        ("c", 0.0),
    ]
    assert rerank([("b", 1.0), ("a", 0.0)], [("a", 1.0), ("b", 0.0)], LATE) == [("a", 0.5), ("b", 0.5)]


def test_where_all_are_alike_each_has_the_full_share():
    assert rerank([("b", 0.7), ("a", 0.7)], [("b", 0.1), ("a", 0.1)], LATE) == [("a", 1.0), ("b", 1.0)]
    assert rerank([("a", 0.7)], [("a", 0.1)], LATE) == [("a", 1.0)]


def test_a_chunk_without_a_score_counts_as_the_furthest():
    assert rerank(RANKING, [("b", 0.6), ("c", 0.3)], LATE) == [("b", 0.6), ("a", 0.5), ("c", 0.0)]
    assert [id_ for id_, _ in rerank(RANKING, [], LATE)] == ["a", "b", "c"]
    assert rerank([], [], LATE) == []


def test_only_the_first_are_compared_and_the_rest_stay_below_in_their_order():
    ranking = [(f"c{place:03}", 1 - place / 100) for place in range(COMPARED + 5)]
    assert to_compare(ranking, LATE) == [id_ for id_, _ in ranking[:COMPARED]]
    late = [(id_, float(place)) for place, (id_, _) in enumerate(ranking[:COMPARED])]
    found = rerank(ranking, late, LATE)
    assert {id_ for id_, _ in found[:COMPARED]} == {id_ for id_, _ in ranking[:COMPARED]}
    assert [id_ for id_, _ in found[COMPARED:]] == [id_ for id_, _ in ranking[COMPARED:]]
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[COMPARED] == pytest.approx(-0.5 / 49, abs=1e-6)  # one step below the range of 49


def test_weights_of_word_pieces_add_up_to_one():
    assert shares(np.array([1, 3], np.float32)).tolist() == [0.25, 0.75]
    assert shares(np.zeros(4, np.float32)).tolist() == [0.25] * 4
    assert shares(np.zeros(0, np.float32)).tolist() == []
