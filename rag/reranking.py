"""Few hits in a better order: the seam for late interaction and cross-encoders."""

from collections.abc import Sequence

from rag.config import QueryConfig
from rag.types import Scored


def rerank(ranking: Sequence[Scored], config: QueryConfig) -> list[Scored]:
    """Return the ranking in the order of the bundle's reranker."""
    match config.rerank:
        case "none":
            return list(ranking)
