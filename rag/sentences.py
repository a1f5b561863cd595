"""Text -> sentences: for packing chunks and for quoting. Any script; no model."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*|[\u2029\f]+")

# ". " and its like end a sentence before white space, the full-width and the Indic, Arabic, Armenian, Ethiopic,
# Burmese, Khmer and Tibetan stops anywhere; closing quotes, brackets, emphasis and footnote marks belong to it.
_STOP = re.compile(
    r"""(?<![.!?…‽])[.!?…‽]++["'”’»›)\]}*_`]*+(?:\[\d{1,3}\])*(?=\s)"""
    r"""|[。！？｡]++[」』）”’"'】〕〉》]*+(?![とっ])"""
    r"""|[।॥؟۔։።፧။។།]+["'”’»)\]]*"""
)
_NEXT = re.compile(r"""\s*["'“‘«‹(\[*_`¿¡]*(\w*)""")
_TOKEN = re.compile(r"""[^\s"'“”‘’«»()\[\]*_`—–/]+$""")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")
_NUMBER = re.compile(r"(?:\d{1,3}\.)*\d{1,3}$|[ivxlc]{1,6}$|[IVXLC]{1,6}$|[A-Za-z]$")
_FIGURE = re.compile(r"\d|[IVXLC]+\b")

# A new list item, heading, quote, table row or directive begins.
_OPENS_LINE = re.compile(
    r"\s*(?:[-*+•‣▪●·–—]\s|#{1,6}\s|>|\||\(?\d{1,3}[.)]\s|\(?[A-Za-z]\)\s|\(?[ivx]{1,5}[.)]\s|```|~~~|\.\. |:\w+:)"
)
_CLOSED_LINE = re.compile(r"\s*(?:#{1,6}\s|\||```|~~~)|.*(?:\||\t\S)")
_KEY_LINE = re.compile(r"\s*[^\W\d_][\w /-]{0,30}:\s")
_DELIMITERS = ",;\t|"

# Below this width a paragraph was not wrapped by an editor: its lines are lines of their own.
_WRAP_WIDTH = 45
_RAGGED_CHARS = 10

_TITLES = _words(
    "mr mrs ms dr prof st gen col lt sgt capt rev hon gov sen rep messrs mme mlle sr sra srta fr hr dipl ing dott "
    "e.g i.e eg ie cf viz vs ca approx z.b d.h u.a bzw ggf vgl evtl inkl zzgl p.ej al et resp incl excl esp"
)
_BEFORE_NUMBER = _words(
    "no nos nr fig figs eq p pp vol ch chap sec sect art arts par para ref tab app abs ziff bd ed v § n° núm pág"
)
_OFTEN_LAST = _words(
    "inc ltd co corp llc plc bros jr sr etc dept est assn ave blvd rd mt ft usw u.s.w a.m p.m am pm jan feb mar apr "
    "jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun gmbh s.a cie"
)
_STARTERS = _words(
    "The A An In On At It He She They We I You This That These Those However But And For As If When While After "
    "Before There His Her Their Its Our By From To With Although Since Because Other Some Many Most All No Not So "
    "Then Thus What Who Why How Where Which During Under Over Despite Der Die Das Ein Eine Es Er Sie Im Am Und Aber "
    "Le La Les Un Une Il Elle Ils En Dans El Los Las Una Se Lo Gli Nel De Het Een"
)
# A number with a full stop is an ordinal there: "am 3. Oktober".
_ORDINAL_DOT = _words("de da nb nn no fi cs sk sl hr hu et lv is")

_PAIRS = (("(", ")", 200), ("[", "]", 200), ("“", "”", 150), ("«", "»", 150), ("「", "」", 150), ("『", "』", 150))
_LOOK_BACK_CHARS = 400
_QUOTED = re.compile(r'"[^"]*"')  # as in a row of comma-separated values


def split_sentences(text: str, language: str = "") -> list[Span]:
    """Return the spans of sentences, list items and table rows, in order.

    They cover all text that is not blank and neither overlap nor begin or end with white space.
    `language` (ISO 639-1) settles what is ambiguous: ordinals such as "3. Oktober".
    """
    if "\r" in text:
        text = text.replace("\r", "\n" if "\n" not in text else " ")  # one character for one: offsets stay
    spans: list[Span] = []
    for start, end in _logical_lines(text):
        spans.extend(_sentences(text, start, end, language))
    return spans


def _logical_lines(text: str) -> Iterator[Span]:
    """Yield paragraphs without their soft line breaks: what a sentence never crosses."""
    start = 0
    for blank in _BLANK_LINE.finditer(text):
        yield from _unwrapped(text, start, blank.start())
        start = blank.end()
    yield from _unwrapped(text, start, len(text))


def _unwrapped(text: str, start: int, end: int) -> Iterator[Span]:
    if text.find("\n", start, end) < 0:
        yield start, end
        return
    lines = text[start:end].split("\n")
    width = max(map(len, lines))
    rows = _are_rows(lines)
    at = begin = start
    for before, after in pairwise(lines):
        at += len(before) + 1
        if rows or _breaks(before.strip(), after.strip(), width):
            yield begin, at
            begin = at
    yield begin, end


def _are_rows(lines: list[str]) -> bool:
    """Tell whether every line has the same number of one delimiter outside quotes, at least two."""
    filled = [_QUOTED.sub("", line) for line in lines if line.strip()]
    return len(filled) > 1 and any(
        filled[0].count(each) > 1 and len({line.count(each) for line in filled}) == 1 for each in _DELIMITERS
    )


def _breaks(before: str, after: str, width: int) -> bool:
    """Tell whether the line break between two lines is meant, and not the work of an editor's margin."""
    if not before or not after or _OPENS_LINE.match(after) or _CLOSED_LINE.match(before):
        return True
    if _KEY_LINE.match(before) and _KEY_LINE.match(after):
        return True
    if after[0].islower():
        return False
    if width < _WRAP_WIDTH:
        return after[0].isupper() or after[0].isdigit()
    return len(before) + 1 + len(after.split(None, 1)[0]) <= width - _RAGGED_CHARS


def _sentences(text: str, start: int, end: int, language: str) -> Iterator[Span]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends(text, begin, stop, language) and not _inside(text, begin, stop.end(), end):
            yield from _trimmed(text, begin, stop.end())
            begin = stop.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    piece = text[start:end]
    if body := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(body)


def _ends(text: str, begin: int, stop: re.Match[str], language: str) -> bool:
    """Tell whether a stop ends the sentence that began at `begin`."""
    following = _NEXT.match(text, stop.end())
    word = following[1] if following else ""
    if word[:1].islower() and stop[0][0] in ".!?…‽":
        return False
    if not stop[0].startswith(".") or stop[0].startswith(".."):
        return True
    token = _TOKEN.search(text, max(begin, stop.start() - 25), stop.start())
    return token is None or _ends_after(
        token[0], word, language, first=not text[begin : token.start()].strip(" \t\n(*_#>-")
    )


def _ends_after(token: str, word: str, language: str, *, first: bool) -> bool:
    """Tell whether the full stop after `token` ends a sentence when `word` comes next."""
    known = token.lower()
    if known in _TITLES or (first and _NUMBER.match(token)):
        return False
    if known in _BEFORE_NUMBER and _FIGURE.match(word):
        return False
    if token.isdigit():
        return not (len(token) <= 2 and language in _ORDINAL_DOT)
    if known in _OFTEN_LAST or _INITIALS.match(token):
        return word in _STARTERS
    return True


def _inside(text: str, begin: int, at: int, end: int) -> bool:
    """Tell whether a bracket or quote that opened in this sentence closes soon after."""
    head = text[max(begin, at - _LOOK_BACK_CHARS) : at]
    for opening, closing, reach in _PAIRS:
        if head.count(opening) > head.count(closing):
            return text.find(closing, at, min(end, at + reach)) >= 0
    return head.count('"') % 2 == 1 and text.find('"', at, min(end, at + 150)) >= 0
