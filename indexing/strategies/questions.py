"""FAQs: each question with its answer is a chunk."""

from collections.abc import Iterator, Sequence

from indexing.strategies.marks import is_question
from indexing.strategies.seams import Costs, whole_units
from rag.types import Block, Document


def reseam(document: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs by which a question keeps its answer, and shares no chunk with another."""
    return whole_units(blocks, costs, set(_begins(document.text, blocks)))


def _begins(text: str, blocks: Sequence[Block]) -> Iterator[int]:
    """Yield the places of questions, and of headings that end an answer: those not below the question."""
    depth = 0
    for at, block in enumerate(blocks):
        asked = is_question(text, block)
        ends_answer = block.kind == "heading" and len(block.heading_path) <= depth
        if asked or ends_answer:
            depth = len(block.heading_path) if asked and block.kind == "heading" else len(block.heading_path) + 1
            yield at
