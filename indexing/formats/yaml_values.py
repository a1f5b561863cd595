"""YAML: the file's own text, a block per member, with the keys above it. Aliases are never followed."""

import re

import yaml

from indexing.formats.decoding import decode
from indexing.formats.extracted import Extracted
from indexing.formats.structured import Nesting, Value, blocks_of
from indexing.formats.text import parse_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # thirty times faster, where it was built
_COMMENTS = re.compile(r"(?:[^\S\n]*#[^\n]*\n)+[^\S\n]*\Z")
_REACH = 2000  # characters in which the comments above a member are looked for


def parse_yaml(data: bytes) -> Extracted:
    """Return the text with a block per member; what is no YAML is read as plain text, and says so."""
    decoded = decode(data)
    nesting = Nesting()
    try:
        _read(decoded.text, nesting)
    except (yaml.YAMLError, ValueError) as error:
        plain = parse_text(data)
        warning = f"it is not valid YAML{_place(error)}, so it is read as plain text"
        return Extracted("yaml", plain.text, plain.blocks, warnings=(*plain.warnings, warning))
    for root in nesting.roots:
        _take_comments(decoded.text, root)
    return Extracted("yaml", decoded.text, blocks_of(decoded.text, nesting.roots), warnings=decoded.warnings)


def _read(text: str, nesting: Nesting) -> None:
    """Tell a nesting of all events: they are a flat sequence, which no alias makes longer."""
    for event in yaml.parse(text, Loader=_LOADER):
        start, end = (mark.index if mark else 0 for mark in (event.start_mark, event.end_mark))
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                nesting.begin(start, keyed=isinstance(event, yaml.MappingStartEvent))
            case yaml.CollectionEndEvent():
                nesting.finish(end)
            case yaml.ScalarEvent():
                nesting.plain(start, end, event.value[:200])
            case yaml.AliasEvent():
                nesting.plain(start, end, "")


def _take_comments(text: str, value: Value) -> None:
    """Let the comments right above a value belong to it."""
    above = _COMMENTS.search(text, max(0, value.start - _REACH), value.start)
    value.start = above.start() if above else value.start
    for child in value.children:
        _take_comments(text, child)


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark else ""
