"""Which paragraphs of a PDF are headings, by how they look beside the body."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexing.formats.pdf_lines import Line
from indexing.formats.pdf_paragraphs import ITEM

_NUMBERED = re.compile(r"(?:\d{1,2}\.)*\d{1,2}\.?\s+[^\W\d_a-z]")
_OPEN_END = re.compile(r"(?:[,;]|\b(?:an?|the|of|and|or|to|in|on|by|for|with|that|is|are|be|shall|will|may|as))$")
_CAPTION = re.compile(r"(?i)(?:table|figure|fig\.|exhibit|tabelle|abbildung)\s*\d")
_MAX_CHARS, _MAX_WORDS = 120, 14
_LARGER = 1.12  # than the body's letters
_INDENT_POINTS = 40


@dataclass(frozen=True, slots=True)
class Look:
    """How the body and the headings of a document look."""

    body: float  # size of its letters
    larger: tuple[float, ...]  # sizes of headings, the largest first
    is_bold: bool
    pitch: float  # from line to line of the body, as a multiple of the letters' height

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Look":
        sizes: Counter[float] = Counter()
        bold = 0
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text)
            bold += len(line.text) * line.bold
        body = sizes.most_common(1)[0][0] if sizes else 0.0
        larger = sorted((size for size in sizes if size > _LARGER * body), reverse=True)
        return cls(body, tuple(larger), 2 * bold > sizes.total(), _pitch(lines, body))

    def level(self, paragraph: Sequence[Line], text: str, below: Sequence[Line], *, above_table: bool) -> int:
        """Return the level of a heading, 1 for the largest; 0 where the paragraph is none.

        below: the paragraph after it; none at the end of the text, and none above a table.
        """
        if paragraph[0].celled or len(paragraph) > 3 or len(text) > _MAX_CHARS or not any(map(str.isalpha, text)):
            return 0
        if _rounded(paragraph[0].size) in self.larger:
            return min(6, 1 + self.larger.index(_rounded(paragraph[0].size)))
        if not (below or above_table) or len(paragraph) > 1 or _CAPTION.match(text):
            return 0
        if below and below[0].text[0].islower():
            return 0
        return min(6, 2 + len(self.larger)) if self._stands_out(paragraph[0], below) or _is_titled(text, below) else 0

    def _stands_out(self, line: Line, below: Sequence[Line]) -> bool:
        bolder = line.bold and not self.is_bold and not (below and below[0].bold)
        return bolder and line.text[-1] not in ".,;" and len(line.text.split()) <= _MAX_WORDS

    def is_note(self, paragraph: Sequence[Line]) -> bool:
        """Tell whether a paragraph stands beside the text: in smaller letters, or along the page."""
        return paragraph[0].sideways or paragraph[0].size < 0.9 * self.body


def _is_titled(text: str, below: Sequence[Line]) -> bool:
    """Tell whether a line reads like a heading, by its number or its capitals, and has text below it."""
    words = len(text.split())
    numbered = _NUMBERED.match(text) and words <= (6 if text[-1] in ".:" else 9) and not _OPEN_END.search(text)
    inner = bool(numbered and below) and below[0].text.startswith(text.split(maxsplit=1)[0].rstrip(".") + ".")
    apart = inner or not below or (len(below) > 1 and not ITEM.match(below[0].text))
    return apart and (bool(numbered) or (text.isupper() and len(text) > 3 and words <= _MAX_WORDS))


def _pitch(lines: Sequence[Line], body: float) -> float:
    """Return the pitch within paragraphs: less than that between them, so one of the smaller steps."""
    pairs = [(a, b) for a, b in pairwise(lines) if abs(a.left - b.left) < _INDENT_POINTS and abs(b.size - body) < 1]
    steps = sorted(
        step for a, b in pairs if a.page == b.page and 0.5 * b.size < (step := a.bottom - b.bottom) < 3 * b.size
    )
    return steps[len(steps) // 4] / body if steps else 0.0


def _rounded(size: float) -> float:
    return round(size * 2) / 2
