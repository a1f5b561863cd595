"""Keys and values, nested -> blocks over the file's own text that know the keys above them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from indexing.formats.extracted import covering
from rag.types import Block

_BLOCK_CHARS = 1200  # a value up to this long is one block; a longer one is divided by its members
_LEAD_CHARS = 10  # before the first value, as the "---" of YAML: no block of its own
_DEPTH = 8  # a member that lies deeper is never divided
_LABEL_CHARS = 80
_NAMING = frozenset(("name", "title", "id", "key", "label"))


@dataclass(slots=True)
class Value:
    """A value with its key, or a run of short ones."""

    start: int
    end: int
    label: str = ""
    children: list["Value"] = field(default_factory=list)  # only of a long one
    listed: bool = False  # an element of a list
    is_run: bool = False  # of plain values, to which the next may be added


@dataclass(slots=True)
class _Open:
    """A mapping or a list whose end is not reached yet."""

    start: int
    keyed: bool
    children: list[Value] = field(default_factory=list)
    key: tuple[int, str] | None = None  # where the member under way begins, and its key
    name: str = ""  # what one of its members says that it is called


class Nesting:
    """Told of beginnings, plain values and ends in their order, makes a tree of the long values only."""

    def __init__(self, *, listed: bool = False) -> None:
        self._listed = listed  # whether the outermost values are records of a list
        self._open = [_Open(0, keyed=False)]

    @property
    def roots(self) -> Sequence[Value]:
        return self._open[0].children

    @property
    def depth(self) -> int:
        return len(self._open) - 1

    def begin(self, start: int, *, keyed: bool) -> None:
        """A mapping (keyed) or a list begins."""
        self._open.append(_Open(start, keyed))

    def plain(self, start: int, end: int, text: str) -> None:
        """A plain value stands here; in a mapping the first of each two is the key."""
        parent = self._open[-1]
        if parent.keyed and parent.key is None:
            parent.key = (start, text[:_LABEL_CHARS])
            return
        if parent.key and not parent.name and parent.key[1].lower() in _NAMING:
            parent.name = " ".join(text[:_LABEL_CHARS].split())
        self._add(Value(start, end, is_run=True))

    def finish(self, end: int) -> None:
        """The mapping or list that began last ends."""
        done = self._open.pop()
        if self._open[-1].keyed and self._open[-1].key is None:  # a mapping as a key
            self._open[-1].key = (done.start, "")
            return
        is_long = end - done.start > _BLOCK_CHARS and self.depth < _DEPTH
        self._add(Value(done.start, end, done.name, done.children if is_long else []))

    def _add(self, value: Value) -> None:
        parent = self._open[-1]
        if parent.key is not None:
            value.start, value.label = parent.key
            parent.key = None
        value.listed = not parent.keyed and (self.depth > 0 or self._listed)
        value.label = value.label if parent.keyed or value.listed else ""  # the outermost has no name of its own
        last = parent.children[-1] if parent.children else None
        if last and last.is_run and value.is_run and value.end - last.start <= _BLOCK_CHARS:
            last.end = value.end
        else:
            parent.children.append(value)


def blocks_of(text: str, roots: Sequence[Value]) -> tuple[Block, ...]:
    """Return a block per leaf; each reaches up to the next, so that brackets and commas are lost nowhere."""
    if roots and len(text[: roots[0].start].strip()) <= _LEAD_CHARS:
        roots[0].start = len(text) - len(text.lstrip())
    leaves = [leaf for root in roots for leaf in _leaves(root, root.start, ())]
    ends = [*(start for _, start, _ in leaves[1:]), len(text)]
    return covering(text, _trimmed(text, leaves, ends))


def _trimmed(text: str, leaves: Sequence[tuple[Value, int, tuple[str, ...]]], ends: Sequence[int]) -> Iterator[Block]:
    for (leaf, start, path), end in zip(leaves, ends, strict=True):
        length = len(text[start:end].rstrip())
        if length:
            yield Block("list_item" if leaf.listed else "paragraph", start, start + length, heading_path=path)


def _leaves(value: Value, start: int, path: tuple[str, ...]) -> Iterator[tuple[Value, int, tuple[str, ...]]]:
    """Yield the values that are not divided, where each begins, and the keys above it."""
    if not value.children:
        yield value, start, path
        return
    below = (*path, value.label) if value.label else path
    for number, child in enumerate(value.children):
        yield from _leaves(child, child.start if number else start, below)
