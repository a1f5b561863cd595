"""What a language model wrote -> statements with the numbers of the sources that they name. A closed grammar.

A statement is a sentence with markers: `It lasts 26 weeks. [1][3]` or `It lasts 26 weeks [1].`; a line ends it. A first
line NOT_ANSWERED says that the sources do not answer. Anything else is no statement, and goes no further.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.plain_text import has_markup, plain_line
from rag.sentences import split_sentences

MAX_LINE_CHARS = 4000  # a longer line is no answer
MAX_STATEMENT_CHARS = 1000
_MARKERS = r"(?:\[\d{1,4}(?: ?, ?\d{1,4})*\])"
_STOP = r"[.!?…。！？]"
_CLOSE = r"[\"'”’»)*_]*+"  # all of them: what comes in the next piece must not decide where the first one ended
# The end of a statement inside a line: a stop and markers in either order, then the beginning of something else.
_RUN = rf"(?:{_MARKERS}[ \t]?){{1,16}}"  # bounded: without an end, each marker would be the start of all that follow
_ENDS = re.compile(rf"(?:{_STOP}{_CLOSE}[ \t]?{_RUN}|{_RUN}{_STOP}{_CLOSE})[ \t]*(?=[^\s\[.,;:])")
_STOP_THEN_MARKERS = re.compile(rf"({_STOP}{_CLOSE})\s+(?={_MARKERS})")
_MARKER_RUN = re.compile(rf"\s*{_MARKERS}")
_NUMBER = re.compile(r"\d+")
_NOT_ANSWERED = re.compile(r"\W*NOT[ _]ANSWERED\W*", re.IGNORECASE)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence as plain text, without markers; `sources` count from 1 and may name what does not exist."""

    text: str
    sources: tuple[int, ...]  # empty: no statement, kept for the trace


class Transcript:
    """What a model wrote so far. How it was cut into pieces makes no difference."""

    def __init__(self) -> None:
        self._rest = ""
        self._begun = False
        self.not_answered = False

    def add(self, piece: str) -> Iterator[Statement]:
        """Yield the statements that are closed now. Raises ValueError where a line is too long to be an answer."""
        self._rest += piece.replace("\r", "\n")
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            yield from self._of_units(_cut(line))
        *units, self._rest = _cut(self._rest)
        yield from self._of_units(units)

    def end(self) -> Iterator[Statement]:
        """Yield the statements of the last line."""
        yield from self._of_units([self._rest])
        self._rest = ""

    def _of_units(self, units: Sequence[str]) -> Iterator[Statement]:
        for unit in filter(str.strip, units):
            if not self._begun and _NOT_ANSWERED.fullmatch(unit[:100]):
                self.not_answered = True
            else:
                yield from _statements(unit)
            self._begun = True


def _cut(line: str) -> list[str]:
    """Return the closed statements of a line, and what follows them. Raises ValueError where that is too long."""
    units = []
    while found := _ENDS.search(line):
        units.append(line[: found.end()])
        line = line[found.end() :]
    if len(line) > MAX_LINE_CHARS:
        raise ValueError("a line is too long")
    return [*units, line]


def _statements(line: str) -> Iterator[Statement]:
    joined = _STOP_THEN_MARKERS.sub(r"\1", line)
    for start, end in split_sentences(joined):
        sentence = joined[start:end]
        if _WORD.search(_MARKER_RUN.sub("", sentence)):
            yield _statement(sentence)


def _statement(sentence: str) -> Statement:
    markers = _MARKER_RUN.findall(sentence)
    bare = _MARKER_RUN.sub("", sentence)
    text = plain_line(bare)
    broken = has_markup(bare) or len(text) > MAX_STATEMENT_CHARS or plain_line(text) != text
    numbers = dict.fromkeys(int(number) for marker in markers for number in _NUMBER.findall(marker))
    return Statement(text[:MAX_STATEMENT_CHARS], () if broken else tuple(numbers))
