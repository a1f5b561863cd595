"""Atoms -> groups that become chunks: greedily, evenly, or at the least cost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import TypeAlias

import regex

from rag.sentences import Span

CountTokens: TypeAlias = Callable[[Sequence[str]], list[int]]

# Scripts without blanks between words: each character may begin a line.
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}]"
    r"|[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]\p{M}*+"
    r"|[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]++"
)

_WORD_CHARS = 48
_CELL = regex.compile(r"[^,;|]*+[,;|]++|[^,;|]++")
_SIGN = regex.compile(r"\w*+\W|\w++")

# A run that the tokenizer does not know is one token, however long: no more characters than this count as one.
_CHARS_PER_TOKEN = 16

# Costs of a chunk in the least-cost packing, tuned on data/squad and data/chunking (development splits).
_CHUNK = 0.2
_SMALL = 1.0  # of a chunk without any text; falls with the square to 0 at the good size
_GOOD_SHARE = 0.4  # of the limit
_FULL = 0.5  # of a chunk at the limit; grows with the square, which makes neighbours even


# Bounds the work for a million tiny atoms.
_MAX_ATOMS = 96


@dataclass(frozen=True, slots=True)
class Atom:
    """A span that is not cut, with what it costs to cut before it or to share a chunk with what stands before."""

    start: int
    end: int
    size: int  # in tokens
    join: float = 0.0
    cut: float = 0.0


def measure(text: str, spans: Iterable[Span], count_tokens: CountTokens) -> list[Atom]:
    """Return an atom per span, counted in one batch."""
    spans = list(spans)
    counts = count_tokens([text[start:end] for start, end in spans])
    return [
        Atom(start, end, max(tokens, (end - start) // _CHARS_PER_TOKEN))
        for (start, end), tokens in zip(spans, counts, strict=True)
    ]


def words(text: str, start: int, end: int) -> list[Span]:
    """Return the spans of words, or of characters where a script sets no blanks.

    What is too long for a word, as a row of cells, an address or a rule, is parted at its cells, else at its signs.
    """
    spans: list[Span] = []
    for match in _WORD.finditer(text, start, end):
        spans += (
            _parted(text, match.span(), _CELL, _SIGN) if match.end() - match.start() > _WORD_CHARS else [match.span()]
        )
    return spans


def _parted(text: str, span: Span, pattern: regex.Pattern[str], *finer: regex.Pattern[str]) -> list[Span]:
    parts = [match.span() for match in pattern.finditer(text, *span)]
    if not finer:
        return parts
    return [
        each for part in parts for each in (_parted(text, part, *finer) if part[1] - part[0] > _WORD_CHARS else [part])
    ]


def divide(text: str, atoms: Sequence[Atom], limit: int, count_tokens: CountTokens) -> list[Atom]:
    """Return the atoms, those above the limit cut at words into even pieces; the rest of a cut atom costs its cut."""
    long = [atom for atom in atoms if atom.size > limit]
    parts = [words(text, atom.start, atom.end) for atom in long]
    measured = iter(measure(text, (span for each in parts for span in each), count_tokens))
    pieces = {
        id(atom): _pieces(atom, [next(measured) for _ in part], limit) for atom, part in zip(long, parts, strict=True)
    }
    return [piece for atom in atoms for piece in pieces.get(id(atom), [atom])]


def _pieces(atom: Atom, parts: list[Atom], limit: int) -> list[Atom]:
    first, *others = [joined(group) for group in pack_evenly(parts, limit)]
    return [replace(first, join=atom.join, cut=atom.cut), *(replace(each, cut=1.0) for each in others)]


def joined(group: Sequence[Atom]) -> Atom:
    """Return one atom in place of neighbours; it joins and cuts like the first."""
    return replace(group[0], end=group[-1].end, size=sum(atom.size for atom in group))


def pack_greedily(atoms: Sequence[Atom], limit: int) -> list[list[Atom]]:
    """Fill each group up to the limit; an atom above it stands alone."""
    return list(_filled(atoms, lambda _: limit, limit))


def pack_evenly(atoms: Sequence[Atom], limit: int) -> list[list[Atom]]:
    """Make as few groups as the limit allows, of about the same size."""
    return list(_filled(atoms, lambda left: ceil(left / ceil(left / limit)) if left > limit else limit, limit))


def _filled(atoms: Sequence[Atom], target: Callable[[int], int], limit: int) -> Iterator[list[Atom]]:
    left = sum(atom.size for atom in atoms)
    group: list[Atom] = []
    size, goal = 0, target(left)
    for atom in atoms:
        if group and (size + atom.size > limit or size >= goal):
            yield group
            left -= size
            group, size, goal = [], 0, target(left)
        group.append(atom)
        size += atom.size
    if group:
        yield group


def pack_at_least_cost(atoms: Sequence[Atom], limit: int) -> list[list[Atom]]:
    """Cut where the sum of the costs of cuts, joins and sizes is least; an atom above the limit stands alone."""
    costs, begins = [0.0], [0]
    for end in range(1, len(atoms) + 1):
        cost, begin = min(_ways(atoms, costs, end, limit))
        costs.append(cost)
        begins.append(begin)
    groups: list[list[Atom]] = []
    end = len(atoms)
    while end:
        groups.append(list(atoms[begins[end] : end]))
        end = begins[end]
    return groups[::-1]


def _ways(atoms: Sequence[Atom], costs: Sequence[float], end: int, limit: int) -> Iterator[tuple[float, int]]:
    """Yield what it costs to end a group before `end`, by where the group begins."""
    size, joins = 0, 0.0
    for begin in range(end - 1, max(-1, end - 1 - _MAX_ATOMS), -1):
        atom = atoms[begin]
        size += atom.size
        if begin < end - 1 and (size > limit or joins == inf):
            return
        yield costs[begin] + atom.cut + joins + _shape(size, limit), begin
        joins += atom.join


def _shape(size: int, limit: int) -> float:
    small = max(0.0, 1 - size / (_GOOD_SHARE * limit))
    full = size / limit
    return _CHUNK + _SMALL * small * small + _FULL * full * full
