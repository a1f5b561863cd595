"""reStructuredText: the file's own text; docutils says what its parts are, and each is found again by its lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted, Outline, covering
from indexing.formats.rst_directives import allow_sphinx
from indexing.formats.text import parse_text, stated_above
from rag.types import Block, BlockKind

_LINE = re.compile(r".*?(?:\r\n|\r|\n|\Z)")
_RULE = re.compile(r"([^\w\s])\1{1,}")
_ROLE = re.compile(r":[\w:.+-]+:`([^`<]*)(?:<[^`]*>)?`|`([^`<]+?)\s*<[^`]*>`__?|``?([^`]+)``?_{0,2}")
_WINDOW_LINES = 400  # in which a part is looked for, from where the last one ended
_MAX_CHARS = 3_000_000  # docutils reads 0.2 MB a second; a longer file is read as plain text
_MAX_LINE_CHARS = 10_000  # docutils refuses longer lines
_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": "",
    "_disable_config": True,
    "line_length_limit": _MAX_LINE_CHARS,
}
_KINDS: dict[type[nodes.Element], BlockKind] = {
    nodes.paragraph: "paragraph",
    nodes.literal_block: "code",
    nodes.doctest_block: "code",
    nodes.line_block: "paragraph",
    nodes.field: "list_item",
    nodes.term: "paragraph",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """What docutils found, before it is found again in the text."""

    kind: BlockKind
    lines: Sequence[str]  # its own, blanks evened out
    level: int = 0  # of a heading
    title: str = ""
    header: str = ""
    joined: bool = False  # its lines need not follow each other: a row of a table


def parse_rst(data: bytes) -> Extracted:
    """Return headings, paragraphs, list items, table rows and code; nothing is included, nothing is run."""
    decoded = decode(data)
    text = decoded.text
    spans = [match.span() for match in _LINE.finditer(text) if match[0]]
    if len(text) > _MAX_CHARS or any(end - start > _MAX_LINE_CHARS for start, end in spans):
        plain = parse_text(data)
        return Extracted("rst", plain.text, plain.blocks, plain.metadata, plain.warnings)
    blocks = covering(text, _blocks(text, spans, list(_parts(_tree(text), 0))))
    return Extracted("rst", text, blocks, stated_above(text), decoded.warnings)


def _tree(text: str) -> nodes.document:
    allow_sphinx()
    settings = frontend.get_default_settings(Parser)
    for name, value in _SETTINGS.items():
        setattr(settings, name, value)
    document = utils.new_document("", settings)
    Parser().parse(text, document)
    return document


def _parts(node: nodes.Element, level: int, *, listed: bool = False) -> Iterator[_Part]:
    """Yield what lies below a node, in order."""
    for child in node.children:
        match child:
            case nodes.system_message() | nodes.comment() | nodes.Text():
                continue
            case nodes.title():
                yield _Part("heading", _lines(child.rawsource or child.astext()), level, _plain(child))
            case nodes.table():
                yield from _rows(child)
            case nodes.paragraph() | nodes.literal_block() | nodes.doctest_block() | nodes.term():
                kind = "list_item" if listed and isinstance(child, nodes.paragraph) else _KINDS[type(child)]
                yield _Part(kind, _lines(child.rawsource or child.astext()))
            case nodes.line_block() | nodes.field():
                yield _Part(_KINDS[type(child)], _lines(child.astext()), joined=True)
            case nodes.Element():
                deeper = level + isinstance(child, nodes.section)
                inside = isinstance(child, nodes.list_item) or (listed and not isinstance(child, nodes.section))
                yield from _parts(child, deeper, listed=inside)


def _rows(table: nodes.table) -> Iterator[_Part]:
    header = ""
    for row in table.findall(nodes.row):
        cells = [" ".join(entry.astext().split()) for entry in row.findall(nodes.entry)]
        lines = [line for each in row.findall(nodes.paragraph) for line in _lines(each.rawsource or each.astext())]
        is_head = isinstance(row.parent, nodes.thead)
        yield _Part("table_row", lines, header="" if is_head else header, joined=True)
        header = " | ".join(cells) if is_head else header


def _blocks(text: str, spans: Sequence[tuple[int, int]], parts: Sequence[_Part]) -> Iterator[Block]:
    """Yield the parts that are found again, from top to bottom; what is between them is covered later."""
    outline, at = Outline(), 0
    evened = [" ".join(text[start:end].split()) for start, end in spans]
    for part in parts:
        found = _found(evened, part, at)
        path = outline.enter(part.level, part.title) if part.kind == "heading" else outline.path
        if found is None:
            continue
        first, last = found
        if part.kind == "heading":
            first, last = _with_rules(evened, first, last, at)
        at = last + 1
        start, end = spans[first][0], spans[last][1]
        body = text[start:end].strip()
        start += len(text[start:end]) - len(text[start:end].lstrip())
        yield Block(part.kind, start, start + len(body), heading_path=path, header=part.header)


def _found(evened: Sequence[str], part: _Part, at: int) -> tuple[int, int] | None:
    """Return the first and the last line of a part, from line `at` on."""
    lines = [line for line in part.lines if line]
    if not lines:
        return None
    for first in range(at, min(at + _WINDOW_LINES, len(evened))):
        if lines[0] == evened[first] if part.kind == "heading" else lines[0] in evened[first]:
            last = _last(evened, lines, first, joined=part.joined)
            if last is not None:
                return first, last
    return None


def _last(evened: Sequence[str], lines: Sequence[str], first: int, *, joined: bool) -> int | None:
    """Return the line where a part that begins at `first` ends; None where it does not stand there."""
    at = first
    for line in lines[1:]:
        reach = range(first if joined else at + 1, min(at + (20 if joined else 3), len(evened)))
        found = next((each for each in reach if line in evened[each]), None)
        if found is None:
            return at if joined else None
        at = max(at, found)
    return at


def _with_rules(evened: Sequence[str], first: int, last: int, at: int) -> tuple[int, int]:
    """Return the lines of a heading with the rule below it, and the one above it."""
    if first > at and _RULE.fullmatch(evened[first - 1]):
        first -= 1
    return first, last + (last + 1 < len(evened) and bool(_RULE.fullmatch(evened[last + 1])))


def _lines(source: str) -> list[str]:
    return [" ".join(line.split()) for line in source.splitlines()]


def _plain(title: nodes.title) -> str:
    """Return a heading without its markup; the roles of Sphinx, unknown here, stand in it as they were written."""
    source = str(title.rawsource or title.astext())
    return " ".join(_ROLE.sub(lambda found: next(filter(None, found.groups()), ""), source).replace("\\", "").split())
