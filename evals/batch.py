"""Several bundles over one eval set, one after the other: what a page begins and a job does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, Field, field_validator

from evals.commands import open_bench
from evals.corpus import EvalCorpus, open_corpus
from evals.estimate import Estimator
from evals.evalset import CorpusPlace, EvalSet, Split
from evals.forecast import Forecast
from evals.loading import load_set, place_named
from evals.measuring import Beside, run_beside
from evals.outcome import Outcome
from evals.plan import Plan
from indexing.report import Progress
from rag.config import Bundle
from rag.settings import Settings


class NamedBundle(BaseModel, frozen=True):
    """A bundle and what people call it."""

    name: str = Field(min_length=1, max_length=80)
    bundle: Bundle


class Batch(BaseModel, frozen=True, extra="forbid"):
    """What is to be measured."""

    eval_set: Path
    bundles: tuple[NamedBundle, ...] = Field(min_length=1)
    corpus: Path | None = None  # the documents, a folder or a file; none: the set's own, else what serves
    split: Split = "all"
    limit: int | None = Field(default=None, ge=1)
    retrieval_only: bool = False
    floors: bool = False
    forecasts: tuple[Forecast, ...] = ()  # what was told before the start

    @field_validator("bundles")
    @classmethod
    def _told_apart(cls, bundles: tuple[NamedBundle, ...]) -> tuple[NamedBundle, ...]:
        if len({each.name for each in bundles}) < len(bundles):
            raise ValueError("two bundles have the same name")
        return bundles


class Watcher(Progress, Protocol):
    """Who is told how far a batch is."""

    def bundle(self, name: str, number: int, metric: str) -> None:
        """Begin bundle `number`, counted from 1, whose headline is `metric`."""

    def embedded(self, count: int) -> None:
        """Take how many more texts were embedded."""

    def asked(self, outcome: Outcome, value: float | None) -> None:
        """Take a question's outcome with its headline metric, where it has one."""

    def finished(self, name: str, run_id: str) -> None:
        """Take the run of a bundle."""


def plan_of(batch: Batch, named: NamedBundle, settings: Settings) -> Plan:
    """Return what one bundle of a batch is asked. Raises EvalSetError, UsageError, NoIndexError."""
    eval_set = load_set(batch.eval_set)
    return plan_over(batch, named, eval_set, open_corpus(documents_of(batch, eval_set), settings))


def documents_of(batch: Batch, eval_set: EvalSet) -> CorpusPlace:
    """Return where the documents of a batch are. Raises UsageError."""
    return place_named(batch.corpus, None) or eval_set.corpus


def plan_over(batch: Batch, named: NamedBundle, eval_set: EvalSet, corpus: EvalCorpus) -> Plan:
    """Return what one bundle of a batch is asked about documents that are opened already."""
    return Plan(
        eval_set=eval_set,
        corpus=corpus,
        bundle=named.bundle,
        name=named.name,
        split=batch.split,
        limit=batch.limit,
        retrieval_only=batch.retrieval_only,
    )


def forecasts_of(batch: Batch, eval_set: EvalSet, estimator: Estimator) -> tuple[Forecast, ...]:
    """Return what each bundle of a batch over this set, which is read already, will take.

    Raises UsageError, NoIndexError, ModelUnavailableError, StoreUnavailableError.
    """
    corpus = estimator.corpora.open(documents_of(batch, eval_set))
    plans = [plan_over(batch, named, eval_set, corpus) for named in batch.bundles]
    return estimator.forecasts(plans, with_floors=batch.floors)


def run_batch(batch: Batch, settings: Settings, watcher: Watcher, *, done: Mapping[str, str]) -> dict[str, str]:
    """Measure every bundle that has no run yet; return the ids of all runs by bundle name, in their order.

    done: ids of runs that were finished before, by bundle name. A run that was interrupted goes on where it was.
    """
    found = dict(done)
    with open_bench(settings) as (bench, book):
        bench.progress, bench.embedded = watcher, watcher.embedded
        for number, named in enumerate(batch.bundles, 1):
            if named.name not in found:
                plan = plan_of(batch, named, settings)
                watcher.bundle(named.name, number, plan.headline)
                found[named.name] = run_beside(plan, bench, book, Beside(batch.floors), watcher.asked).id
                watcher.finished(named.name, found[named.name])
    return {named.name: found[named.name] for named in batch.bundles}
