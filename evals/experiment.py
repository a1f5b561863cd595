"""One bundle over one eval set, on the path that serves: from cases to a run."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from evals.asking import Asker
from evals.evalset import Case
from evals.lab import Bench, Lab, open_lab
from evals.outcome import Outcome
from evals.plan import Plan
from evals.recording import Measured, recorded
from evals.run import Run
from evals.runs import RunBook
from evals.scoring import Scorer, located_as_study
from evals.splitting import Part, split_cases
from evals.truth import checked_truth
from indexing.embedding import cached_as
from rag.errors import UsageError

Watch: TypeAlias = Callable[[Outcome, float | None], None]  # told each outcome, with its headline metric
Finish: TypeAlias = Callable[[Run], Run]
ASKING = "Asking"  # how the stage is called in which questions are asked


def run_experiment(
    plan: Plan, bench: Bench, book: RunBook, watch: Watch = lambda *_: None, *, finish: Finish = lambda run: run
) -> Run:
    """Ask every case, score what came, save the run and return it. An interrupted one goes on where it was.

    finish: adds what else belongs to the run, before it is done.
    Raises EvalSetError where set and documents disagree, UsageError where there is nothing to ask.
    """
    started = time.time()
    part = split_cases(plan.eval_set.cases, plan.split)
    cases = part.cases[: plan.limit]
    if not cases:
        raise UsageError(f"There is no case to ask in {plan.eval_set.name}: the split {plan.split!r} is empty.")
    notes = _notes(plan, book, part)
    with open_lab(bench, plan.corpus, plan.bundle, plan.search) as lab:
        scorer = _scorer(plan, lab, cases)
        with _begun(plan, lab, book, len(cases)) as run_id:
            bench.progress.stage(f"{ASKING}, bundle {plan.name}", len(cases))
            outcomes, headline = list[Outcome](), plan.headline
            for outcome in _asked(plan, lab, cases):
                outcomes.append(outcome)
                watch(outcome, scorer.headline(outcome, headline))
                bench.progress.advance(1)
                book.beat(run_id, len(outcomes))
            lab.stages.flush()  # floors search the same index
            measured = Measured(cases, outcomes, scorer.score(cases, outcomes), scorer.truth)
            run = finish(recorded(plan, lab, measured, run_id, started=started, notes=(*notes, *_losses(scorer))))
            book.save(run)
    return run


def _notes(plan: Plan, book: RunBook, part: Part) -> tuple[str, ...]:
    counts = plan.split == "holdout" and not plan.parent
    opened = book.holdout_openings(plan.eval_set.digest) if counts else 0
    seen = f"The holdout of this set was seen by {opened} runs before: what was chosen by them is flattered by it."
    return tuple(note for note in (part.note, seen if opened else "") if note)


def _losses(scorer: Scorer) -> tuple[str, ...]:
    lost = scorer.truth.lost
    shown = ", ".join(lost[:3]) + (", ..." if len(lost) > 3 else "")
    return (f"{len(lost)} documents that questions rest on could not be indexed: {shown}.",) if lost else ()


def _scorer(plan: Plan, lab: Lab, cases: Sequence[Case]) -> Scorer:
    truth = checked_truth(plan.eval_set, cases, plan.corpus, lab.corpus)
    chunks = lab.corpus.ranked
    if plan.scale.scoring == "chroma":
        chunks = located_as_study(chunks, lab.corpus.texts)
    return Scorer(truth, chunks, plan.scale)


@contextmanager
def _begun(plan: Plan, lab: Lab, book: RunBook, cases: int) -> Iterator[str]:
    """Begin the run, or go on with an interrupted one; where the block fails, say so in its row."""
    facts = {"set_name": plan.eval_set.name, "set_digest": plan.eval_set.digest, "bundle": plan.bundle.digest}
    facts |= {"split": plan.split, "name": plan.name, "parent": plan.parent}
    run_id = book.begin(plan.key(cached_as(lab.embedder), lab.limits), facts, cases)
    try:
        yield run_id
    except BaseException as error:
        book.end(run_id, "failed" if isinstance(error, Exception) else "interrupted")
        raise


def _asked(plan: Plan, lab: Lab, cases: Sequence[Case]) -> Iterator[Outcome]:
    asker = Asker(lab, plan.timeout_s, plan.retrieval_only)
    return (asker.ask(case) for case in cases)
