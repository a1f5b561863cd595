"""Source code and configuration: the file's own text, a block per definition, with the names of those around it."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from indexing.formats.decoding import decode
from indexing.formats.endings import FAMILY_OF
from indexing.formats.extracted import Extracted, Metadata, Outline, covering
from rag.types import Block

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_TAB_COLUMNS = 4
_MAX_LINE_CHARS = 2000  # a longer line is data or packed code: no definition is looked for in it
_PYTHON_MAX_CHARS = 2_000_000  # the tree of a longer file takes too much memory
_NOT_NAMES = frozenset(
    ("if", "for", "while", "switch", "catch", "return", "else", "do", "new", "throw", "sizeof", "using")
)
# How a line begins a definition, by family; the group `name` is its name.
_DEFINITIONS = {
    "braces": (
        r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|sealed|open|pub(?:\([a-z]+\))?|async|"
        r"unsafe|override|partial|data|inline|extern|declare|const|virtual|export\s+default)\s+)*"
        r"(?:(?:class|interface|enum|record|struct|trait|object|namespace|module|union|protocol|extension|message|service|rpc|"
        r"contract|library|type|mod|function\*?|func|fun|fn|macro_rules!|def|resource|variable|output)\s+"
        r"(?:\([^)\n]{0,200}\)\s*)?[\"']?(?P<name>[\w.$:-]+)"
        r"|impl\b(?:<[^>\n]*>)?\s+(?P<name3>[\w:<>, ]+?)\s*\{"
        r"|(?:const|let|var)\s+(?P<name4>[\w$]+)\s*=\s*(?:async\s*)?(?:function\b|\([^()\n]*\)\s*(?::\s*[^=\n]+)?=>|[\w$]+\s*=>)"
        r"|(?:[\w<>\[\],.*&:?~]+\s+)*(?P<name2>[~\w$:]+)\s*\([^;{}\n]*\)?[^;=\n]*(?:\{|[,(]|\))\s*$)"
    ),
    "words": (
        r"(?:local\s+|pub\s+|defp?\s+|proc\s+)?(?:def|class|module|function|sub|package|fun|let|type|struct|macro|Function|Sub|"
        r"Class|defmodule|defp?|proc|procedure|subroutine|program|\(def\w*)\s+(?P<name>[\w.:?!]+)"
        r"|(?P<name2>[\w.]+)\s*(?:<-|=)\s*function\b"
    ),
    "shell": r"(?:function\s+(?P<name>[\w:.-]+)|(?P<name2>[\w:.-]+)\s*\(\)\s*\{?|:(?P<name3>[\w.-]+)\s*$)",
    "sql": (
        r"(?i:create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)*"
        r"(?:table|view|index|function|procedure|trigger|type|schema|sequence)\s+(?:if\s+not\s+exists\s+)?(?P<name>[\w.\"`\[\]]+))"
    ),
    "sections": r"\[{1,2}(?P<name>[^\]\n]+)\]",
    "make": r"(?P<name>[\w./%$(){}-]+)\s*:(?!=)|(?P<name2>(?:FROM|stage|function|macro)\b[^\n]{0,60})",
    "schemas": (
        r"<(?:\w+:)?(?:template|element|complexType|simpleType|define)\s[^>\n]*?(?:name|match)="
        r"[\"'](?P<name>[^\"'\n]+)"
    ),
}
_PATTERNS = {family: re.compile(rf"(?P<indent>[ \t]*)(?:{pattern})") for family, pattern in _DEFINITIONS.items()}
_LEAD = re.compile(r"[ \t]*(?://|/\*|\*|#(?!\[?include|define|if|endif)|--|@\w|;;|'|%|\[\w)")


@dataclass(frozen=True, slots=True)
class _Definition:
    line: int  # where it begins, its decorators and comments included
    level: int
    name: str  # empty: here one ends, and what follows belongs to what is around it


def parse_code(data: bytes, name: str) -> Extracted:
    """Return a block per definition; what no rule knows stays in one block, which is cut by lines."""
    decoded = decode(data)
    path = PurePath(name)
    family = FAMILY_OF.get(path.suffix.lower() or path.name.lower(), "braces")
    lines = [match.span() for match in _LINE.finditer(decoded.text) if match[0]]
    found = _python(decoded.text) if family == "python" else None
    if found is None:
        found = list(_by_lines(decoded.text, lines, "words" if family == "python" else family))
    blocks = covering(decoded.text, _blocks(decoded.text, lines, found))
    return Extracted("code", decoded.text, blocks, Metadata(title=path.name), decoded.warnings)


def _python(text: str) -> list[_Definition] | None:
    """Return functions and classes, at any depth; None where it is no Python of this version."""
    if len(text) > _PYTHON_MAX_CHARS:
        return None
    try:
        tree = ast.parse(text.replace("\f", " "))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return list(_defined(tree, 0))


def _defined(node: ast.AST, level: int) -> Iterator[_Definition]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
            yield _Definition(first - 1, level, child.name)
            if isinstance(child, ast.ClassDef):
                yield from _defined(child, level + 1)
            yield _Definition(child.end_lineno or first, level, "")
        elif isinstance(child, ast.If | ast.Try | ast.With):
            yield from _defined(child, level)


def _by_lines(text: str, lines: Sequence[tuple[int, int]], family: str) -> Iterator[_Definition]:
    """Yield what lines begin by the rules of a family; how far they are indented says what lies in what."""
    pattern = _PATTERNS[family]
    lead: int | None = None  # where comments and decorators began that belong to the next definition
    for at, (start, end) in enumerate(lines):
        line = text[start : min(end, start + _MAX_LINE_CHARS)].rstrip()
        found = pattern.match(line) if end - start <= _MAX_LINE_CHARS else None
        name = next((each for key, each in found.groupdict().items() if key != "indent" and each), "") if found else ""
        if found and name.strip() and name not in _NOT_NAMES and line.split(maxsplit=1)[0] not in _NOT_NAMES:
            level = len(found["indent"].expandtabs(_TAB_COLUMNS))
            yield _Definition(at if lead is None else lead, level, name.strip(" \"'`"))
            lead = None
        elif line and _LEAD.match(line):
            lead = at if lead is None else lead
        else:
            lead = None


def _blocks(text: str, lines: Sequence[tuple[int, int]], found: Sequence[_Definition]) -> Iterator[Block]:
    """Yield each definition up to the next, under the names of those around it; what stands before them is first."""
    outline = Outline()
    path: tuple[str, ...] = ()
    starts = [0, *(lines[each.line][0] for each in found if each.line < len(lines)), len(text)]
    for number, (start, end) in enumerate(pairwise(starts)):
        if number:
            path = outline.enter(found[number - 1].level + 1, found[number - 1].name)
            path = path if found[number - 1].name else path[:-1]
        body = text[start:end].strip()
        if body:
            at = start + len(text[start:end]) - len(text[start:end].lstrip())
            yield Block("code", at, at + len(body), heading_path=path)
