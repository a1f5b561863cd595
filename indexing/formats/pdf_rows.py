"""Pieces of lines as they stand in the file -> lines in reading order: columns parted, cells and signs joined."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from indexing.formats.pdf_lines import Line

_REACH = 250  # points between two cells of one row
_CELL_GAP = 1.2  # of the letters' height: wider gaps part cells
_FULL_SHARE = 0.88  # of the column: a shorter line ends because the writer ended it
_COLUMN_POINTS = 40  # lines that begin this close to each other are of one column
_NEIGHBOURS = 6  # lines before and after tell how wide a column is
_LEAST_PAIRS = 6  # rows that show two columns drawn line by line
_PROSE_CHARS = 22  # a column of prose has lines longer than those of a table


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return whole lines; each knows whether it fills its column."""
    rows = _joined(_without_interleaving([line for line in lines if not line.sideways]))
    notes = [line for line in lines if line.sideways]
    return [_measured(rows, number) for number in range(len(rows))] + notes


def _without_interleaving(lines: Sequence[Line]) -> list[Line]:
    """Return the lines, two columns of prose one after the other where the file draws them row by row."""
    ordered: list[Line] = []
    for run in _two_column_runs(lines):
        gutter = _gutter(run)
        if gutter is None:
            ordered += run
        else:
            ordered += [line for line in run if line.left < gutter] + [line for line in run if line.left >= gutter]
    return ordered


def _two_column_runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield runs of lines, each as long as no line crosses the gutter of those before it."""
    run: list[Line] = []
    for line in lines:
        gutter = _gutter(run)
        if gutter is not None and line.left < gutter - 5 and line.right > gutter + 5:
            yield run
            run = []
        run.append(line)
    yield run


def _gutter(run: Sequence[Line]) -> float | None:
    """Return where the right one of two columns begins, None where there are not two of prose."""
    pairs = [(a, b) for a, b in pairwise(run) if _is_level(a, b) and b.left - a.right > 0]
    pairs = [(a, b) for a, b in pairs if min(len(a.text), len(b.text)) >= _PROSE_CHARS]
    if len(pairs) < _LEAST_PAIRS or 3 * len(pairs) < len(run):
        return None
    left_end, right_start = max(a.right for a, _ in pairs), min(b.left for _, b in pairs)
    return right_start if left_end < right_start else None


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Join what stands side by side on one row and follows in reading order."""
    rows: list[Line] = []
    for line in lines:
        if rows and _is_beside(rows[-1], line):
            rows[-1] = _one(rows[-1], line)
        else:
            rows.append(line)
    return rows


def _is_beside(before: Line, line: Line) -> bool:
    gap = line.left - before.right
    if _is_level(before, line):
        return -0.3 * line.size <= gap < _REACH
    small, large = sorted((before.size, line.size))
    overlap = min(before.top, line.top) - max(before.bottom, line.bottom)
    return small < 0.85 * large and overlap > 0.5 * small and -0.5 * large <= gap < large


def _is_level(before: Line, line: Line) -> bool:
    return abs(before.bottom - line.bottom) < 0.4 * min(before.size, line.size)


def _one(before: Line, line: Line) -> Line:
    main = max(before, line, key=lambda each: len(each.text))
    gap = line.left - before.right
    blank = "" if line.text[0] in ",.;:)" and gap < 0.3 * main.size else " "
    return replace(
        main,
        text=f"{before.text}{blank}{line.text}",
        left=min(before.left, line.left),
        right=max(before.right, line.right),
        top=max(before.top, line.top),
        bold=before.bold and line.bold,
        broken=line.broken,
        celled=before.celled or line.celled or gap > _CELL_GAP * main.size,
    )


def _measured(lines: Sequence[Line], number: int) -> Line:
    line = lines[number]
    near = lines[max(0, number - _NEIGHBOURS) : number + _NEIGHBOURS + 1]
    right = max(each.right for each in near if abs(each.left - line.left) < _COLUMN_POINTS)
    return replace(line, full=not line.celled and line.right - line.left >= _FULL_SHARE * (right - line.left))
