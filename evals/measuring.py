"""A run with its floors: does the bundle beat what costs nothing?"""

from dataclasses import replace

from evals.experiment import Watch, run_experiment
from evals.floors import BM25, floors
from evals.lab import Bench
from evals.plan import Plan
from evals.run import FloorResult, Run
from evals.runs import RunBook
from evals.scoring import table_of
from evals.significance import Paired, paired


def run_with_floors(plan: Plan, bench: Bench, book: RunBook, watch: Watch = lambda *_: None) -> Run:
    """Run the plan, then every floor on the same cases; return the run with what it is ahead of each.

    Raises what `run_experiment` raises.
    """
    run = run_experiment(plan, bench, book, watch)
    found = {}
    for floor in floors():
        bundle = floor.bundle(plan.bundle)
        searched = replace(plan, bundle=bundle, name=floor.name, search=floor.search, retrieval_only=True)
        found[floor.name] = _ahead(run, run_experiment(searched, bench, book, watch))
    low = found[BM25].ci_low
    run = run.model_copy(update={"floors": found, "beats_bm25": None if low is None else low > 0})
    book.save(run)
    return run


def repeated(plan: Plan, bench: Bench, book: RunBook, run: Run, times: int) -> Run:
    """Return the run with how far it is the same when it is made again, `times` in all, without any cache."""
    uncached = Bench(bench.settings, cached=False, progress=bench.progress)
    try:
        runs = [run, *(run_experiment(plan, uncached, book) for _ in range(times - 1))]
    finally:
        uncached.backends.close()
    shown = [each.metrics[run.headline].mean for each in runs if run.headline in each.metrics]
    means = [mean for mean in shown if mean is not None]
    rankings = zip(*([case.ranking for case in each.cases] for each in runs), strict=True)
    found = run.determinism.model_copy(
        update={
            "repeats": times,
            "rankings_changed": sum(len(set(each)) > 1 for each in rankings),
            "spread": max(means) - min(means) if means else 0.0,
        }
    )
    run = run.model_copy(update={"determinism": found})
    book.save(run)
    return run


def _ahead(run: Run, floor: Run) -> FloorResult:
    """Return the floor's headline metric, and the run's difference to it."""
    name = run.headline
    if name not in run.metrics or name not in floor.metrics:
        return FloorResult(run=floor.id)
    difference = _paired(floor, run, name)
    return FloorResult(
        run=floor.id,
        mean=floor.metrics[name].mean,
        difference=difference.difference,
        ci_low=difference.ci_low,
        ci_high=difference.ci_high,
        p=difference.p,
    )


def _paired(a: Run, b: Run, name: str) -> Paired:
    values = [table_of([{name: case.metrics.get(name)} for case in run.cases])[1] for run in (a, b)]
    return paired(*values)[0]
