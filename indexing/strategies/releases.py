"""Release notes: what is new in a version is a chunk, whole where it fits."""

from collections.abc import Sequence

from indexing.strategies.marks import first_words, is_version
from indexing.strategies.seams import Costs, item_headings, places, whole_units
from rag.types import Block, Document


def reseam(document: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs by which a chunk ends with its version; without headings of versions, with its section."""
    text = document.text
    versions = places(blocks, lambda block: block.kind == "heading" and is_version(first_words(text, block)))
    return whole_units(blocks, costs, set(versions) or set(item_headings(blocks)))
