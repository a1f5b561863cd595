"""Document -> chunks: contiguous slices that cover all of its text, each with its context line."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexing.identity import chunk_id
from indexing.strategies import auto, llama_index, recursive, sentences, tokens
from indexing.strategies.packing import Atom, CountTokens, measure, words
from rag.config import IndexConfig
from rag.types import Block, Chunk, Document

CONTEXT_TOKENS = 48
_SEPARATOR = " > "
# A token has at least one character and rarely this many: what is counted in order to cut a context line.
_CONTEXT_CHARS = CONTEXT_TOKENS * 16


@dataclass(frozen=True, slots=True)
class Chunked:
    """The chunks of one document in reading order, and how many of them one unbreakable word makes too long."""

    chunks: list[Chunk]
    oversized: int = 0
    limit: int = 0  # tokens that a chunk may have here: less than wished where the context line needs room


@dataclass(frozen=True, slots=True)
class _Slice:
    """Atoms of one chunk, and those before it that it repeats."""

    atoms: Sequence[Atom]
    repeated: Sequence[Atom] = ()

    @property
    def start(self) -> int:
        return (self.repeated or self.atoms)[0].start

    @property
    def end(self) -> int:
        return self.atoms[-1].end


@dataclass(frozen=True, slots=True)
class _Place:
    """What the blocks of a chunk say of it."""

    block: Block
    path: tuple[str, ...]
    header: str


def chunk_document(document: Document, config: IndexConfig, count_tokens: CountTokens, max_tokens: int) -> Chunked:
    """Cut a document into chunks in reading order.

    Each chunk is a slice of the text, and together they cover all of it that is not blank, front matter excepted.
    No chunk is longer than `config.chunk_tokens`, and none with its context line longer than `max_tokens`, except a
    single word that is. Chunks overlap only where `config.overlap_tokens` says so.
    Raises UsageError where a splitter of LlamaIndex does not keep to the text.
    """
    begin = document.blocks[0].start if document.blocks else 0  # front matter stands before the first block
    if not document.text[begin:].strip():
        return Chunked([])
    count_tokens = remembering(count_tokens)
    limit = max(1, min(config.chunk_tokens, max_tokens - _longest_context(document, config, count_tokens)))
    overlap = min(config.overlap_tokens, limit // 2)
    groups = _split(document, config, begin, limit - overlap, count_tokens)
    slices = _fitting(document.text, _repeating(groups, overlap), limit, count_tokens)
    oversized = sum(tokens_ > limit for _, tokens_ in slices)
    return Chunked(_chunks(document, config, slices, count_tokens), oversized, limit)


def _split(
    document: Document, config: IndexConfig, begin: int, limit: int, count_tokens: CountTokens
) -> list[list[Atom]]:
    match config.strategy:
        case "auto":
            return auto.split(document, begin, limit, count_tokens)
        case "sentences":
            return sentences.split(document, begin, limit, count_tokens)
        case "recursive":
            return recursive.split(document, begin, limit, count_tokens)
        case "tokens":
            return tokens.split(document, begin, limit, count_tokens)
        case _:
            return llama_index.split(document, begin, limit, count_tokens, config.splitter)


def remembering(count_tokens: CountTokens) -> CountTokens:
    """Return the same count, which counts no text twice."""
    known: dict[str, int] = {}

    def count(texts: Sequence[str]) -> list[int]:
        new = list(dict.fromkeys(text for text in texts if text not in known))
        known.update(zip(new, count_tokens(new) if new else (), strict=True))
        return [known[text] for text in texts]

    return count


def _repeating(groups: Sequence[Sequence[Atom]], overlap: int) -> list[_Slice]:
    """Return the groups as slices, each repeating at most `overlap` tokens of the one before it."""
    if not overlap:
        return [_Slice(group) for group in groups]
    return [_Slice(group, _tail(before, overlap)) for before, group in zip([(), *groups], groups, strict=False)]


def _tail(atoms: Sequence[Atom], limit: int) -> Sequence[Atom]:
    """Return the last atoms that fit the limit; never all, or a chunk would hold the one before it."""
    size, first = 0, len(atoms)
    while first > 1 and size + atoms[first - 1].size <= limit:
        first -= 1
        size += atoms[first].size
    return atoms[first:]


def _fitting(text: str, slices: Sequence[_Slice], limit: int, count_tokens: CountTokens) -> list[tuple[_Slice, int]]:
    """Return the slices with their exact tokens; one that is too long, as sums of atoms may be, is cut again."""
    counts = count_tokens([text[each.start : each.end].strip() for each in slices])
    fitted: list[tuple[_Slice, int]] = []
    for each, tokens_ in zip(slices, counts, strict=True):
        parts = [each] if tokens_ <= limit else _shorter(text, each, count_tokens)
        fitted += (
            [(each, tokens_)] if len(parts) == 1 and parts[0] is each else _fitting(text, parts, limit, count_tokens)
        )
    return fitted


def _shorter(text: str, slice_: _Slice, count_tokens: CountTokens) -> list[_Slice]:
    """Return the slice without what it repeats, else its halves, else itself: one word."""
    if slice_.repeated:
        return [_Slice(slice_.atoms)]
    atoms = slice_.atoms
    if len(atoms) == 1:
        atoms = measure(text, words(text, atoms[0].start, atoms[0].end), count_tokens)
    if len(atoms) == 1:
        return [slice_]
    return [_Slice(atoms[: len(atoms) // 2]), _Slice(atoms[len(atoms) // 2 :])]


def _chunks(
    document: Document, config: IndexConfig, slices: Sequence[tuple[_Slice, int]], count_tokens: CountTokens
) -> list[Chunk]:
    places = _places(document, [each for each, _ in slices])
    contexts = _contexts(document.title, {(place.path, place.header) for place in places}, count_tokens)
    chunks: list[Chunk] = []
    for (slice_, tokens_), place in zip(slices, places, strict=True):
        raw = document.text[slice_.start : slice_.end]
        text = raw.strip()
        start = slice_.start + len(raw) - len(raw.lstrip())
        chunks.append(
            Chunk(
                id=chunk_id(document.id, document.version, config.digest, start, start + len(text)),
                document_id=document.id,
                start=start,
                end=start + len(text),
                text=text,
                context=contexts[place.path, place.header] if config.context_line else "",
                page=place.block.page,
                heading_path=place.path,
                tokens=tokens_,
                kind=place.block.kind,
            )
        )
    return chunks


def _places(document: Document, slices: Sequence[_Slice]) -> list[_Place]:
    blocks = document.blocks or (Block("paragraph", 0, len(document.text)),)
    starts = [block.start for block in blocks]
    return [
        _place(blocks[max(0, bisect_right(starts, each.atoms[0].start) - 1) : max(1, bisect_left(starts, each.end))])
        for each in slices
    ]


def _place(blocks: Sequence[Block]) -> _Place:
    """Return the headings that all of the text stands under, and the table header that the rows do not show."""
    bodies = [block for block in blocks if block.kind != "heading"] or blocks[-1:]
    path = _shared([block.heading_path for block in bodies])
    rows = [block for block in blocks if block.kind == "table_row"]
    return _Place(blocks[0], path, rows[0].header if rows else "")


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the headings that all paths begin with."""
    lowest, highest = min(paths), max(paths)
    same = [a == b for a, b in zip(lowest, highest, strict=False)]
    return lowest[: same.index(False) if False in same else len(same)]


def _longest_context(document: Document, config: IndexConfig, count_tokens: CountTokens) -> int:
    """Return the tokens of the longest context line of any block."""
    if not config.context_line:
        return 0
    known = {(block.heading_path, block.header) for block in document.blocks} | {((), "")}
    return max(count_tokens(list(_contexts(document.title, known, count_tokens).values())))


def _contexts(
    title: str, places: Iterable[tuple[tuple[str, ...], str]], count_tokens: CountTokens
) -> dict[tuple[tuple[str, ...], str], str]:
    """Return the context line of each path and table header, cut to 48 tokens at a word."""
    lines = {(path, header): _context(title, path, header) for path, header in places}
    counts = dict(zip(lines, count_tokens(list(lines.values())), strict=True))
    return {key: line if counts[key] <= CONTEXT_TOKENS else _cut(line, count_tokens) for key, line in lines.items()}


def _context(title: str, path: tuple[str, ...], header: str) -> str:
    parts = [title, *(path[1:] if path[:1] == (title,) else path), header]
    return _SEPARATOR.join(" ".join(part.split()) for part in parts if part.strip())[:_CONTEXT_CHARS]


def _cut(line: str, count_tokens: CountTokens) -> str:
    """Return the longest start of the line, at a word, that has at most 48 tokens."""
    starts = ["", *(line[:end] for _, end in words(line, 0, len(line)))]
    fitting = [start for start, count in zip(starts, count_tokens(starts), strict=True) if count <= CONTEXT_TOKENS]
    return fitting[-1]
