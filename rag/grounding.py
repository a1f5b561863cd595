"""Does what was found support what an answer says? Sentence by sentence, with what is missing and where it stands.

It finds content that the sources lack; it detects neither contradiction nor faulty inference.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rag.answers import Grounded, Sentence
from rag.sentences import split_sentences
from rag.support import Sources, Support
from rag.types import Hit

FEATURES = ("covered", "wording", "missing_figures", "missing_names")
MIN_SUPPORT = 0.5
MAX_SENTENCES = 300  # of one answer; what is beyond counts as one sentence without support
_VERBATIM_SCORE = 0.99
_FIGURE_MISSING_SHARE = 0.5  # of the score, where a number or date is missing: it is below any sensible threshold
_NOTHING_TO_CHECK = 0.5  # "Yes." has no content that a source could lack


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of an answer, with the span of a source that comes nearest."""

    start: int
    end: int
    supported: bool
    score: float
    source: int | None
    source_start: int | None
    source_end: int | None
    missing: tuple[str, ...]
    quoted: bool = False  # stands word for word in that span
    figure_missing: bool = False  # a number or date: not supported, whatever the threshold


@dataclass(frozen=True, slots=True)
class GroundingReport:
    """Whether every sentence is supported; the score is that of the weakest."""

    supported: bool
    score: float
    sentences: tuple[CheckedSentence, ...]


def ground(sentence: Sentence, hits: Sequence[Hit], min_support: float) -> Grounded:
    """Return how well the hits that a sentence quotes, and no others, support it; one name they lack is too many."""
    quoted = dict.fromkeys(quote.hit for quote in sentence.quotes)
    support = Sources([hits[place].chunk.text for place in quoted]).support(sentence.text)
    supported = bool(quoted) and not support.missing and _is_supported(support, min_support)
    return Grounded(sentence, supported, round(support_score(support), 4), support.missing)


def check_grounding(
    question: str,  # noqa: ARG001
    sources: Sequence[str],
    answer: str,
    threshold: float = MIN_SUPPORT,
) -> GroundingReport:
    """Return what of an answer its sources support; an answer without a sentence is not supported.

    The question supports nothing: it is part of the contract for checks to come. The threshold decides what counts as
    supported, and changes nothing else.
    """
    spans = split_sentences(answer)
    texts = Sources(sources)
    checked = [_checked(answer[start:end], start, texts, threshold) for start, end in spans[:MAX_SENTENCES]]
    if len(spans) > MAX_SENTENCES:
        checked.append(CheckedSentence(spans[MAX_SENTENCES][0], spans[-1][1], False, 0.0, None, None, None, ()))
    supported = bool(checked) and all(each.supported for each in checked)
    return GroundingReport(supported, min((each.score for each in checked), default=0.0), tuple(checked))


def support_score(support: Support, model: Mapping[str, float] | None = None) -> float:
    """Return how likely a sentence is supported, in [0, 1], by a logistic model whose coefficients are a file."""
    if support.verbatim:
        return _VERBATIM_SCORE
    if not support.words and not support.missing:
        return _NOTHING_TO_CHECK
    model = model or _model()
    total = model["intercept"] + sum(model[name] * getattr(support, name) for name in FEATURES)
    score = 1 / (1 + math.exp(-max(min(total, 500.0), -500.0)))
    return score * _FIGURE_MISSING_SHARE if support.missing_figures else score


def _is_supported(support: Support, min_support: float) -> bool:
    return support_score(support) >= min_support and not support.missing_figures


def _checked(sentence: str, start: int, sources: Sources, threshold: float) -> CheckedSentence:
    support = sources.support(sentence)
    best = support.best
    return CheckedSentence(
        start,
        start + len(sentence),
        _is_supported(support, threshold),
        round(support_score(support), 4),
        best.source if best else None,
        best.start if best else None,
        best.end if best else None,
        support.missing,
        quoted=support.verbatim,
        figure_missing=support.missing_figures > 0,
    )


def model_digest() -> str:
    """Return the name of the coefficients in use: a threshold fits the scores of one set of them."""
    return hashlib.sha256(json.dumps(_model(), sort_keys=True).encode()).hexdigest()[:12]


@cache
def _model() -> dict[str, float]:
    """Return the committed coefficients by name of feature; fitted by benchmarks/fit_grounding.py."""
    content = json.loads(resources.files("rag").joinpath("grounding.json").read_bytes())
    return {**content["coefficients"], "intercept": content["intercept"]}
