"""Lines in reading order -> paragraphs, and their text: broken words made whole, wrapped lines joined."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from indexing.formats.pdf_lines import Line

ITEM = re.compile(r"(?:[•‣▪●◦∙·*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s+\S")
_BULLET = re.compile(r"[•‣▪●◦∙]\s+\S")
_DASH = re.compile(r"[·*–—-]\s+\S")
_NUMBER = re.compile(r"\(?((?:\d{1,2}\.)*)(\d{1,2})[.)]?\s")
SENTENCE_END = re.compile(r"""[.!?:;。！？]["'”’)\]]*$""")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")
_LOOSER = 1.3  # than the body's line pitch
# A hyphen after one of these is the writer's.
_PREFIXES = frozenset(
    (
        *("non", "self", "well", "high", "low", "long", "short", "multi", "pre", "post", "co"),
        *("anti", "semi", "cross", "inter", "half", "full", "large", "small", "end", "state", "real"),
        *("open", "fine", "two", "three", "four", "five", "year", "time", "task", "data", "user"),
        *("worst", "best", "cost", "side", "part"),
    )
)


def paragraphs(lines: Sequence[Line], pitch: float) -> Iterator[list[Line]]:
    """Yield the lines of each paragraph, heading or list item.

    pitch: from line to line within a paragraph, as a multiple of the letters' height.
    """
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins(paragraph, line, pitch):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def goes_on(before: Line, line: Line) -> bool:
    """Tell whether a sentence goes on across the end of a column or a page."""
    if before.broken:
        return True
    if SENTENCE_END.search(before.text) or ITEM.match(line.text) or before.celled or line.celled:
        return False
    return line.text[0].islower() or (before.full and not _looks_different(before, line))


def joined(paragraph: Sequence[Line], known: Collection[str]) -> str:
    """Return one text: a full line goes on after a blank, a shorter one was ended on purpose."""
    text = paragraph[0].text
    for before, line in pairwise(paragraph):
        wrapped = before.full or (line.text[0].islower() and not (before.celled and line.celled))
        text = continued(text, line.text, known, broken=before.broken, blank=" " if wrapped else "\n")
    return text


def continued(text: str, more: str, known: Collection[str], *, broken: bool, blank: str = " ") -> str:
    """Return a text and what follows it; a word that was broken at the end of a line is made whole."""
    if not text.endswith("-") or not (broken or more[0].islower()):
        return text + blank + more
    return (text[:-1] if _is_soft(text[:-1], more, known) else text) + more


def words_of(lines: Sequence[Line]) -> frozenset[str]:
    """Return all words in small letters, those with hyphens as well; no halves of words that a line's end broke."""
    words: set[str] = set()
    torn = False
    for line in lines:
        found = [word.lower() for word in _WORD.findall(line.text)]
        ends_torn = line.text.endswith("-")
        words.update(found[int(torn) : len(found) - ends_torn])
        torn = ends_torn
    return frozenset(words)


def _is_soft(text: str, more: str, known: Collection[str]) -> bool:
    """Tell whether the hyphen between two halves only broke the line: by the document's own words, else by its look."""
    first, second = _LAST_WORD.search(text), _WORD.match(more)
    if not (first and second):
        return False
    head, tail = first[0].lower(), second[0].lower()
    if f"{head}-{tail}" in known:
        return False
    if head + tail in known:
        return True
    both_words = len(head) > 3 and len(tail) > 3 and head in known and tail in known
    return not both_words and len(head) > 1 and "-" not in head and head not in _PREFIXES and second[0][0].islower()


def _begins(paragraph: Sequence[Line], line: Line, pitch: float) -> bool:
    """Tell whether a line begins a paragraph."""
    before = paragraph[-1]
    if before.broken:
        return False
    step = before.bottom - line.bottom
    if step < -0.5 * line.size:  # the next column: a sentence may go on there
        return not goes_on(before, line)
    if _looks_different(before, line) or step > max(_LOOSER * pitch, 1.25) * line.size:
        return True
    if _begins_item(paragraph, line):
        return True
    if before.full:
        return line.left > before.left + 0.8 * line.size and not line.text[0].islower() and not ITEM.match(before.text)
    return bool(SENTENCE_END.search(before.text)) and not line.text[0].islower()


def _begins_item(paragraph: Sequence[Line], line: Line) -> bool:
    before = paragraph[-1]
    if _BULLET.match(line.text):
        return True
    ended = not before.full or bool(SENTENCE_END.search(before.text))
    if _DASH.match(line.text):
        return ended or bool(_DASH.match(paragraph[0].text) and abs(line.left - paragraph[0].left) < 1)
    return bool(ITEM.match(line.text)) and (ended or _counts_on(paragraph[0].text, line.text))


def _counts_on(first: str, text: str) -> bool:
    """Tell whether the number of an item is the next one after that of the item before it."""
    one, two = _NUMBER.match(first), _NUMBER.match(text)
    return bool(one and two) and one[1] == two[1] and int(one[2]) + 1 == int(two[2])  # type: ignore[index]  # both match


def _looks_different(before: Line, line: Line) -> bool:
    if abs(line.size - before.size) > 0.15 * before.size:
        return True
    return line.bold != before.bold and (not before.full or bool(SENTENCE_END.search(before.text)))
