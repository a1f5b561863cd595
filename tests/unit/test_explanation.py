"""Each candidate's way through the stages, as its trace tells it."""

import pytest

from rag.answers import Trace, TracedHit
from rag.config import QueryConfig
from rag.explanation import Way, ways

LEGS = {"dense": (("a", 0.9), ("b", 0.5), ("c", 0.1)), "lexical": (("c", 8.0), ("a", 4.0))}


def trace(*order: str) -> Trace:
    hits = tuple(TracedHit(each, "d", "v", "D", "h/d.md", 0.5, {}, "kept") for each in order)
    return Trace("Why?", LEGS, hits)


def found(order: str, **query: object) -> dict[str, Way]:
    return {way.hit.chunk_id: way for way in ways(trace(*order), QueryConfig.model_validate(query))}


def test_each_leg_gives_its_weighted_share_of_the_fused_score():
    given = found("acb", dense_weight=0.75)
    assert given["a"].shares == {"dense": 0.75, "lexical": 0.0}
    assert given["c"].shares == {"dense": 0.0, "lexical": 0.25}
    assert given["b"].shares == {"dense": pytest.approx(0.375)}
    assert all(sum(way.shares.values()) == pytest.approx(way.fused) for way in given.values())


def test_reciprocal_ranks_are_shares_as_they_are():
    given = found("acb", fusion="rrf", rrf_k=10)
    assert given["a"].shares == pytest.approx({"dense": 1 / 11, "lexical": 1 / 12}, abs=1e-6)
    assert given["a"].leg_ranks == {"dense": 1, "lexical": 2}
    assert given["b"].leg_ranks == {"dense": 2}


def test_what_the_reranker_lifted_moved_up_as_many_places():
    given = found("bac", dense_weight=0.75)
    assert [(way.fused_rank, way.rank, way.moved) for way in given.values()] == [(2, 1, 1), (1, 2, -1), (3, 3, 0)]


def test_one_leg_alone_has_all_of_the_score():
    alone = Trace("Why?", {"dense": LEGS["dense"]}, trace("a", "b", "c").candidates)
    first, *_ = ways(alone, QueryConfig(legs=("dense",), dense_weight=0.2, rerank="none"))
    assert first.shares == {"dense": 1.0}
