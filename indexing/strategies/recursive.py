"""The recursive splitter of the Chroma study: the coarsest separator first, finer ones where a piece is too long."""

import re
from itertools import pairwise

from indexing.strategies.packing import Atom, CountTokens, measure, pack_greedily
from rag.sentences import Span
from rag.types import Document

_SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")


def split(document: Document, begin: int, limit: int, count_tokens: CountTokens) -> list[list[Atom]]:
    """Return groups of pieces; a separator stays at the start of the piece that follows it."""
    return _split(document.text, (begin, len(document.text)), _SEPARATORS, limit, count_tokens)


def _split(
    text: str, span: Span, separators: tuple[str, ...], limit: int, count_tokens: CountTokens
) -> list[list[Atom]]:
    separator, *finer = [each for each in separators if not each or text.find(each, *span) >= 0]
    groups: list[list[Atom]] = []
    fitting: list[Atom] = []
    for atom in measure(text, _pieces(text, span, separator), count_tokens):
        if atom.size <= limit or not finer:
            fitting.append(atom)
            continue
        groups += pack_greedily(fitting, limit)
        fitting = []
        groups += _split(text, (atom.start, atom.end), tuple(finer), limit, count_tokens)
    return groups + pack_greedily(fitting, limit)


def _pieces(text: str, span: Span, separator: str) -> list[Span]:
    """Return the spans between separators, blank ones left out."""
    start, end = span
    if separator:
        cuts = [start, *(match.start() for match in re.compile(re.escape(separator)).finditer(text, start, end)), end]
    else:
        cuts = list(range(start, end + 1))
    return [each for each in pairwise(cuts) if text[slice(*each)].strip()]
