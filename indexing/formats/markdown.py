"""Markdown: the file's own text; blocks are line ranges of the CommonMark parser."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted, Metadata, Outline, covering
from indexing.formats.metadata import read_metadata
from rag.types import Block, BlockKind

_FRONT_MATTER = re.compile(r"---[^\S\n]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL)
_KEY_LINE = re.compile(r"(?m)^([\w -]{1,40}):[^\S\n]+(\S.*)$")
_MAX_FRONT_MATTER_CHARS = 100_000
_NEWLINE = re.compile(r"\r\n?|\n")
_KINDS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
    "tr_open": "table_row",
}
# In headings and cells: emphasis, code, links, images, HTML tags, `{#anchor}`; what they show stays.
_MARKUP = (
    (re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]*>|\s*\{[#.:][^{}]*\}\s*$"), ""),
    (re.compile(r"(\*\*|__|\*|`+|~~)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),
)


def parse_markdown(data: bytes) -> Extracted:
    """Return headings, paragraphs, list items, table rows and code as they stand in the file.

    YAML front matter is metadata: no block covers it.
    """
    decoded = decode(data)
    text = decoded.text
    front = _FRONT_MATTER.match(text, 0, _MAX_FRONT_MATTER_CHARS)
    stated = _front_matter(front[1]) if front else None
    begin = front.end() if front and stated is not None else 0
    blocks = covering(text, _blocks(text, begin), begin)
    return Extracted("markdown", text, blocks, _metadata(stated or {}, blocks), decoded.warnings)


def _front_matter(source: str) -> Mapping[str, object] | None:
    """Return the front matter's fields; None where it is text between two rules."""
    try:
        found = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return dict(_KEY_LINE.findall(source)) or None
    if found is None:
        return {}
    return found if isinstance(found, dict) else None


def _metadata(stated: Mapping[str, object], blocks: Sequence[Block]) -> Metadata:
    return read_metadata(stated or {"title": _first_title(blocks)})


def _first_title(blocks: Sequence[Block]) -> str:
    return next((block.heading_path[-1] for block in blocks if block.kind == "heading" and block.heading_path[-1]), "")


def _blocks(text: str, begin: int) -> Iterator[Block]:
    """Yield a block per leaf of the parser's tree, its line range as offsets."""
    lines = [begin, *(match.end() for match in _NEWLINE.finditer(text, begin)), len(text)]
    outline, header, lists = Outline(), "", 0
    tokens = _parser().parse(text[begin:])
    for at, token in enumerate(tokens):
        lists += token.nesting if token.type.startswith("list_item") else 0
        if token.type == "thead_open":
            header = _cells(tokens, at)
        if token.map is None or token.type not in _KINDS:
            continue
        kind = "list_item" if lists and token.type == "paragraph_open" else _KINDS[token.type]
        is_header = token.type == "tr_open" and tokens[at - 1].type == "thead_open"
        last = token.map[1] + is_header  # the rule below it belongs to the header row
        start, end = _trimmed(text, lines[token.map[0]], lines[min(last, len(lines) - 1)])
        if start == end:
            continue
        path = outline.enter(int(token.tag[1]), plain(tokens[at + 1].content)) if kind == "heading" else outline.path
        yield Block(kind, start, end, None, path, header if kind == "table_row" and not is_header else "")


@cache
def _parser() -> MarkdownIt:
    """Return a parser that finds blocks only: what stands inside a line is left as it is."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    body = piece.strip()
    start += len(piece) - len(piece.lstrip()) if body else 0
    return start, start + len(body)


def _cells(tokens: Sequence[Token], at: int) -> str:
    """Return the header cells after `at` as "cell | cell"."""
    cells = []
    for token in tokens[at:]:
        if token.type == "thead_close":
            break
        if token.type == "inline":
            cells.append(plain(token.content))
    return " | ".join(cells)


def plain(content: str) -> str:
    """Return one line without its inline markup."""
    for pattern, shown in _MARKUP:
        content = pattern.sub(shown, content)
    return " ".join(content.split())
