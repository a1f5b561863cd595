"""The order in which a reader takes in what stands on a slide: from top to bottom, beside each other from left."""

from collections.abc import Sequence
from dataclasses import dataclass

_OVERLAP = 0.5
_MAIN_SHARE = 0.5
_WIDE_SHARE = 0.6  # of what all places span together: such a one stands above or below the columns


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on a slide, in any unit."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width


def reading_order(places: Sequence[Place]) -> list[int]:
    """Return the numbers of the places in reading order.

    Two columns that each have one tall text under a short one (a comparison) are read one after the other.
    """
    everything = sorted(range(len(places)), key=lambda at: (places[at].top, places[at].left, at))
    columns = (column for part in _parted(places, everything) for column in _columns(places, part))
    return [at for column in columns for row in _rows(places, column) for at in row]


def _parted(places: Sequence[Place], numbers: list[int]) -> list[list[int]]:
    """Part the places where a wide one stands between those above and those below it."""
    span = max((place.right for place in places), default=0) - min((place.left for place in places), default=0)
    parts: list[list[int]] = [[]]
    for at in numbers:
        if places[at].width > _WIDE_SHARE * span and not any(_beside(places[at], places[each]) for each in parts[-1]):
            parts += [[at], []]
        else:
            parts[-1].append(at)
    return [part for part in parts if part]


def _columns(places: Sequence[Place], numbers: list[int]) -> list[list[int]]:
    across = sorted(numbers, key=lambda at: places[at].left)
    columns: list[list[int]] = []
    right = 0
    for at in across:
        if not columns or places[at].left < right:
            columns[-1:] = [[*(columns[-1] if columns else []), at]]
        else:
            columns.append([at])
        right = max(right, places[at].right)
    if len(columns) < 2 or not all(_is_column(places, column) for column in columns):
        return [numbers]
    return [sorted(column, key=numbers.index) for column in columns]


def _is_column(places: Sequence[Place], column: list[int]) -> bool:
    """Tell whether places below each other have one that is most of them."""
    heights = [places[at].height for at in column]
    return len(column) > 1 and max(heights) > _MAIN_SHARE * sum(heights)


def _rows(places: Sequence[Place], numbers: list[int]) -> list[list[int]]:
    rows: list[list[int]] = []
    for at in numbers:
        if rows and _beside(places[at], places[rows[-1][0]]):
            rows[-1].append(at)
        else:
            rows.append([at])
    return [sorted(row, key=lambda at: places[at].left) for row in rows]


def _beside(one: Place, other: Place) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > _OVERLAP * min(one.height, other.height)
