"""What a parser makes of a file: canonical text, typed blocks and what the file says of itself."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rag.types import Block, BlockKind

MAX_ATTACHMENTS = 100  # that are read of one file
MAX_DEPTH = 3  # a mail in a mail in a mail
SEPARATOR = "!/"  # between a mail and its attachment, in a path; the name of an attachment never holds a slash


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file states of itself; empty where it says nothing."""

    title: str = ""
    type: str = ""
    language: str = ""
    date: datetime.date | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """One file's canonical text, with blocks in order of `start` that do not overlap."""

    format: str
    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata = Metadata()
    warnings: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()  # names of files in it that are documents of their own; each once


@dataclass(slots=True)
class Outline:
    """The headings above the current place."""

    _open: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> tuple[str, ...]:
        """Begin a section; return its path, its own title last."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        self._open.append((level, " ".join(title.split())))
        return self.path

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._open)


@dataclass(slots=True)
class TextBuilder:
    """Makes the canonical text of formats that have none of their own: block after block, a blank line between."""

    page: int | None = None
    outline: Outline = field(default_factory=Outline)
    blocks: list[Block] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _apart: bool = False

    def separate(self) -> None:
        """Let the next block stand apart from the last one, should they be rows or items of the same kind."""
        self._apart = True

    def add(self, kind: BlockKind, text: str, *, level: int = 0, header: str = "") -> None:
        """Append a block; blank text is skipped."""
        text = clean(text).strip()
        if not text:
            return
        path = self.outline.enter(level, text) if kind == "heading" else self.outline.path
        self._append(self._gap(kind))
        self._apart = False
        start = self._length
        self._append(text)
        self.blocks.append(Block(kind, start, self._length, self.page, path, header))

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def _gap(self, kind: BlockKind) -> str:
        if not self.blocks:
            return ""
        close = kind in ("list_item", "table_row") and self.blocks[-1].kind == kind and not self._apart
        return "\n" if close else "\n\n"

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


_FORBIDDEN = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}


def clean(text: str) -> str:
    """Return the text without what canonical text never holds: NUL and lone surrogates."""
    return text if text.isascii() and "\0" not in text else text.translate(_FORBIDDEN)


def covering(text: str, blocks: Iterable[Block], begin: int = 0) -> tuple[Block, ...]:
    """Return the blocks, and a paragraph for each text between them that is not blank, from `begin` on."""
    return tuple(_covering(text, blocks, begin))


def _covering(text: str, blocks: Iterable[Block], begin: int) -> Iterator[Block]:
    path: tuple[str, ...] = ()
    for block in blocks:
        yield from _between(text, begin, block.start, path)
        yield block
        begin, path = block.end, block.heading_path
    yield from _between(text, begin, len(text), path)


def _between(text: str, start: int, end: int, path: tuple[str, ...]) -> Iterator[Block]:
    piece = text[start:end]
    if body := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield Block("paragraph", start, start + len(body), heading_path=path)
