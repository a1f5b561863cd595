"""Why a ranking came out as it did: every candidate's way through legs, fusion and reranking, from its trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answers import Trace, TracedHit
from rag.config import QueryConfig
from rag.fusion import fuse
from rag.types import ChunkId, Scored


@dataclass(frozen=True, slots=True)
class Way:
    """One candidate's way; ranks count from 1, and a leg that missed it is absent."""

    hit: TracedHit
    leg_ranks: Mapping[str, int]
    shares: Mapping[str, float]  # what each leg gave to the fused score
    fused_rank: int
    fused: float
    rank: int

    @property
    def moved(self) -> int:
        """Places that the reranker moved it up; below 0: down."""
        return self.fused_rank - self.rank


def ways(trace: Trace, config: QueryConfig) -> list[Way]:
    """Return the ways of all candidates of a trace that this configuration made, in the final order."""
    fused = fuse(trace.legs, config)
    scores, fused_ranks = dict(fused), _ranks(fused)
    ranks = {name: _ranks(leg) for name, leg in trace.legs.items()}
    shares = _shares(trace.legs, config)
    return [
        Way(
            hit,
            {name: places[hit.chunk_id] for name, places in ranks.items() if hit.chunk_id in places},
            {name: given[hit.chunk_id] for name, given in shares.items() if hit.chunk_id in given},
            fused_ranks[hit.chunk_id],
            scores[hit.chunk_id],
            rank,
        )
        for rank, hit in enumerate(trace.candidates, 1)
    ]


def _shares(legs: Mapping[str, Sequence[Scored]], config: QueryConfig) -> dict[str, dict[ChunkId, float]]:
    """Return each leg's part of the fused scores: what it gives alone, times its weight."""
    even = config.fusion == "rrf" or len(legs) == 1
    weights = {"dense": 1.0 if even else config.dense_weight, "lexical": 1.0 if even else 1 - config.dense_weight}
    return {
        name: {chunk_id: weights[name] * score for chunk_id, score in fuse({name: leg}, config)}
        for name, leg in legs.items()
    }


def _ranks(ranking: Sequence[Scored]) -> dict[ChunkId, int]:
    return {chunk_id: rank for rank, (chunk_id, _) in enumerate(ranking, 1)}
