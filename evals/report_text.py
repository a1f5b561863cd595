"""A comparison on the terminal: readable in 80 columns and without colours."""

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from evals.findings import Comparison
from evals.report_content import LEGEND, Grid, PairReport, heading, overview, pair_report
from rag.api.view import visible

_DETAILED = 3  # pairs; of more the ranks are shown
_WORDS = 48  # characters of a first column


def print_comparison(screen: Console, found: Comparison) -> None:
    """Print what was found, or why the runs cannot be compared."""
    if not found.comparable:
        screen.print(Text("Not comparable. ", "bold red") + Text(visible(found.reason)))
        return
    screen.print(Text(visible(heading(found)), "bold"))
    for note in found.notes:
        screen.print(Text(visible(note), "yellow"))
    for warning in found.warnings:
        screen.print(Text(f"Warning: {visible(warning)}", "bold yellow"))
    _print_pairs(screen, found)


def _print_pairs(screen: Console, found: Comparison) -> None:
    for grid in overview(found):
        _print_grid(screen, grid)
    if len(found.pairs) > _DETAILED:
        for pair in found.pairs:
            said = " ".join(pair.verdicts)
            screen.print(Text(visible(said if said.startswith(pair.label_b) else f"{pair.label_b}: {said}")))
        return
    for pair in found.pairs:
        _print_pair(screen, pair_report(found, pair, wide=False))
    screen.print(Text(LEGEND, "dim"))


def _print_pair(screen: Console, report: PairReport) -> None:
    screen.print(Text(f"\n{visible(report.title)}", "bold cyan"))
    for sentence in report.verdicts:
        screen.print(Text(visible(sentence), "bold"))
    for grid in report.grids:
        _print_grid(screen, grid)


def _print_grid(screen: Console, grid: Grid) -> None:
    screen.print(Text(f"\n{visible(grid.title)}", "bold"))
    if grid.rows:
        screen.print(_table(grid))
    for note in grid.notes:
        screen.print(Text(visible(note), "dim"))


def _table(grid: Grid) -> Table:
    table = Table(*_columns(grid), box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for at, row in enumerate(grid.rows):
        cells = [Text(visible(cell)) for cell in row]
        table.add_row(*cells, style="bold red" if at in grid.marked else None)
    return table


def _columns(grid: Grid) -> list[Column]:
    words = Column(grid.columns[0], overflow="fold", max_width=_WORDS)
    if not grid.figures:
        return [words, *(Column(name, overflow="fold") for name in grid.columns[1:])]
    return [words, *(Column(name, justify="right", no_wrap=True) for name in grid.columns[1:])]
