"""JSON and NDJSON: the file's own text, a block per record or member, with the keys above it."""

import re

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted
from indexing.formats.structured import Nesting, blocks_of
from indexing.formats.text import parse_text

_TOKEN = re.compile(r'[{}\[\]]|"[^"\\]*+(?:\\.[^"\\]*+)*+"|[^\s{}\[\],:"]++|"', re.DOTALL)
_OPENING = {"}": "{", "]": "["}


def parse_json(data: bytes) -> Extracted:
    """Return the text with a block per member; what is no JSON is read as plain text, and says so."""
    return _parsed(data, "json", one=True)


def parse_ndjson(data: bytes) -> Extracted:
    """Return the text with a block per record; what is no JSON is read as plain text, and says so."""
    return _parsed(data, "ndjson", one=False)


def _parsed(data: bytes, kind: str, *, one: bool) -> Extracted:
    decoded = decode(data)
    nesting = Nesting(listed=not one)
    if not _read(decoded.text, nesting) or (one and len(nesting.roots) > 1):
        plain = parse_text(data)
        warning = "it is not valid JSON, so it is read as plain text"
        return Extracted(kind, plain.text, plain.blocks, warnings=(*plain.warnings, warning))
    return Extracted(kind, decoded.text, blocks_of(decoded.text, nesting.roots), warnings=decoded.warnings)


def _read(text: str, nesting: Nesting) -> bool:
    """Tell a nesting of all values; false where brackets or quotes do not match. Depth costs no recursion."""
    brackets: list[str] = []
    for match in _TOKEN.finditer(text):
        first = text[match.start()]
        if first in "{[":
            brackets.append(first)
            nesting.begin(match.start(), keyed=first == "{")
        elif first in "}]":
            if not brackets or brackets.pop() != _OPENING[first]:
                return False
            nesting.finish(match.end())
        elif first == '"' and match.end() - match.start() == 1:
            return False
        else:
            nesting.plain(*match.span(), text[match.start() : min(match.end(), match.start() + 200)].strip('"'))
    return not brackets
