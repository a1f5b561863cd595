"""By type, else by structure: sections, then whole paragraphs, lists, rows and lines, then sentences."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from math import inf

from indexing.strategies import agenda, clauses, definitions, messages, questions, releases, slides
from indexing.strategies.packing import (
    Atom,
    CountTokens,
    divide,
    joined,
    measure,
    pack_at_least_cost,
    pack_evenly,
)
from indexing.strategies.seams import Costs, Reseaming
from rag.sentences import Span, split_sentences
from rag.types import Block, Document

# Costs against `_CHUNK` and `_SMALL` in packing.py; tuned together with them.
_JOIN_SECTIONS = 0.6
_JOIN_PARAGRAPHS = 0.15
_JOIN_LISTED = 0.05
_CUT_LIST = 0.1
_CUT_PARAGRAPH = 0.6
_CUT_AFTER_HEADING = 10.0

# Types with units of their own. Policies, manuals, tables, web pages and what has no type are cut by structure alone:
# by section, and tables in groups of rows.
_RESEAMED: dict[str, Reseaming] = {
    "contract": clauses.reseam,
    "faq": questions.reseam,
    "slides": slides.reseam,
    "code": definitions.reseam,
    "minutes": agenda.reseam,
    "email_thread": messages.reseam,
    "release_notes": releases.reseam,
}

# Smaller neighbours of one kind are one atom, which bounds the work for a million one-word lines.
_GRAIN = 1 / 32


@dataclass(frozen=True, slots=True)
class _Unit:
    """A block with the text up to the next one, and what it costs to join it to what stands before or to cut there."""

    block: Block
    atom: Atom
    part: int  # rises where no chunk may go on


def split(document: Document, begin: int, limit: int, count_tokens: CountTokens) -> list[list[Atom]]:
    """Return groups that keep what belongs together in a document of this type whole where it fits."""
    blocks = document.blocks or tuple(paragraphs(document.text, begin))
    spans = _tiled(document.text, blocks)
    atoms = measure(document.text, spans, count_tokens)
    related = _related(document, blocks, atoms)
    parts = accumulate(atom.join == inf for atom in related)
    units = [_Unit(*each) for each in zip(blocks, related, parts, strict=True)]
    refined = _refined(document, units, limit, count_tokens)
    return pack_at_least_cost(divide(document.text, refined, limit, count_tokens), limit)


def paragraphs(text: str, begin: int) -> Iterator[Block]:
    """Yield the text as one block, for a document that came without any."""
    if text[begin:].strip():
        yield Block("paragraph", begin, len(text))


def _tiled(text: str, blocks: tuple[Block, ...]) -> list[Span]:
    """Return the spans from each block to the next, so that what lies between them is lost nowhere."""
    ends = [*(block.start for block in blocks[1:]), len(text)]
    return [
        (block.start, block.start + len(text[block.start : end].rstrip()))
        for block, end in zip(blocks, ends, strict=True)
    ]


def _related(document: Document, blocks: Sequence[Block], atoms: Sequence[Atom]) -> list[Atom]:
    """Return the atoms with the costs that structure and type set."""
    costs = [(0.0, 0.0), *(_costs(document.text, before, block) for before, block in pairwise(blocks))]
    if reseam := _RESEAMED.get(document.type):
        costs = reseam(document, blocks, costs)
    return [replace(atom, join=join, cut=cut) for atom, (join, cut) in zip(atoms, costs, strict=True)]


def _costs(text: str, before: Block, block: Block) -> Costs:
    """Return the costs of joining a block to the one before it, and of cutting between them."""
    if block.kind == "heading":
        return _heading_costs(before, block)
    if before.kind == "heading":
        return 0.0, _CUT_AFTER_HEADING
    if before.heading_path != block.heading_path:
        return _JOIN_SECTIONS, 0.0
    if block.kind == "list_item" and (before.kind == "list_item" or text[: before.end].endswith(":")):
        return 0.0, _CUT_LIST
    if block.kind == "paragraph" and before.kind == "paragraph":
        return _JOIN_PARAGRAPHS, 0.0
    return _JOIN_LISTED, _CUT_LIST


def _heading_costs(before: Block, heading: Block) -> Costs:
    parent = heading.heading_path[:-1]
    if before.heading_path[: len(parent)] != parent:
        return inf, 0.0
    if before.kind == "heading" and len(before.heading_path) < len(heading.heading_path):
        return 0.0, _CUT_AFTER_HEADING
    return _JOIN_SECTIONS, 0.0


def _refined(document: Document, units: list[_Unit], limit: int, count_tokens: CountTokens) -> list[Atom]:
    """Return atoms of a size that can be packed: runs of rows and lines as even groups, long paragraphs by sentence."""
    long = [unit for unit in units if unit.atom.size > limit and unit.block.kind != "table_row"]
    spans = [_parts(document, unit) for unit in long]
    measured = iter(measure(document.text, (span for each in spans for span in each), count_tokens))
    parts = {unit.atom.start: [next(measured) for _ in each] for unit, each in zip(long, spans, strict=True)}
    refined: list[Atom] = []
    for (kind, *_), run in groupby(units, key=lambda unit: (unit.block.kind, unit.block.header, unit.part)):
        if kind == "table_row":
            refined += _grouped(divide(document.text, [unit.atom for unit in run], limit, count_tokens), limit)
        else:
            refined += (atom for unit in run for atom in _small(unit, parts.get(unit.atom.start), limit))
    return _coarse(refined, limit)


def _small(unit: _Unit, parts: list[Atom] | None, limit: int) -> list[Atom]:
    """Return the unit's atom, or its parts, the first with the costs of the whole."""
    if not parts:
        return [unit.atom]
    code = unit.block.kind == "code"
    first = replace(parts[0], join=unit.atom.join, cut=unit.atom.cut)
    atoms = [first, *(part if code else replace(part, cut=_CUT_PARAGRAPH) for part in parts[1:])]
    return _grouped(atoms, limit) if code else atoms


def _parts(document: Document, unit: _Unit) -> list[Span]:
    """Return the lines of code, or the sentences."""
    text = document.text[unit.atom.start : unit.atom.end]
    spans = _lines(text) if unit.block.kind == "code" else split_sentences(text, document.language)
    return [(unit.atom.start + start, unit.atom.start + end) for start, end in spans]


def _lines(text: str) -> Iterable[Span]:
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            yield at, at + len(line.rstrip())
        at += len(line)


def _grouped(atoms: list[Atom], limit: int) -> list[Atom]:
    """Return even groups of rows or lines as one atom each."""
    return [joined(group) for group in pack_evenly(atoms, limit)]


def _coarse(atoms: list[Atom], limit: int) -> list[Atom]:
    """Join neighbours that are tiny and cost nothing to join."""
    coarse: list[Atom] = []
    grain = limit * _GRAIN
    for atom in atoms:
        if coarse and atom.join < _JOIN_SECTIONS and max(atom.size, coarse[-1].size) < grain:
            coarse[-1] = joined([coarse[-1], atom])
        else:
            coarse.append(atom)
    return coarse
