"""The bytes that a parser process sent -> Extracted, with nothing taken on trust."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from pydantic import BaseModel, ValidationError

from indexing.formats.extracted import MAX_ATTACHMENTS, Extracted, Metadata
from rag.errors import ParseError
from rag.types import Block, BlockKind

_MAX_NAME_CHARS = 200


class _Message(BaseModel, frozen=True, strict=True, extra="forbid"):
    """Heading paths and table headers are listed once; a block names them by their place."""

    format: str
    text: str
    paths: list[tuple[str, ...]]
    headers: list[str]
    blocks: list[tuple[BlockKind, int, int, int | None, int, int]]
    title: str
    type: str
    language: str
    date: date | None
    owner: str
    tags: tuple[str, ...]
    warnings: tuple[str, ...]
    attachments: tuple[str, ...]


def load(message: bytes, max_chars: int) -> Extracted:
    """Return what a message says. Raises ParseError when it is not what `dump` makes."""
    try:
        found = _Message.model_validate_json(message)
        blocks = tuple(_block(found, *each) for each in found.blocks)
    except (ValidationError, IndexError) as error:
        raise ParseError("the parser answered what it must not answer") from error
    if len(found.text) > max_chars or "\0" in found.text or not _in_order(blocks, len(found.text)):
        raise ParseError("the parser answered a text that cannot be: too long, with NULs, or with blocks out of place")
    if not _are_names(found.attachments):
        raise ParseError("the parser answered with attachments that cannot be")
    metadata = Metadata(found.title, found.type, found.language, found.date, found.owner, found.tags)
    return Extracted(found.format, found.text, blocks, metadata, found.warnings, found.attachments)


def _block(found: _Message, kind: BlockKind, *place: *tuple[int, int, int | None, int, int]) -> Block:
    start, end, page, path, header = place
    if min(path, header) < 0:
        raise IndexError
    return Block(kind, start, end, page, found.paths[path], found.headers[header])


def _are_names(names: Sequence[str]) -> bool:
    """Tell whether these can be the last part of a path, each once, and are not too many."""
    sound = all(0 < len(name) <= _MAX_NAME_CHARS and not {"/", "\0"} & set(name) for name in names)
    return sound and len(set(names)) == len(names) <= MAX_ATTACHMENTS


def _in_order(blocks: Sequence[Block], length: int) -> bool:
    """Tell whether the blocks are not empty, lie inside the text, and follow each other without overlap."""
    inside = all(0 <= block.start < block.end <= length for block in blocks)
    return inside and all(before.end <= after.start for before, after in pairwise(blocks))
