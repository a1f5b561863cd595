"""The calibrated probability that what was read answers the question: a logistic model over few features."""

import json
import math
from dataclasses import astuple, dataclass
from functools import cache
from importlib import resources

from rag.answering.interaction import Closeness, Weights


@dataclass(frozen=True, slots=True)
class Features:
    """What the model sees; none depends on how many documents are indexed."""

    best_sentence: float  # highest MaxSim of a sentence, with its headings and context line
    best_own: float  # the same by the sentence's own words
    best_chunk: float  # highest MaxSim of the question's content words in one chunk
    content_words: float  # natural logarithm of the number of content word pieces


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients, in the order of the features."""

    coefficients: tuple[float, ...]
    intercept: float

    def probability(self, features: Features) -> float:
        total = self.intercept + sum(a * b for a, b in zip(self.coefficients, astuple(features), strict=True))
        return 1 / (1 + math.exp(-max(min(total, 500.0), -500.0)))


def features(close: Closeness, weights: Weights) -> Features:
    """Return the features of one reading, which has at least one sentence."""
    return Features(
        best_sentence=float((close.placed @ weights.pieces).max()),
        best_own=float((close.own @ weights.pieces).max()),
        best_chunk=float((close.chunks @ weights.content).max()),
        content_words=math.log(max(int((weights.content > 0).sum()), 1)),
    )


@cache
def fitted() -> Model:
    """Return the committed model; fitted by benchmarks/fit_answerability.py."""
    content = json.loads(resources.files("rag.answering").joinpath("answerability.json").read_bytes())
    return Model(tuple(content["coefficients"][name] for name in Features.__dataclass_fields__), content["intercept"])
