"""Decks: each slide is a chunk, whole where it fits."""

from collections.abc import Sequence

from indexing.strategies.seams import Costs, item_headings, whole_units
from rag.types import Block, Document


def reseam(_: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs by which a chunk ends with its slide; without page numbers, with its section."""
    pages = [block.page for block in blocks]
    turned = [at for at, page in enumerate(pages) if page is not None and (at == 0 or page != pages[at - 1])]
    return whole_units(blocks, costs, set(turned or item_headings(blocks)))
