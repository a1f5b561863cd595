"""What a release rests on, kept with the job that made it."""

from collections.abc import Iterator

from pydantic import BaseModel

from evals.findings import Comparison, MetricDifference, Pair, RunFacts
from evals.verdicts import figure, gain_of, interval, questions


class Evidence(BaseModel, frozen=True, extra="forbid"):
    """A comparison in which a bundle was chosen, in short."""

    run: str  # of the bundle
    baseline: str  # id of the run that it was compared with; empty: it is the first itself
    runs: tuple[str, ...]  # all that were compared
    set_name: str
    split: str
    questions: int
    metric: str
    difference: float | None = None  # from the baseline
    ci_low: float | None = None
    ci_high: float | None = None
    significant: bool | None = None
    verdict: str = ""
    reservations: tuple[str, ...] = ()  # what speaks against believing it


def evidence_for(found: Comparison, run_id: str) -> Evidence:
    """Return what a comparison says for the bundle of one of its runs."""
    run = next(each for each in found.runs if each.id == run_id)
    pair = next((each for each in found.pairs if each.b == run_id), None)
    metric = pair.metrics.get(found.headline, MetricDifference()) if pair else MetricDifference()
    mean = run.means.get(found.headline)
    return Evidence(
        run=run.id,
        baseline=pair.a if pair else "",
        runs=tuple(each.id for each in found.runs),
        set_name=found.set_name,
        split=run.split,
        questions=metric.n if pair else mean.n if mean else 0,
        metric=found.headline,
        difference=metric.difference,
        ci_low=metric.ci_low,
        ci_high=metric.ci_high,
        significant=metric.significant,
        verdict=" ".join(pair.verdicts) if pair else "",
        reservations=tuple(_reservations(found, run, pair, metric)),
    )


def winner_of(found: Comparison) -> str:
    """Return the id of the run that is better than the first by most, and shown to be; else of the first."""
    better = [pair for pair in found.pairs if gain_of(found, pair) > 0 and pair.metrics[found.headline].significant]
    best = max(better, key=lambda pair: gain_of(found, pair), default=None)
    return best.b if best else found.runs[0].id


def _on_holdout(found: Comparison, run: RunFacts) -> str:
    """Return what the bundle's own figure is on the questions that were kept back."""
    mean = next((each.holdout for each in found.splits if each.bundle == run.bundle and each.holdout), None)
    if mean is None or mean.mean is None:
        return "Measure it on the holdout too."
    ends = interval(mean.ci_low, mean.ci_high, 3)
    return f"On the holdout its {found.headline} is {figure(found.headline, mean.mean)} {ends}, n {mean.n:,}."


def _reservations(found: Comparison, run: RunFacts, pair: Pair | None, metric: MetricDifference) -> Iterator[str]:
    if pair is None:
        yield "It is what the others were compared with: nothing here shows that it is better than another."
    elif not metric.significant:
        yield "The difference is not shown to be real."
    elif gain_of(found, pair) < 0:
        yield "It is shown to be worse."
    if run.split == "tune":
        yield f"Measured on tune, where it was chosen: the figure flatters it. {_on_holdout(found, run)}"
    elif run.split == "all":
        yield "Measured on all questions, tune and holdout together: no question was kept back to check the choice."
    if run.beats_bm25 is None:
        yield "No floor was run: whether it beats plain BM25 is not known."
    elif not run.beats_bm25:
        yield "It is not shown to beat plain BM25."
    failed = sum(run.coverage.get(state, 0) for state in ("error", "timeout"))
    if failed:
        yield f"{questions(failed)} failed."
    worse = [f"{each.kind} {each.name}" for each in pair.slices if each.worse] if pair else []
    if worse:
        yield f"It is worse in {', '.join(worse)}."
