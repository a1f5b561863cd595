"""A run on the terminal: how good, how sure, at what cost, and what was not measured."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from evals.run import Run, Summary
from evals.runs import RunLine
from evals.scoring import BUDGETS, FIRST_OF_ANSWERS, FIRST_OF_RANKINGS, KS
from rag.api.view import visible

_ID = 17  # characters of a run's id
_FLOORS = {"bm25": "BM25", "rank_bm25": "BM25 (rank-bm25)", "dense": "dense alone", "random": "random"}


def print_run(screen: Console, run: Run) -> None:
    """Print a run for people."""
    asked = sum(run.coverage.values())
    screen.print(
        Text(f"{visible(run.set_name) or 'set'}, {asked:,} questions", "bold")
        + Text(f"  bundle {visible(run.name)} {run.bundle}", "dim")
    )
    screen.print(_coverage(run))
    for line in _errors(run):
        screen.print(line)
    names = list(dict.fromkeys([run.headline, *FIRST_OF_RANKINGS, *_at_own_cuts(run), *FIRST_OF_ANSWERS]))
    screen.print(_metrics(run, [name for name in names if name in run.metrics]))
    if run.floors:
        screen.print(_floors(run))
    screen.print(_spent(run))
    screen.print(Text(_determinism(run), "dim"))
    for note in run.notes:
        screen.print(Text(note, "yellow"))
    screen.print(f"run {run.id}")


def _errors(run: Run) -> list[Text]:
    """Return why questions failed, the most frequent reasons first."""
    reasons = Counter(case.error for case in run.cases if case.state == "error")
    return [Text(f"  {count} x {visible(reason)}", "yellow") for reason, count in reasons.most_common(3)]


def _at_own_cuts(run: Run) -> list[str]:
    """Return the metrics at cuts that are not among the usual ones: somebody asked for them."""
    usual = {str(k) for k in KS} | {f"{budget}t" for budget in BUDGETS}
    return [name for name in run.metrics if "@" in name and name.partition("@")[2] not in usual]


def run_list(lines: Sequence[RunLine]) -> Table:
    """Return the runs as a table."""
    columns = ("set", "name", "bundle", "state", Column("questions", justify="right"), "started (UTC)")
    # An id is there to be copied; without borders the rest fits 80 columns.
    table = Table(Column("run", no_wrap=True, min_width=_ID), *columns, box=None, pad_edge=False)
    for each in lines:
        asked = f"{each.asked:,}" if each.asked == each.cases else f"{each.asked:,} of {each.cases:,}"
        started = datetime.fromtimestamp(each.started_at, UTC).strftime("%Y-%m-%d %H:%M")
        named = Text(visible(each.set_name)), Text(visible(each.name))
        table.add_row(each.id, *named, each.bundle, each.state, asked, started)
    return table


def interval_text(found: Summary) -> str:
    """Return "0.977 [0.968, 0.985]"."""
    if found.mean is None:
        return "not defined"
    return f"{found.mean:.3f} [{found.ci_low:.3f}, {found.ci_high:.3f}]"


def _coverage(run: Run) -> Text:
    failed = {state: count for state, count in run.coverage.items() if state != "ok" and count}
    said = Text("; ".join([f"split {run.split}, {run.scoring} scoring", *_size(run.index)]), "dim")
    if failed:
        said += Text("; not scored: " + ", ".join(f"{count} {state}" for state, count in failed.items()), "bold yellow")
    if problems := run.index.get("problems"):
        said += Text(f"; {problems:.0f} files could not be indexed", "yellow")
    return said


def _size(index: Mapping[str, float]) -> list[str]:
    """Return what is known of the index: files may not say it."""
    units = {"documents": "{:,.0f} documents", "chunks": "{:,.0f} chunks", "tokens_per_chunk": "{:.0f} tokens a chunk"}
    known = [unit.format(index[name]) for name, unit in units.items() if name in index]
    return [", ".join(known)] if known else []


def _metrics(run: Run, names: list[str]) -> Table:
    table = Table("metric", Column("mean [95 % interval]", justify="right"), Column("questions", justify="right"))
    for name in names:
        found = run.metrics[name]
        table.add_row(name, interval_text(found), f"{found.n:,}")
    return table


def _floors(run: Run) -> Table:
    columns = [Column(name, justify="right") for name in (run.headline, "this bundle is ahead by")]
    table = Table("floor", *columns)
    for name, found in run.floors.items():
        if found.mean is None or found.difference is None:
            table.add_row(_FLOORS.get(name, name), "not defined", "")
            continue
        ahead = f"{found.difference:+.3f} [{found.ci_low:+.3f}, {found.ci_high:+.3f}]"
        table.add_row(_FLOORS.get(name, name), f"{found.mean:.3f}", ahead)
    if run.beats_bm25 is False:
        table.caption = "Not shown to beat BM25 on this set."
    return table


def _determinism(run: Run) -> str:
    found = run.determinism
    said = f"{found.search} search, {found.ties_at_cut} questions with a tie at the cut"
    if found.repeats > 1:
        spread = "not measured" if found.spread is None else f"{found.spread:.4f}"
        said += f"; {found.repeats} runs without cache: {found.rankings_changed} rankings differ, spread {spread}"
    return said


def _spent(run: Run) -> Text:
    context, total = run.metrics.get("context_tokens"), run.metrics.get("latency_ms.total")
    parts = [f"context_tokens {context.mean:.0f}"] if context and context.mean else []
    parts += [f"{total.mean:.1f} ms a question"] if total and total.mean is not None else []
    stages = [
        f"{stage} {int(count['computed']):,} new, {int(count['reused']):,} reused"
        for stage, count in run.stages.items()
        if count["computed"] or count["reused"]
    ]
    return Text(", ".join([*parts, f"{run.seconds:.1f} s in all"]) + "\n" + "; ".join(stages), "dim")
