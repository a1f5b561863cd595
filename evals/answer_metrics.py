"""Metrics of one answer: its text, what it cites, and whether it rightly kept silent. All in [0, 1]."""

import re
import string
from collections import Counter
from collections.abc import Sequence

from evals.evalset import Case
from evals.outcome import AnswerOutcome, Place
from evals.spans import SpanTruth, TrueSpan, covers

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def answer_metrics(outcome: AnswerOutcome, case: Case, truth: SpanTruth | None) -> dict[str, float]:
    """Return what is defined for an answer, by name; `truth` is None where the case has no references.

    Text metrics need an answerable case with answers, citation metrics one with references; an abstention scores 0
    there, and its citation precision is undefined. `abstention_recall` is defined on unanswerable cases,
    `abstention_precision` on abstentions.
    """
    metrics: dict[str, float] = {}
    if case.answerable and case.answers:
        metrics |= _text_metrics(outcome, case.answers)
    if case.answerable and truth:
        metrics |= _citation_metrics([] if outcome.abstained else outcome.quotes, truth)
    if not case.answerable:
        metrics["abstention_recall"] = float(outcome.abstained)
    if outcome.abstained:
        metrics["abstention_precision"] = float(not case.answerable)
    return metrics


def exact_match(text: str, answers: Sequence[str]) -> float:
    """Return 1 where the text equals one of the answers after normalisation, else 0 (Rajpurkar et al., 2016).

    Raises ValueError without answers.
    """
    _require(answers)
    return float(any(normalised(text) == normalised(answer) for answer in answers))


def answer_f1(text: str, answers: Sequence[str]) -> float:
    """Return the best harmonic mean of precision and recall of words over the answers (Rajpurkar et al., 2016).

    Raises ValueError without answers.
    """
    _require(answers)
    return max(_f1(normalised(text).split(), normalised(answer).split()) for answer in answers)


def normalised(text: str) -> str:
    """Return the text as SQuAD compares it: lower case, without ASCII punctuation and articles, single spaces."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _text_metrics(outcome: AnswerOutcome, answers: Sequence[str]) -> dict[str, float]:
    if outcome.abstained:
        return {"exact_match": 0.0, "answer_f1": 0.0}
    return {"exact_match": exact_match(outcome.text, answers), "answer_f1": answer_f1(outcome.text, answers)}


def _citation_metrics(quotes: Sequence[Place], truth: SpanTruth) -> dict[str, float]:
    """Score quotes in the order of the answer's sentences; one covers a reference where it covers a copy of it."""
    right = [any(_proves(quote, span) for span in truth.spans) for quote in quotes]
    cited = [any(_proves(quote, span) for quote in quotes) for span in truth.spans]
    metrics = {
        "gold_sentence_first": float(any(right[:1])),
        "gold_sentence_in_3": float(any(right[:3])),
        "citation_recall": sum(cited) / len(cited),
    }
    return metrics | ({"citation_precision": sum(right) / len(right)} if right else {})


def _proves(quote: Place, span: TrueSpan) -> bool:
    return any(covers(quote, place) for place in span.places)


def _f1(words: Sequence[str], truth: Sequence[str]) -> float:
    if not words or not truth:
        return float(words == truth)
    shared = sum((Counter(words) & Counter(truth)).values())
    return 2 * shared / (len(words) + len(truth))


def _require(answers: Sequence[str]) -> None:
    if not answers:
        raise ValueError("without answers there is nothing to compare the text with")
