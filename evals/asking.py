"""One case through the pipeline that serves: what it got, or why it got nothing."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import orjson

from evals.evalset import Case
from evals.frozen import FrozenCorpus
from evals.lab import Lab
from evals.outcome import AnswerOutcome, Outcome, Place
from evals.stages import key_of
from rag.answers import Answer, Trace
from rag.api.schemas import Where
from rag.config import Bundle
from rag.errors import DeadlineError, RagError
from rag.screening import screen
from rag.settings import QuestionLimits
from rag.types import ALL_ROLES, Caller, Filter, Request

_STAGE_OF = {"fuse": "fuse", "ground": "ground", "cite": "ground"}  # timings of the pipeline, as stages


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks cases in one lab."""

    lab: Lab
    timeout_s: float
    retrieval_only: bool = False

    def ask(self, case: Case) -> Outcome:
        """Return what a case got; an error or a time-out is a state. What was asked before is not asked again."""
        lab, kind = self.lab, kind_of(retrieval_only=self.retrieval_only)
        key = asked_key(lab.scope, lab.bundle, lab.limits, case, writer=lab.writer, retrieval_only=self.retrieval_only)
        known = self._remembered(case, lab.stages.peek(kind, key))
        if known is not None:
            return known
        lab.stages.timings_ms.clear()
        before = {stage: count.computed + count.reused for stage, count in lab.stages.counts.items()}
        outcome = self._asked(case)
        if outcome.state in {"ok", "empty"}:
            used = {stage: count.computed + count.reused - before[stage] for stage, count in lab.stages.counts.items()}
            lab.stages.remember(kind, key, _packed(outcome, used))
        return outcome

    def _asked(self, case: Case) -> Outcome:
        try:
            request = self._request(case)
            self.lab.embedder.question = screen(request, self.lab.limits).question
            if self.retrieval_only:
                return self._outcome(case, self.lab.pipeline.search(request).trace, None)
            answered = self.lab.pipeline.answer(request)
            failed = next((each.detail for each in answered.answer.notices if each.kind == "degraded"), None)
            if failed:  # what the documents say in the model's place is no measure of the model
                return Outcome(case.id, "error", failed)
            return self._outcome(case, answered.trace, answered.answer)
        except DeadlineError as error:
            return Outcome(case.id, "timeout", str(error))
        except RagError as error:
            return Outcome(case.id, "error", str(error))

    def _request(self, case: Case) -> Request:
        return Request(
            id=case.id,
            question=case.question,
            caller=Caller(frozenset(case.roles if case.roles is not None else (ALL_ROLES,)), feature="evaluation"),
            where=Where.model_validate_json(orjson.dumps(dict(case.where))).as_filter() if case.where else Filter(),
            bundle=self.lab.bundle,
            deadline=time.monotonic() + self.timeout_s,
        )

    def _outcome(self, case: Case, trace: Trace, answer: Answer | None) -> Outcome:
        self._note(trace.timings_ms)
        corpus = self.lab.corpus
        ranking = tuple(corpus.ranked[each.chunk_id] for each in trace.candidates)
        kept = sum(each.fate == "kept" for each in trace.candidates)
        return Outcome(
            case.id,
            "ok" if ranking else "empty",
            ranking=ranking,
            kept=kept,
            tied_at_cut=0 < kept < len(ranking) and trace.candidates[kept - 1].score == trace.candidates[kept].score,
            answer=_answer(answer) if answer else None,
            timings_ms=_timings(self.lab.stages.timings_ms),
        )

    def _note(self, timings_ms: Mapping[str, float]) -> None:
        """Count the steps that have no memory of their own: they take less time than looking them up."""
        stages = self.lab.stages
        for name, stage in _STAGE_OF.items():
            if name in timings_ms:
                stages.note(stage, int(name == stage), timings_ms[name] / 1000)
        if self.lab.bundle.query.rerank != "none":
            scoring = stages.timings_ms.get("rerank", 0.0)
            stages.note("rerank", 0, max(timings_ms["rerank"] - scoring, 0) / 1000)
        if "draft" in timings_ms:
            encoding = stages.timings_ms.get("embed_sentences", 0.0)
            writing = timings_ms.get("generate", 0.0)
            stages.note("answer", 1, max(timings_ms["draft"] + writing - encoding, 0) / 1000)

    def _remembered(self, case: Case, content: bytes | None) -> Outcome | None:
        """Return what a case got before; None where nothing is known, or where it took longer than it may now."""
        if content is None:
            return None
        outcome, used = _unpacked(content, self.lab.corpus)
        if outcome.timings_ms["total"] > self.timeout_s * 1000:
            return None
        for stage, count in used.items():
            self.lab.stages.counts[stage].reused += count
        return replace(outcome, case_id=case.id)


def kind_of(*, retrieval_only: bool) -> str:
    """Return the kind under which what cases got is remembered."""
    return "rankings" if retrieval_only else "answers"


def asked_key(
    scope: str, bundle: Bundle, limits: QuestionLimits, case: Case, *, writer: str, retrieval_only: bool
) -> bytes:
    """Return the key under which what a case got in a lab of this scope is remembered.

    writer: what decides a model's answers beside the bundle.
    """
    answer = "" if retrieval_only else bundle.answer.model_dump_json() + writer
    asked = (case.question, None if case.roles is None else sorted(case.roles), orjson.dumps(dict(case.where)))
    return key_of(scope, bundle.query.model_dump_json(), answer, limits.model_dump_json(), *asked)


def _answer(answer: Answer) -> AnswerOutcome:
    by_marker = {each.marker: Place(each.uri, each.start, each.end) for each in answer.citations}
    markers = dict.fromkeys(marker for sentence in answer.sentences for marker in sentence.citations)
    return AnswerOutcome(
        status=answer.status,
        text=" ".join(sentence.text for sentence in answer.sentences),
        answerability=answer.answerability,
        quotes=tuple(by_marker[marker] for marker in markers),
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        cost_usd=float(answer.usage.cost_usd) if answer.usage.cost_usd is not None else None,
    )


def _timings(timings_ms: Mapping[str, float]) -> dict[str, float]:
    found = {stage: round(ms, 3) for stage, ms in timings_ms.items()}
    return found | {"total": round(sum(timings_ms.values()), 3)}


def _packed(outcome: Outcome, used: Mapping[str, int]) -> bytes:
    content = {
        "state": outcome.state,
        "ranking": [each.id for each in outcome.ranking],
        "kept": outcome.kept,
        "tied": outcome.tied_at_cut,
        "answer": asdict(outcome.answer) if outcome.answer else None,
        "timings_ms": dict(outcome.timings_ms),
        "used": {stage: count for stage, count in used.items() if count},
    }
    return orjson.dumps(content)


def _unpacked(content: bytes, corpus: FrozenCorpus) -> tuple[Outcome, dict[str, int]]:
    found = orjson.loads(content)
    ranking = tuple(corpus.ranked[id_] for id_ in found["ranking"])
    answer = found["answer"]
    if answer is not None:
        quotes = tuple(Place(**each) for each in answer.pop("quotes"))
        answer = AnswerOutcome(quotes=quotes, **answer)
    outcome = Outcome("", found["state"], "", ranking, found["kept"], answer, found["timings_ms"], found["tied"])
    return outcome, found["used"]
