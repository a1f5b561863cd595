"""Minutes: each item of the agenda is a chunk, whole where it fits."""

from collections.abc import Sequence

from indexing.strategies.marks import clause_level, first_words
from indexing.strategies.seams import Costs, item_headings, places, whole_units
from rag.types import Block, Document


def reseam(document: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs by which a chunk ends with its item; without headings, items are the numbered lines."""
    text = document.text
    numbered = places(blocks, lambda block: block.kind != "table_row" and clause_level(first_words(text, block)) == 1)
    return whole_units(blocks, costs, set(item_headings(blocks)) or set(numbered))
