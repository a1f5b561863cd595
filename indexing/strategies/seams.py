"""Where the chunks of a type begin: the costs of structure, set anew between its units and inside them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from math import inf
from typing import TypeAlias

from rag.types import Block, Document

# What it costs to join a block to the one before it, and to cut between them.
Costs: TypeAlias = tuple[float, float]
Reseaming: TypeAlias = Callable[[Document, Sequence[Block], Sequence[Costs]], list[Costs]]

BEGINS: Costs = (inf, 0.0)

# A unit that fits is never cheaper in two; where it must be cut, sections come before paragraphs, these before items.
_KEEP = 0.5
_LEAST = 0.2


def whole_units(blocks: Sequence[Block], costs: Sequence[Costs], begins: Collection[int]) -> list[Costs]:
    """Return costs by which each unit is a chunk where it fits, and never shares one.

    begins: the places of the blocks that units begin with; headings that lead to one belong to it.
    """
    starts = {_with_headings(blocks, at) for at in begins}
    first = min(starts, default=len(blocks))
    return [BEGINS if at in starts else kept(cost) if at > first else cost for at, cost in enumerate(costs)]


def kept(cost: Costs) -> Costs:
    """Return the costs of a seam inside of what is to stay whole."""
    join, cut = cost
    return 0.0, max(_LEAST, _KEEP + cut - min(join, _KEEP))


def item_headings(blocks: Sequence[Block]) -> list[int]:
    """Return the places of the headings of the highest level that has at least two."""
    depths = [len(block.heading_path) if block.kind == "heading" else 0 for block in blocks]
    several = sorted({depth for depth in depths if depth and depths.count(depth) > 1})
    return [at for at, depth in enumerate(depths) if several and depth == several[0]]


def _with_headings(blocks: Sequence[Block], at: int) -> int:
    """Return the place of the first heading in the run of headings above a block, each below the one before."""
    while at > 0 and _leads(blocks[at - 1], blocks[at]):
        at -= 1
    return at


def _leads(heading: Block, block: Block) -> bool:
    """Tell whether a block stands right below a heading, as text or as a heading of a lower level."""
    path, under = block.heading_path, heading.heading_path
    return heading.kind == "heading" and path[: len(under)] == under and (block.kind != "heading" or path != under)


def places(blocks: Sequence[Block], holds: Callable[[Block], bool]) -> Iterator[int]:
    """Yield the places of the blocks of which something holds."""
    return (at for at, block in enumerate(blocks) if holds(block))
