"""Whole sentences, packed up to the limit."""

from indexing.strategies.packing import Atom, CountTokens, divide, measure, pack_greedily
from rag.sentences import split_sentences
from rag.types import Document


def split(document: Document, begin: int, limit: int, count_tokens: CountTokens) -> list[list[Atom]]:
    """Return groups of sentences; only one that is longer than the limit is cut, at words."""
    spans = split_sentences(document.text[begin:], document.language)
    atoms = measure(document.text, [(begin + start, begin + end) for start, end in spans], count_tokens)
    return pack_greedily(divide(document.text, atoms, limit, count_tokens), limit)
