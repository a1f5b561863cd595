"""A comparison as Markdown: for pull requests and notes."""

import re
from collections.abc import Iterator

from evals.findings import Comparison
from evals.report_content import LEGEND, Grid, PairReport, heading, overview, pair_report
from rag.api.view import visible

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~!&])")


def markdown_of(found: Comparison) -> str:
    """Return the report as one Markdown document."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: nothing of it is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(visible(text).split()))


def _lines(found: Comparison) -> Iterator[str]:
    yield "# Comparison\n"
    if not found.comparable:
        yield f"**Not comparable.** {plain(found.reason)}"
        return
    yield f"{plain(heading(found))}\n"
    yield from (f"- {plain(note)}" for note in found.notes)
    yield from (f"- **Warning:** {plain(warning)}" for warning in found.warnings)
    for grid in overview(found):
        yield from _grid(grid, "##")
    for pair in found.pairs:
        yield from _pair(pair_report(found, pair, wide=True))
    yield f"\n{plain(LEGEND)}"


def _pair(report: PairReport) -> Iterator[str]:
    yield f"\n## {plain(report.title)}\n"
    yield from (f"**{plain(sentence)}**\n" for sentence in report.verdicts)
    for grid in report.grids:
        yield from _grid(grid, "###")


def _grid(grid: Grid, level: str) -> Iterator[str]:
    yield f"\n{level} {plain(grid.title)}\n"
    if grid.rows:
        ends = ["---", *(["---:" if grid.figures else "---"] * (len(grid.columns) - 1))]
        yield _row([plain(name) for name in grid.columns])
        yield _row(ends)
        yield from (_row([_cell(cell, marked=at in grid.marked) for cell in row]) for at, row in enumerate(grid.rows))
        yield ""
    yield from (f"{plain(note)}  " for note in grid.notes)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str, *, marked: bool) -> str:
    said = plain(text)
    return f"**{said}**" if marked and said else said
