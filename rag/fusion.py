"""Rankings to one ranking; pure functions. Scores are rounded to 6 decimals, ties go by chunk id."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from rag.config import QueryConfig
from rag.types import ChunkId, Scored

Legs = Mapping[str, Sequence[Scored]]


def fuse(legs: Legs, config: QueryConfig) -> list[Scored]:
    """Return all ids of the legs with one score each, best first."""
    match config.fusion:
        case "weighted":
            return weighted({name: min_max(leg) for name, leg in legs.items()}, _weights(legs, config.dense_weight))
        case "rrf":
            return reciprocal_ranks(legs, config.rrf_k)
        case "dbsf":
            return weighted({name: three_sigma(leg) for name, leg in legs.items()}, _weights(legs, config.dense_weight))


def weighted(legs: Legs, weights: Mapping[str, float]) -> list[Scored]:
    """Return the weighted sum of scaled scores; an id that a leg missed counts 0 there."""
    total: dict[ChunkId, float] = defaultdict(float)
    for name, leg in legs.items():
        for chunk_id, score in leg:
            total[chunk_id] += weights[name] * score
    return ordered(total)


def reciprocal_ranks(legs: Legs, k: int) -> list[Scored]:
    """Return the sum of 1 / (k + rank), rank counted from 1 (Cormack, Clarke & Büttcher, 2009)."""
    total: dict[ChunkId, float] = defaultdict(float)
    for leg in legs.values():
        for rank, (chunk_id, _) in enumerate(leg, 1):
            total[chunk_id] += 1 / (k + rank)
    return ordered(total)


def min_max(leg: Sequence[Scored]) -> list[Scored]:
    """Return scores scaled to [0, 1]; where all are equal, 1."""
    if not leg:
        return []
    low, high = min(score for _, score in leg), max(score for _, score in leg)
    return [(chunk_id, (score - low) / (high - low) if high > low else 1.0) for chunk_id, score in leg]


def three_sigma(leg: Sequence[Scored]) -> list[Scored]:
    """Return scores scaled by mean plus and minus three standard deviations, cut to [0, 1] (DBSF; Mazanec, 2023)."""
    if not leg:
        return []
    mean, sigma = fmean(score for _, score in leg), pstdev(score for _, score in leg)
    if sigma == 0:
        return [(chunk_id, 0.5) for chunk_id, _ in leg]
    return [(chunk_id, min(max((score - mean + 3 * sigma) / (6 * sigma), 0), 1)) for chunk_id, score in leg]


def ordered(scores: Mapping[ChunkId, float]) -> list[Scored]:
    """Return (id, score) best first, in an order that repeats."""
    rounded = ((chunk_id, round(score, 6)) for chunk_id, score in scores.items())
    return sorted(rounded, key=lambda scored: (-scored[1], scored[0]))


def _weights(legs: Legs, dense_weight: float) -> dict[str, float]:
    """Return each leg's weight; one leg alone has all of it."""
    if len(legs) == 1:
        return dict.fromkeys(legs, 1.0)
    return {"dense": dense_weight, "lexical": 1 - dense_weight}
