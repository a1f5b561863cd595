"""Few hits in a better order: by late interaction, or by a cross-encoder."""

from collections.abc import Sequence

import numpy as np

from rag.config import QueryConfig
from rag.errors import ModelUnavailableError
from rag.ports import Reranker
from rag.types import ChunkId, Scored, Vector

# As many as one leg gives by default: what a reader is shown comes from there, and each one costs time.
COMPARED = 50
# Half and half: word by word MaxSim sees what one vector blurs, and the fused score what only words or the whole tell.
LATE_SHARE = 0.5
# A cross-encoder reads each text together with the question, which takes as long as embedding it again.
CROSS_COMPARED = 20
DECIMALS = 6  # scores closer than this are a tie, and ties go by id


def to_compare(ranking: Sequence[Scored], config: QueryConfig) -> list[ChunkId]:
    """Return the ids that the bundle's reranker needs scores of."""
    match config.rerank:
        case "none":
            return []
        case "late_interaction":
            return [chunk_id for chunk_id, _ in ranking[:COMPARED]]
        case _:
            return [chunk_id for chunk_id, _ in ranking[:CROSS_COMPARED]]


def compared_as(config: QueryConfig) -> str:
    """Return the name under which a trace shows the scores of the bundle's reranker."""
    return "cross_encoder" if config.cross_encoder else config.rerank


def no_cross_encoder(name: str) -> Reranker:
    """Stand where no cross-encoder is to be had. Raises ModelUnavailableError."""
    raise ModelUnavailableError(f"The cross-encoder {name!r} cannot be used here: nothing was opened that loads it.")


def shares(weights: Vector) -> Vector:
    """Return the weights of a question's word pieces with the sum 1; where none tells anything, all count alike."""
    total = float(weights.sum())
    return (weights / total if total else np.full(len(weights), 1 / max(len(weights), 1))).astype(np.float32)


def rerank(ranking: Sequence[Scored], compared: Sequence[Scored], config: QueryConfig) -> list[Scored]:
    """Return the ranking in the order of the bundle's reranker. compared: its scores of what `to_compare` named."""
    match config.rerank:
        case "none":
            return list(ranking)
        case "late_interaction":
            return blended(ranking, dict(compared))
        case _:
            return reordered(ranking, dict(compared))


def reordered(ranking: Sequence[Scored], cross: dict[ChunkId, float]) -> list[Scored]:
    """Return what a cross-encoder has read in its order, with its scores, which are above 0.

    The others follow in their order, with what a scale of those that were read says of their fused score: 0 or less.
    """
    fused_range = _range([score for chunk_id, score in ranking if chunk_id in cross])
    below = [
        (id_, round(min(_scaled(score, fused_range), 0.0), DECIMALS)) for id_, score in ranking if id_ not in cross
    ]
    return [*sorted(cross.items(), key=lambda each: (-each[1], each[0])), *below]


def blended(ranking: Sequence[Scored], late: dict[ChunkId, float]) -> list[Scored]:
    """Return the first 50 by half their fused score and half that of late interaction, each scaled to [0, 1].

    A chunk without a score of late interaction has 0 of it. The others follow in their order, with what the same scale
    says of their fused score: 0 or less.
    """
    first, rest = ranking[:COMPARED], ranking[COMPARED:]
    fused_range, late_range = _range([score for _, score in first]), _range(list(late.values()))
    scored = [
        (id_, _blend(_scaled(score, fused_range), _scaled(late[id_], late_range) if id_ in late else 0.0))
        for id_, score in first
    ]
    below = [(id_, _blend(min(_scaled(score, fused_range), 0.0), 0.0)) for id_, score in rest]
    return [*sorted(scored, key=lambda each: (-each[1], each[0])), *below]


def _blend(fused: float, late: float) -> float:
    return round((1 - LATE_SHARE) * fused + LATE_SHARE * late, DECIMALS)


def _range(scores: Sequence[float]) -> tuple[float, float]:
    return (min(scores), max(scores)) if scores else (0.0, 0.0)


def _scaled(score: float, low_high: tuple[float, float]) -> float:
    """Return a score scaled so that the lowest gets 0 and the highest 1; where all are equal, they get 1."""
    low, high = low_high
    return (score - low) / (high - low) if high > low else 1.0
