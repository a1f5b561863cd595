"""Code: a definition stays whole where it fits, a class with its methods; small neighbours share a chunk."""

from collections.abc import Sequence

from indexing.strategies.seams import Costs, kept
from rag.types import Block, Document

_JOIN_SIBLINGS = 0.3  # methods of one class
_JOIN_DEFINITIONS = 0.6


def reseam(_: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs of seams between definitions, which the blocks' heading paths name."""
    paths = [block.heading_path for block in blocks]
    return [
        cost if at == 0 or blocks[at].kind == "heading" else _seam(paths[at - 1], paths[at], cost)
        for at, cost in enumerate(costs)
    ]


def _seam(before: tuple[str, ...], path: tuple[str, ...], cost: Costs) -> Costs:
    if path == before:
        return kept(cost)
    same_outermost = path[:1] == before[:1] and path != ()
    return (_JOIN_SIBLINGS if same_outermost else _JOIN_DEFINITIONS), 0.0
