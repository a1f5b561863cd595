"""Fusion by hand-computed cases."""

import pytest

from rag.config import QueryConfig
from rag.fusion import fuse, min_max, three_sigma

DENSE = [("a", 0.9), ("b", 0.5), ("c", 0.1)]
LEXICAL = [("b", 12.0), ("d", 4.0)]
LEGS = {"dense": DENSE, "lexical": LEXICAL}


def test_weighted_fusion_adds_scaled_scores() -> None:
    fused = dict(fuse(LEGS, QueryConfig(dense_weight=0.25)))
    assert fused == {"b": 0.25 * 0.5 + 0.75, "a": 0.25, "c": 0.0, "d": 0.0}


def test_rrf_counts_ranks_from_one() -> None:
    fused = dict(fuse(LEGS, QueryConfig(fusion="rrf", rrf_k=60)))
    assert fused["b"] == pytest.approx(1 / 62 + 1 / 61, abs=1e-6)
    assert fused["a"] == pytest.approx(1 / 61, abs=1e-6)


def test_dbsf_puts_the_mean_in_the_middle() -> None:
    assert dict(three_sigma(DENSE))["b"] == pytest.approx(0.5)
    assert fuse(LEGS, QueryConfig(fusion="dbsf"))[0][0] == "b"


def test_one_leg_alone_keeps_its_order() -> None:
    assert [chunk_id for chunk_id, _ in fuse({"lexical": LEXICAL}, QueryConfig())] == ["b", "d"]


def test_ties_go_by_chunk_id() -> None:
    assert fuse({"dense": [("z", 0.5), ("a", 0.5)]}, QueryConfig()) == [("a", 1.0), ("z", 1.0)]


def test_nothing_found_fuses_to_nothing() -> None:
    assert fuse({"dense": [], "lexical": []}, QueryConfig()) == []
    assert min_max([]) == []
