"""What was measured, as a run."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from evals.code import code_digest
from evals.evalset import Case
from evals.lab import Lab
from evals.outcome import Outcome, Place, State
from evals.plan import Plan
from evals.run import CaseResult, Determinism, RankedPlace, Run
from evals.scoring import AUROC, Metrics, applicable, summaries
from evals.truth import SetTruth

SHOWN = 10  # of a ranking, kept with a run
STATES: tuple[State, ...] = ("ok", "empty", "error", "timeout")


@dataclass(frozen=True, slots=True)
class Measured:
    """Cases in their order, each with what it got and how that is scored."""

    cases: Sequence[Case]
    outcomes: Sequence[Outcome]
    scores: Sequence[Metrics]
    truth: SetTruth


def recorded(
    plan: Plan, lab: Lab, measured: Measured, run_id: str, *, started: float, notes: tuple[str, ...] = ()
) -> Run:
    """Return the run, with its means and every case."""
    names = applicable(measured.cases, measured.truth, plan.scale, answered=not plan.retrieval_only)
    return Run(
        id=run_id,
        set=plan.eval_set.digest,
        corpus=plan.corpus.digest,
        bundle=plan.bundle.digest,
        metrics=summaries(measured.cases, measured.outcomes, measured.scores, names),
        coverage={state: sum(each.state == state for each in measured.outcomes) for state in STATES},
        stages=lab.stages.as_json(),
        cases=_results(lab, measured, names - {AUROC}),
        set_name=plan.eval_set.name,
        set_path=str(plan.eval_set.path),
        name=plan.name,
        code=code_digest(),
        model=lab.embedder.identity,
        precision=lab.embedder.precision,
        reranker=lab.reranker,
        split=plan.split,
        scoring=plan.scale.scoring,
        limit=plan.limit,
        retrieval_only=plan.retrieval_only,
        timeout_s=plan.timeout_s,
        search=plan.search_name,
        parent=plan.parent,
        truth=plan.eval_set.truth,
        headline=plan.headline,
        bundle_content=plan.bundle,
        determinism=Determinism(ties_at_cut=sum(each.tied_at_cut for each in measured.outcomes)),
        index=_index_facts(lab),
        notes=notes,
        started_at=started,
        seconds=round(time.time() - started, 3),
    )


def _index_facts(lab: Lab) -> dict[str, float]:
    tokens = [chunk.tokens for chunk in lab.corpus.ranked.values()]
    return {
        "documents": len(lab.corpus.documents),
        "problems": lab.problems,
        "chunks": len(tokens),
        "tokens_per_chunk": round(sum(tokens) / len(tokens), 1),
        "bytes": lab.index_bytes,
    }


def _results(lab: Lab, measured: Measured, applying: Collection[str]) -> tuple[CaseResult, ...]:
    names = sorted({name for each in measured.scores for name in each} | set(applying))
    types = {document.info.uri: document.info.type for document in lab.corpus.documents.values()}
    rows = zip(measured.cases, measured.outcomes, measured.scores, strict=True)
    return tuple(
        _result(case, outcome, {name: found.get(name) for name in names}, measured.truth, types)
        for case, outcome, found in rows
    )


def _result(
    case: Case, outcome: Outcome, metrics: dict[str, float | None], truth: SetTruth, types: Mapping[str, str]
) -> CaseResult:
    docs, answer = tuple(truth.uris[doc] for doc in case.docs), outcome.answer
    return CaseResult(
        id=case.id,
        state=outcome.state,
        metrics=metrics,
        question=case.question,
        error=outcome.error,
        tags=case.tags,
        type=types.get(docs[0], "") if docs else "",
        docs=docs,
        answerable=case.answerable,
        ranking=tuple(_placed(each.place, each.id) for each in outcome.ranking[:SHOWN]),
        status=answer.status if answer else "",
        answerability=answer.answerability if answer else None,
        quotes=tuple(_placed(each) for each in answer.quotes) if answer else (),
    )


def _placed(place: Place, chunk_id: str = "") -> RankedPlace:
    # What we made ourselves needs no check, and there are ten of them for each case.
    return RankedPlace.model_construct(id=chunk_id, doc=place.doc, start=place.start, end=place.end)
