"""Contracts: a clause with its number stays whole where it fits, its lettered sub-clauses grouped under it."""

from collections.abc import Sequence

import regex

from indexing.strategies.marks import clause_level, first_words
from indexing.strategies.seams import Costs
from rag.types import Block, Document

# Chosen on data/legal (development split) among values that keep a clause whole: a cut costs more than two halves save.
_BETWEEN_CLAUSES: Costs = (0.3, 0.0)
_BETWEEN_SUBCLAUSES: Costs = (0.0, 0.1)
_IN_A_SENTENCE: Costs = (0.0, 0.3)

_NUMBERED_LEVELS = 2  # "4." and "4.1" are clauses; "4.1.2" and "(a)" lie below them
_DEFINITION = regex.compile(
    r"[\"“][^\"“”]{1,80}[\"”],?\s+(?:shall\s+)?(?:means?|ha(?:s|ve) the meaning|refers?|includes?)\b"
)
_LETTERS = regex.compile(r"\p{L}{2}")
_ENDS = tuple('.;:!?)”"')
_EDGE_CHARS = 40


def reseam(document: Document, blocks: Sequence[Block], costs: Sequence[Costs]) -> list[Costs]:
    """Return the costs of a contract's seams; what stands before its first clause keeps those of structure."""
    levels = [_level(document.text, block) for block in blocks]
    first = next((at for at, level in enumerate(levels) if level), len(blocks))
    return [
        cost if at <= first else _seam(document.text, blocks[at - 1], blocks[at], levels[at], cost)
        for at, cost in enumerate(costs)
    ]


def _level(text: str, block: Block) -> int | None:
    """Return how deep a clause lies; a definition without a number is one of its own."""
    if block.kind in ("table_row", "code"):
        return None
    line = first_words(text, block)
    level = clause_level(line, heading=block.kind == "heading")
    return _NUMBERED_LEVELS if level is None and _DEFINITION.match(line) else level


def _seam(text: str, before: Block, block: Block, level: int | None, cost: Costs) -> Costs:
    if before.kind == "heading" or block.kind in ("table_row", "code"):
        return cost
    if level is not None:
        return _BETWEEN_CLAUSES if level <= _NUMBERED_LEVELS else _BETWEEN_SUBCLAUSES
    return _IN_A_SENTENCE if block.kind != "heading" and _goes_on(text, before, block) else cost


def _goes_on(text: str, before: Block, block: Block) -> bool:
    """Tell whether a block goes on with a sentence, or is a page's number between two parts of one."""
    piece = text[block.start : block.start + _EDGE_CHARS].strip()
    end = text[max(before.start, before.end - _EDGE_CHARS) : before.end].rstrip()
    if not _LETTERS.search(piece):
        return True
    return piece[:1].islower() or (bool(_LETTERS.search(end)) and not end.endswith(_ENDS))
