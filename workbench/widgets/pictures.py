"""Tables as pictures: drawn as SVG, with every text escaped, and as PNG from it. No browser, no network."""

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import vl_convert

from rag.api.view import visible

_FONT, _LINE, _GAP, _EDGE = 13, 20, 22, 16  # pixels
_PER_CHARACTER = 7.3  # of a line's width: most letters of most fonts are narrower
_WIDEST = 64  # characters before a cell goes on in the next line
_SCALE = 2.0  # pixels of a PNG for one of the SVG
_UNDRAWABLE = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff\ud800-\udfff]+")  # XML has no place for them


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table before it is drawn: words at the left, figures at the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: bool = True  # all columns but the first


def table_picture(table: Drawn, form: Literal["png", "svg"]) -> bytes:
    """Return a table as a picture on white."""
    svg = _svg(table)
    return svg.encode() if form == "svg" else bytes(vl_convert.svg_to_png(svg, scale=_SCALE))


def _svg(table: Drawn) -> str:
    lines = [[_lines(cell) for cell in row] for row in (table.columns, *table.rows)]
    widths = [max(_width(row[at]) for row in lines) * _PER_CHARACTER for at in range(len(table.columns))]
    title = _lines(table.title)
    heights = [_LINE * max(map(len, row)) for row in lines]
    width = max(sum(widths) + _GAP * (len(widths) - 1), _width(title) * (_PER_CHARACTER + 1)) + 2 * _EDGE
    height = _LINE * (len(title) + 1) + sum(heights) + 2 * _EDGE
    parts = "".join([*_titled(title), *_drawn(lines, widths, heights, len(title), figures=table.figures)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'font-family="sans-serif" font-size="{_FONT}" fill="#1b1f24">'
        f'<rect width="100%" height="100%" fill="white"/>{parts}</svg>'
    )


def _titled(title: Sequence[str]) -> Iterator[str]:
    for at, line in enumerate(title, 1):
        yield f'<text x="{_EDGE}" y="{_EDGE + _LINE * at - 6}" font-weight="bold">{line}</text>'


def _drawn(
    lines: Sequence[Sequence[list[str]]], widths: Sequence[float], heights: Sequence[int], above: int, *, figures: bool
) -> Iterator[str]:
    top = _EDGE + _LINE * above + _LINE // 2
    for number, (row, height) in enumerate(zip(lines, heights, strict=True)):
        yield from _row(row, widths, top, heading=number == 0, figures=figures)
        top += height
        far = _EDGE + sum(widths) + _GAP * (len(widths) - 1)
        yield f'<line x1="{_EDGE}" x2="{far:.0f}" y1="{top + 1}" y2="{top + 1}" stroke="#d0d7de"/>'


def _row(
    cells: Sequence[list[str]], widths: Sequence[float], top: int, *, heading: bool, figures: bool
) -> Iterator[str]:
    left = float(_EDGE)
    weight = ' font-weight="bold"' if heading else ""
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        right = figures and at > 0
        x, anchor = (left + width, ' text-anchor="end"') if right else (left, "")
        for number, line in enumerate(cell, 1):
            yield f'<text x="{x:.0f}" y="{top + _LINE * number - 5}"{anchor}{weight}>{line}</text>'
        left += width + _GAP


def _lines(text: str) -> list[str]:
    """Return a cell's lines as inert XML."""
    said = _UNDRAWABLE.sub(" ", visible(text))
    return [escape(line) for line in textwrap.wrap(said, _WIDEST)] or [""]


def _width(lines: Sequence[str]) -> int:
    """Return the width of the longest line in letters; those of wide scripts count twice."""
    return max(sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in line) for line in lines)
