"""A run with what is measured beside it: floors, that cost nothing, and repeats, that say whether it is the same."""

from contextlib import closing
from dataclasses import dataclass, replace

from evals.experiment import Watch, run_experiment
from evals.floors import BM25, Floor, floors
from evals.lab import Bench
from evals.plan import Plan
from evals.run import Determinism, FloorResult, Run
from evals.runs import RunBook
from evals.scoring import column_of
from evals.significance import paired


@dataclass(frozen=True, slots=True)
class Beside:
    """What is measured beside a run."""

    floors: bool = False
    repeats: int = 1  # runs without any cache; 1: none beside the run itself


def run_beside(plan: Plan, bench: Bench, book: RunBook, beside: Beside, watch: Watch = lambda *_: None) -> Run:
    """Run the plan, and what is wanted beside it as runs of their own; it is done when they all are.

    Raises what `run_experiment` raises.
    """

    def finish(run: Run) -> Run:
        inner = replace(plan, parent=run.id)
        run = _with_floors(inner, bench, book, run, watch) if beside.floors else run
        return _repeated(inner, bench, book, run, beside.repeats) if beside.repeats > 1 else run

    return run_experiment(plan, bench, book, watch, finish=finish)


def _with_floors(plan: Plan, bench: Bench, book: RunBook, run: Run, watch: Watch) -> Run:
    """Return the run with what it is ahead of every floor, on the same cases."""
    made = {floor.name: run_experiment(_searched(plan, floor), bench, book, watch) for floor in floors()}
    found = {name: _ahead(run, floor) for name, floor in made.items()}
    low = found[BM25].ci_low
    return run.model_copy(update={"floors": found, "beats_bm25": None if low is None else low > 0})


def _searched(plan: Plan, floor: Floor) -> Plan:
    bundle = floor.bundle(plan.bundle)
    return replace(plan, bundle=bundle, name=floor.name, search=floor.search, retrieval_only=True)


def _repeated(plan: Plan, bench: Bench, book: RunBook, run: Run, times: int) -> Run:
    """Return the run with how far it is the same when it is made again, `times` times without any cache."""
    uncached = Bench(bench.settings, cached=False, progress=bench.progress)
    with closing(uncached.backends):
        again = [run_experiment(replace(plan, name=f"repeat {at}"), uncached, book) for at in range(1, times + 1)]
    return run.model_copy(update={"determinism": _determinism([run, *again], run.determinism)})


def _determinism(runs: list[Run], found: Determinism) -> Determinism:
    shown = [run.metrics[run.headline].mean for run in runs if run.headline in run.metrics]
    means = [mean for mean in shown if mean is not None]
    rankings = zip(*([case.ranking for case in run.cases] for run in runs), strict=True)
    told = {
        "repeats": len(runs) - 1,
        "rankings_changed": sum(len(set(each)) > 1 for each in rankings),
        "spread": max(means) - min(means) if len(means) == len(runs) else None,
    }
    return found.model_copy(update=told)


def _ahead(run: Run, floor: Run) -> FloorResult:
    """Return the floor's headline metric, and the run's difference to it."""
    name = run.headline
    if name not in run.metrics or name not in floor.metrics:
        return FloorResult(run=floor.id)
    difference = paired(column_of(floor, name), column_of(run, name))[0]
    return FloorResult(
        run=floor.id,
        mean=floor.metrics[name].mean,
        difference=difference.difference,
        ci_low=difference.ci_low,
        ci_high=difference.ci_high,
        p=difference.p,
    )
