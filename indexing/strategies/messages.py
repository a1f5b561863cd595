"""Mail: each message of a thread is a chunk, whole where it fits."""

from collections.abc import Sequence

from indexing.strategies.marks import begins_message
from indexing.strategies.seams import Costs, places, whole_units
from rag.types import Block, Document


def reseam(document: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs by which a chunk ends with its message; a heading begins one too."""
    begins = set(places(blocks, lambda block: block.kind == "heading" or begins_message(document.text, block)))
    return whole_units(blocks, costs, begins)
