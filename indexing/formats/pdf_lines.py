"""PDF pages -> lines of text with their place and look, through pdfium."""

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import TypeAlias

import pypdfium2 as pdfium
from pypdfium2 import raw

from indexing.formats.hiding import tells

_Run: TypeAlias = list[tuple[int, int]]  # index and code of each character

_BREAKS = (10, 13)
_BOLD = 600  # font weight
_BLEED = 18  # points beyond the page: sloppy pages run over their edge
_LEAST_HEIGHT = 1.5  # points; nobody reads smaller letters
# Ligatures and presentation forms are ways to draw letters; "²" and "½" are not, so this is less than NFKC.
_DRAWN = re.compile(r"[\ufb00-\ufdff\ufe70-\ufefe]")
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u3000]+")
_LEADERS = re.compile(r"([.·…_=*–—-])(?: ?\1){4,}")  # rules and rows of dots: each would be a token
_REPLACED: dict[int, str | None] = {
    **dict.fromkeys((*range(1, 9), 0xAD, 0xFEFF, 0x200B)),
    **dict.fromkeys((0x02, 0xFFFE), "-"),  # pdfium's own signs for a hyphen at the end of a line
    0: "\ufffd",
    **dict.fromkeys((0xF0B7, 0xF0A7, 0xF0D8, 0xF0FC), "•"),  # bullets of symbol fonts
}
_BROKEN = (0x02, 0xFFFE)  # pdfium's signs for a word that goes on in the next line
_SAMPLED = 5  # letters of a line tell how it looks
_CELL_GAP = 1.6  # of the letters' height: wider than any blank of justified text


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands on its page, in points from the lower left corner of the page as it is read."""

    text: str
    page: int  # counts from 1
    left: float
    bottom: float
    right: float
    top: float
    size: float  # the height of its letters, about the font size
    bold: bool = False
    broken: bool = False  # its last word goes on in the next line, after a hyphen
    full: bool = False  # it ends where its column does
    celled: bool = False  # it is a row of cells: wide gaps part what stands in it

    @property
    def sideways(self) -> bool:
        """Whether it runs up or down the page, as a note in the margin does."""
        return len(self.text) > 3 and self.top - self.bottom > 3 * (self.right - self.left)

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of one page in reading order, and whether others are hidden from readers."""

    lines: tuple[Line, ...]
    hidden: bool
    pictures: bool


def read_page(document: pdfium.PdfDocument, number: int) -> PageText:
    """Return the lines of the page with index `number`; what no reader sees is left out."""
    page = _flattened(document, number) if document.get_formtype() else document[number]
    try:
        reader = _Reader(page, number + 1)
        lines = [line for line in reader.lines() if line]
        pictures = any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        return PageText(tuple(lines), tells(" ".join(reader.hidden)), pictures)
    finally:
        page.close()


def _flattened(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    """Return the page with what was filled into its forms as text; it shows after it was opened again."""
    page = document[number]
    page.flatten()
    page.close()
    return document[number]


class _Reader:
    """One page's characters."""

    def __init__(self, page: pdfium.PdfPage, number: int) -> None:
        self._page, self._number = page, number
        self._text = page.get_textpage()
        self._rotation = page.get_rotation()
        self._is_sideways = self._rotation in (90, 270) and self._runs_upwards()
        self._media = page.get_cropbox()
        self.hidden: list[str] = []  # words that no reader sees
        self._covers: list[tuple[float, float, float, float]] | None = None

    def lines(self) -> Iterator[Line | None]:
        """Yield what a reader sees of each line, one by one what wide gaps part."""
        run: _Run = []
        for index in range(self._text.count_chars()):
            code = raw.FPDFText_GetUnicode(self._text.raw, index)
            if code in _BREAKS or (run and run[-1][1] in _BROKEN and self._is_next_row(run[-1][0], index)):
                yield from self._cells(run)
                run = []
            drawn_again = run and code == run[-1][1] and self._is_drawn_again(run[-1][0], index)
            if code not in _BREAKS and not drawn_again:
                run.append((index, code))
        yield from self._cells(run)

    def _cells(self, run: _Run) -> Iterator[Line | None]:
        words = [word for word in _words(run) if word[0][1] > 32]
        start = 0
        for before, word in pairwise(words):
            if self._is_apart(before[-1][0], word[0][0]):
                end = run.index(word[0])
                yield self._line(run[start:end])
                start = end
        yield self._line(run[start:])

    def _is_apart(self, before: int, index: int) -> bool:
        """Tell whether a wide gap parts two words, or one stands on another level."""
        left, right = self._box(before), self._box(index)
        height = max(1.0, left[3] - left[1])
        return not self._is_sideways and (
            right[0] - left[2] > _CELL_GAP * height or abs(right[1] - left[1]) > 2 * height
        )

    def _line(self, run: _Run) -> Line | None:
        seen = [char for word in _words(run) for char in self._seen(word)]
        text = normalised("".join(chr(code) for _, code in seen))
        inked = [index for index, code in seen if code > 32]
        if not text or not inked:
            return None
        first, last = self._box(inked[0]), self._box(inked[-1])
        box = (min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3]))
        samples = inked[:: max(1, len(inked) // _SAMPLED)]
        size = median(self._height(self._box(index)) for index in samples)
        bold = all(map(self._is_bold, samples))
        return Line(text, self._number, *self._turned(*box), size, bold, broken=seen[-1][1] in _BROKEN)

    def _seen(self, word: _Run) -> _Run:
        """Return the word, nothing when its first letter is hidden."""
        if word[0][1] <= 32 or self._is_visible(word[0][0]):
            return word
        self.hidden.append("".join(chr(code) for _, code in word))
        return []

    def _box(self, index: int) -> tuple[float, float, float, float]:
        """Return left, bottom, right and top of a character as high as its font."""
        rect = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._text.raw, index, rect)
        return rect.left, min(rect.bottom, rect.top), rect.right, max(rect.bottom, rect.top)

    def _height(self, box: tuple[float, float, float, float]) -> float:
        return box[2] - box[0] if self._is_sideways else box[3] - box[1]

    def _is_bold(self, index: int) -> bool:
        return raw.FPDFText_GetFontWeight(self._text.raw, index) >= _BOLD or b"Bold" in self._font(index)

    def _font(self, index: int) -> bytes:
        name, flags = ctypes.create_string_buffer(64), ctypes.c_int()
        raw.FPDFText_GetFontInfo(self._text.raw, index, name, 64, flags)
        return bytes(name.value)

    def _runs_upwards(self) -> bool:
        """Tell whether the letters of a turned page are drawn one above the other, so that it shows them upright."""
        codes = range(min(200, self._text.count_chars()))
        boxes = [self._box(index) for index in codes if raw.FPDFText_GetUnicode(self._text.raw, index) > 32]
        steps = [(abs(b[0] - a[0]), abs(b[1] - a[1])) for a, b in pairwise(boxes)]
        return sum(up > along for along, up in steps) * 2 > len(steps)

    def _is_drawn_again(self, before: int, index: int) -> bool:
        """Tell whether a character lies on the same one before it: bold made by drawing twice."""
        first, second = self._box(before), self._box(index)
        return abs(first[0] - second[0]) < 0.3 * max(0.1, first[2] - first[0]) and abs(first[1] - second[1]) < 1

    def _is_next_row(self, before: int, index: int) -> bool:
        first, second = self._box(before), self._box(index)
        return second[0] < first[2] or self._is_sideways

    def _turned(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Return the box as it stands when the text is upright."""
        x0, y0, x1, y1 = self._media
        if not self._is_sideways:
            return left - x0, bottom - y0, right - x0, top - y0
        if self._rotation == 270:
            return y1 - top, left - x0, y1 - bottom, right - x0
        return bottom - y0, x1 - right, top - y0, x1 - left

    def _is_visible(self, index: int) -> bool:
        left, bottom, right, top = self._box(index)
        x0, y0, x1, y1 = self._media
        inside = left < x1 + _BLEED and right > x0 - _BLEED and bottom < y1 + _BLEED and top > y0 - _BLEED
        return inside and max(top - bottom, right - left) >= _LEAST_HEIGHT and self._has_contrast(index)

    def _has_contrast(self, index: int) -> bool:
        """Tell whether a character is not white on the bare page."""
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not raw.FPDFText_GetFillColor(self._text.raw, index, red, green, blue, alpha) or alpha.value == 0:
            return True  # invisible text lies over the picture of a scanned page
        if min(red.value, green.value, blue.value) < 250:
            return True
        left, bottom, right, top = self._box(index)
        return any(x0 < right and x1 > left and y0 < top and y1 > bottom for x0, y0, x1, y1 in self._backgrounds())

    def _backgrounds(self) -> list[tuple[float, float, float, float]]:
        if self._covers is None:
            kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING, raw.FPDF_PAGEOBJ_FORM]
            self._covers = [each.get_bounds() for each in self._page.get_objects(filter=kinds, max_depth=1)]
        return self._covers


def _words(run: _Run) -> Iterator[_Run]:
    """Yield words and the blanks between them."""
    for _, group in groupby(run, key=lambda char: char[1] <= 32):
        yield list(group)


def normalised(text: str) -> str:
    """Return one line: drawn forms as letters, runs of blanks as one, what is unmapped as U+FFFD."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_REPLACED)
    text = _DRAWN.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _LEADERS.sub(r"\1\1\1", _SPACES.sub(" ", unicodedata.normalize("NFC", text))).strip()
