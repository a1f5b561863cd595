"""Fixed windows: as many words as fit, wherever that cuts."""

from indexing.strategies.packing import Atom, CountTokens, measure, pack_greedily, words
from rag.types import Document


def split(document: Document, begin: int, limit: int, count_tokens: CountTokens) -> list[list[Atom]]:
    """Return groups of words that fill the limit."""
    spans = words(document.text, begin, len(document.text))
    return pack_greedily(measure(document.text, spans, count_tokens), limit)
