"""Outcomes to numbers: every metric of every case, and their means with intervals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evals.answer_metrics import answer_metrics
from evals.auroc import abstention_auroc
from evals.evalset import Case
from evals.graded import documents_ranked, graded_metrics, graded_metrics_of_all
from evals.metrics import locate_as_study, precision_omega, span_metrics
from evals.outcome import Outcome, Place, RankedChunk, Scoring
from evals.run import Run, Summary
from evals.significance import Estimate, intervals
from evals.span_ranks import span_grades, span_rank_metrics
from evals.spans import ChunkPlaces, PlaceIndex
from evals.truth import SetTruth

KS = (1, 3, 5, 10, 20)
BUDGETS = (250, 500, 1000, 2000, 4000)
AUROC = "abstention_auroc"
SPANS_AT_K = ("recall", "precision", "iou", "success", "ndcg", "mrr")
SPANS_AT_BUDGET = ("recall", "iou")
GRADES_AT_K = ("recall", "success", "ndcg", "mrr")
CITATIONS = {"gold_sentence_first", "gold_sentence_in_3", "citation_precision", "citation_recall"}
# What people are shown first, of rankings and of answers; --json and --out have all.
FIRST_OF_RANKINGS = (
    *("recall@5", "success@5", "precision@5", "iou@5", "precision_omega"),
    *("recall@1000t", "ndcg@10", "mrr@10", "ap"),
)
FIRST_OF_ANSWERS = (
    *("answer_f1", "exact_match", "gold_sentence_first", "gold_sentence_in_3", "citation_precision", "citation_recall"),
    *("abstention_precision", "abstention_recall", AUROC),
)
_NOTHING = Estimate(None, None, None, 0)

Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """At which cuts, and by whose rules."""

    ks: tuple[int, ...] = KS
    budgets: tuple[int, ...] = BUDGETS
    scoring: Scoring = "strict"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores the outcomes of one set on one index."""

    truth: SetTruth
    chunks: Mapping[str, RankedChunk]
    scale: Scale
    places: ChunkPlaces = field(init=False)
    _known: dict[str, Metrics] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", PlaceIndex((each.place, each.id) for each in self.chunks.values()))

    def headline(self, outcome: Outcome, name: str) -> float | None:
        """Return the metric that is shown while a run goes on; None where it has no value."""
        return (self.retrieval(outcome) or self._graded(outcome)).get(name)

    def score(self, cases: Sequence[Case], outcomes: Sequence[Outcome]) -> list[Metrics]:
        """Return the metrics that each case has a value of, in their order. A failure has none."""
        graded = self.graded(outcomes)
        return [
            self.retrieval(outcome) | graded.get(case.id, {}) | self.answers(case, outcome) | self.spent(outcome)
            for case, outcome in zip(cases, outcomes, strict=True)
        ]

    def retrieval(self, outcome: Outcome) -> Metrics:
        """Return the metrics of a ranking against spans, computed once for each case."""
        if outcome.case_id not in self._known:
            self._known[outcome.case_id] = self._retrieval(outcome)
        return self._known[outcome.case_id]

    def _retrieval(self, outcome: Outcome) -> Metrics:
        truth = self.truth.spans.get(outcome.case_id)
        if outcome.state != "ok" or truth is None:
            return {}
        scale, ranking = self.scale, self.located(outcome.ranking)
        found = span_metrics(ranking, truth, ks=scale.ks, budgets=scale.budgets, scoring=scale.scoring)
        found["precision_omega"] = precision_omega(self.places, truth, scale.scoring)
        if span_grades(self.places, truth):
            found |= span_rank_metrics(ranking, truth, self.places, scale.ks)
        return found

    def located(self, ranking: Sequence[RankedChunk]) -> Sequence[RankedChunk]:
        """Return the chunks where the scoring takes them to be."""
        return [self.chunks[each.id] for each in ranking]

    def graded(self, outcomes: Sequence[Outcome]) -> dict[str, Metrics]:
        """Return the metrics against graded documents, by case."""
        ok = [each for each in outcomes if each.state == "ok" and each.case_id in self.truth.grades]
        rankings = {each.case_id: documents_ranked(each.ranking) for each in ok}
        return graded_metrics_of_all(rankings, self.truth.grades, self.scale.ks)

    def _graded(self, outcome: Outcome) -> Metrics:
        """Return the metrics of one outcome against graded documents, by the pure functions."""
        grades = self.truth.grades.get(outcome.case_id)
        if outcome.state != "ok" or not grades:
            return {}
        return graded_metrics(documents_ranked(outcome.ranking), grades, self.scale.ks)

    def answers(self, case: Case, outcome: Outcome) -> Metrics:
        """Return the metrics of an answer."""
        if outcome.answer is None or outcome.state not in {"ok", "empty"}:
            return {}
        return answer_metrics(outcome.answer, case, self.truth.spans.get(case.id))

    def spent(self, outcome: Outcome) -> Metrics:
        """Return times by stage, context tokens, and what a model read and wrote."""
        if outcome.state not in {"ok", "empty"}:
            return {}
        found = {f"latency_ms.{stage}": ms for stage, ms in outcome.timings_ms.items()}
        found["context_tokens"] = float(sum(self.chunks[each.id].tokens for each in outcome.ranking[: outcome.kept]))
        if outcome.answer:
            found |= {"input_tokens": outcome.answer.input_tokens, "output_tokens": outcome.answer.output_tokens}
            if outcome.answer.cost_usd is not None:
                found["cost_usd"] = outcome.answer.cost_usd
        return found


def located_as_study(chunks: Mapping[str, RankedChunk], texts: Mapping[str, str]) -> dict[str, RankedChunk]:
    """Return chunks where the chunking study would take them to be: at the first occurrence of their text."""
    found = {}
    for each in chunks.values():
        place, text = each.place, texts[each.place.doc]
        start, end = locate_as_study(text[place.start : place.end], text)
        found[each.id] = RankedChunk(each.id, Place(place.doc, start, end), each.tokens)
    return found


def table_of(scores: Sequence[Mapping[str, float | None]]) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names of all metrics, and their values by case; NaN where one has none."""
    names = sorted({name for each in scores for name in each})
    rows = [[np.nan if (value := each.get(name)) is None else value for name in names] for each in scores]
    return names, np.array(rows, np.float64).reshape(len(scores), len(names))


def column_of(run: Run, name: str) -> NDArray[np.float64]:
    """Return one metric of all cases of a run, shape [cases, 1]; NaN where a case has none."""
    return table_of([{name: case.metrics.get(name)} for case in run.cases])[1]


def summaries(
    cases: Sequence[Case], outcomes: Sequence[Outcome], scores: Sequence[Metrics], applying: Collection[str] = ()
) -> dict[str, Summary]:
    """Return each metric's mean with its interval, over the cases that have a value.

    applying: names of metrics that are listed although no case has a value.
    """
    names, values = table_of(scores)
    absent = {name: _summary(_NOTHING, len(cases)) for name in sorted(applying)}
    found = {name: _summary(each, len(cases)) for name, each in zip(names, intervals(values), strict=True)}
    return absent | found | _auroc(cases, outcomes)


def applicable(cases: Sequence[Case], truth: SetTruth, scale: Scale, *, answered: bool) -> set[str]:
    """Return the names of the metrics that these cases can be scored by, whatever they get."""
    names = set[str]()
    if any(case.id in truth.spans for case in cases):
        names |= {f"{name}@{k}" for name in SPANS_AT_K for k in scale.ks} | {"ap", "precision_omega"}
        names |= {f"{name}@{budget}t" for name in SPANS_AT_BUDGET for budget in scale.budgets}
    if any(case.id in truth.grades for case in cases):
        names |= {f"{name}@{k}" for name in GRADES_AT_K for k in scale.ks} | {"ap"}
    return names | (_of_answers(cases, truth) if answered else set())


def _of_answers(cases: Sequence[Case], truth: SetTruth) -> set[str]:
    names = {"abstention_precision", AUROC}
    if any(case.answerable and case.answers for case in cases):
        names |= {"exact_match", "answer_f1"}
    if any(case.answerable and case.id in truth.spans for case in cases):
        names |= CITATIONS
    return names | ({"abstention_recall"} if not all(case.answerable for case in cases) else set())


def _auroc(cases: Sequence[Case], outcomes: Sequence[Outcome]) -> dict[str, Summary]:
    """Return how well answerability tells answerable questions from others, where the set has enough of both."""
    answered = [
        (each.answer.answerability, case.answerable) for case, each in zip(cases, outcomes, strict=True) if each.answer
    ]
    kinds = [answerable for _, answerable in answered]
    if min(sum(kinds), len(kinds) - sum(kinds)) < 2:
        return {}
    found = abstention_auroc([score for score, _ in answered], kinds)
    return {AUROC: _summary(found, len(cases))}


def _summary(found: Estimate, cases: int) -> Summary:
    return Summary(mean=found.mean, ci_low=found.ci_low, ci_high=found.ci_high, n=found.n, undefined=cases - found.n)
