"""The numbers of lists and headings, spelled as a reader sees them: "2.1", "(a)", "iv."."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

NumberStyle: TypeAlias = Literal["decimal", "padded", "ordinal", "letter", "LETTER", "roman", "ROMAN", "none"]

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST_ROMAN = 3999
_MOST_LETTERS = 26 * 20
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """How the items of one depth are numbered; "%1" in the template is the number of the outermost depth."""

    template: str
    style: NumberStyle = "decimal"
    start: int = 1
    restarts_after: int | None = None  # only an item of this depth or above starts it anew; None: any above it
    all_decimal: bool = False  # the numbers of other depths too


@dataclass(slots=True)
class Counters:
    """How far a list has come, by depth; 0 is the outermost."""

    _numbers: dict[int, int] = field(default_factory=dict)

    def restart(self, depth: int) -> None:
        """Let the next item of a depth be the first again."""
        self._numbers.pop(depth, None)

    def go_on_with(self, depth: int, number: int) -> None:
        """Give the next item of a depth this number."""
        self._numbers[depth] = number - 1

    def advance(self, depth: int, levels: Mapping[int, Level]) -> str:
        """Count an item, and return its label; items further in start anew. Empty where it has no number."""
        self._numbers[depth] = self._numbers.get(depth, levels[depth].start - 1) + 1
        for deeper in [each for each in self._numbers if each > depth]:
            after = levels[deeper].restarts_after if deeper in levels else None
            if after is None or depth <= after:
                del self._numbers[deeper]
        return _PLACE.sub(lambda place: self._spelled(int(place[1]) - 1, depth, levels), levels[depth].template)

    def _spelled(self, depth: int, at: int, levels: Mapping[int, Level]) -> str:
        level = levels.get(depth, Level(""))
        number = self._numbers.get(depth, level.start)
        return spelled(number, "decimal" if levels[at].all_decimal else level.style)


def spelled(number: int, style: NumberStyle) -> str:
    """Return a number in a style; in digits where the style has no form for it."""
    match style:
        case "none":
            return ""
        case "padded":
            return f"{number:02}"
        case "ordinal":
            return f"{number}{_ordinal_ending(number)}"
        case "letter" | "LETTER" if 0 < number <= _MOST_LETTERS:
            letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
            return letters.upper() if style == "LETTER" else letters
        case "roman" | "ROMAN" if 0 < number <= _LARGEST_ROMAN:
            return _roman(number).upper() if style == "ROMAN" else _roman(number)
        case _:
            return str(number)


def _roman(number: int) -> str:
    digits = ""
    for value, letters in _ROMAN:
        digits += letters * (number // value)
        number %= value
    return digits


def _ordinal_ending(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
