"""RTF -> RTF without embedded bytes and hidden text, with marks for headings, table rows and list items."""

import re
from dataclasses import dataclass, field, replace

# Characters that stand for nothing in any text; a document that holds them anyway gains a row or a heading by it.
ROW, ROW_END, CELL, HEADER, ITEM, LINE = (chr(0xFDD0 + at) for at in range(6))
FIRST_LEVEL, LEVELS = chr(0xFDE0), 9

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|(\\'[0-9a-fA-F]{2})|(\\[^a-zA-Z])|([{}])|([^\\{}]+)|\\", re.DOTALL
)
_STYLE = re.compile(r"\\s(\d{1,4})\b[^{}]*?(?:\\outlinelevel(\d)|\bheading (\d))", re.IGNORECASE)
_STYLE_SHEET_CHARS = 500_000
_COLORS = re.compile(r"\{\\colortbl([^{}]{0,20000})\}")
_WHITE = re.compile(r"\\red255\\green255\\blue255\b")
_UNREAD = frozenset(("objdata", "pict", "fldinst", "themedata", "datastore", "datafield", "stylesheet", "colortbl"))
_GROUNDS = frozenset(("highlight", "cb", "chcbpat", "cbpat", "chshdng", "shading"))
_INSTEAD = {  # of words that striprtf drops, or tells like others
    "row": ROW_END,
    "cell": CELL,
    "nestcell": " ",
    "nestrow": " ",
    "line": LINE,
    "listtext": ITEM,
    "pntext": ITEM,
    "trhdr": HEADER,
    "footnote": " [",
}
_LEAST_HALF_POINTS = 4
_MOST_GROUPS = 10_000  # open at once


@dataclass(frozen=True, slots=True)
class Marked:
    """What `marked` makes of a document."""

    source: str
    hidden: str  # what no reader sees


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until the group's closing brace."""

    unread: bool = False
    hidden: bool = False
    tiny: bool = False
    white: bool = False
    painted: bool = False
    level: int = 0  # of the heading; 0: none
    closing: str = ""


def marked(source: str) -> Marked:
    """Return a document for striprtf; bytes are characters of Latin-1 in it."""
    marker = _Marker(source, _heading_styles(source), _white_colors(source))
    at = 0
    while found := _TOKEN.match(source, at):
        at = found.end() + marker.take(found)
    return Marked("".join(marker.out), "".join(marker.hidden))


@dataclass(slots=True)
class _Marker:
    source: str
    headings: dict[int, int]
    whites: frozenset[int]
    out: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    _group: _Group = field(default_factory=_Group)
    _open: list[_Group] = field(default_factory=list)
    _in_row: bool = False

    def take(self, found: re.Match[str]) -> int:
        """Take a token; return how many bytes after it belong to it."""
        word, number, character, symbol, brace, text = found.groups()
        if brace:
            self._brace(brace)
        elif word:
            return self._word(word, int(number) if number else None, found[0])
        elif text or character:
            self._text(text or character, plain=bool(text))
        elif symbol and not self._group.unread:
            self.out.append(symbol)
        return 0

    def _brace(self, brace: str) -> None:
        if brace == "{":
            if len(self._open) < _MOST_GROUPS:
                self._open.append(self._group)
                self._group = replace(self._group, closing="")
        elif self._open:
            self.out.append(self._group.closing)
            self._group = self._open.pop()
        self.out.append(brace)

    def _text(self, text: str, *, plain: bool) -> None:
        if self._group.unread:
            return
        if self._is_hidden():
            self.hidden.append(text if plain else "")
        elif text.isascii():
            self.out.append(text)
        else:
            self.out.append("".join(each if each.isascii() else f"\\'{ord(each):02x}" for each in text))

    def _is_hidden(self) -> bool:
        group = self._group
        return group.hidden or group.tiny or (group.white and not group.painted and not self._in_row)

    def _word(self, word: str, number: int | None, token: str) -> int:
        if word == "bin":
            return max(0, number or 0)
        if word in _UNREAD:
            self._group = replace(self._group, unread=True)
        if not self._group.unread:
            self._look(word, number)
            if not self._structure(word) and not (word == "u" and (self._is_hidden() or _is_no_unit(number))):
                self.out.append(token)
        return 0

    def _look(self, word: str, number: int | None) -> None:
        """Note what a word says of the text after it."""
        group = self._group
        match word:
            case "v":
                self._group = replace(group, hidden=number != 0)
            case "fs":
                self._group = replace(group, tiny=number is not None and number < _LEAST_HALF_POINTS)
            case "cf":
                self._group = replace(group, white=number in self.whites)
            case "plain":
                self._group = replace(group, hidden=False, tiny=False, white=False, painted=False)
            case "pard":
                self._group = replace(group, level=0)
            case "outlinelevel":
                self._group = replace(group, level=_heading_level(number))
            case "s" if number in self.headings:
                self._group = replace(group, level=self.headings[number])
            case _ if word in _GROUNDS and number:
                self._group = replace(group, painted=True)

    def _structure(self, word: str) -> bool:
        """Mark where a row, a cell, an item or a line begins or ends; tell whether the word is used up by that."""
        match word:
            case "trowd" | "intbl":
                if not self._in_row:
                    self._mark(ROW)
                self._in_row = True
            case "row":
                self._in_row = False
            case "footnote":
                self._group = replace(self._group, closing="]")
            case "par" if self._group.level:
                self._mark(chr(ord(FIRST_LEVEL) + self._group.level - 1))
        if word in _INSTEAD:
            self._mark(_INSTEAD[word])
        return word in _INSTEAD

    def _mark(self, mark: str) -> None:
        self.out.append(f"\\mark {mark}")  # a word that means nothing ends what a character before has begun


def _is_no_unit(number: int | None) -> bool:
    """Tell whether a number is no half of a character in UTF-16."""
    return number is None or not -0x8000 <= number <= 0xFFFF


def _heading_level(number: int | None) -> int:
    """Return the level that an outline level stands for; the tenth is that of text."""
    return number + 1 if number is not None and 0 <= number < LEVELS else 0


def _heading_styles(source: str) -> dict[int, int]:
    start = source.find("{\\stylesheet")
    if start < 0:
        return {}
    levels = {}
    for entry in source[start : start + _STYLE_SHEET_CHARS].split("}"):
        if found := _STYLE.search(entry):
            levels[int(found[1])] = _heading_level(int(found[2]) if found[2] else int(found[3]) - 1)
        elif "\\s" not in entry and entry.strip().startswith("{\\") and "\\*" not in entry:
            break
    return {style: level for style, level in levels.items() if level}


def _white_colors(source: str) -> frozenset[int]:
    found = _COLORS.search(source)
    colors = found[1].split(";") if found else []
    return frozenset(at for at, color in enumerate(colors) if _WHITE.search(color))
