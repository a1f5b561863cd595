"""What each feature of the grounding check is worth, and what others would add.

    python -m benchmarks.grounding_features --data DIR

Per line the area under the ROC curve of each set, by a model of the other two: with the features that are used, with
one of them left out, and with one more that is not used.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.fit_grounding import SETS
from benchmarks.logistic import Floats, auroc, fit, sigmoid
from rag.analysis import analyse
from rag.grounding import FEATURES, support_score
from rag.sentences import split_sentences
from rag.support import Sources
from rag.word_weights import word_weight

Pair = tuple[str, str]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence with its features, used and not. fixed: the score of a quote, and of what cannot be checked."""

    features: Mapping[str, float]
    fixed: float | None
    halved: bool


@dataclass(frozen=True, slots=True)
class Answer:
    sentences: Sequence[Row]
    grounded: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "grounding"
    answers = {name: list(read(folder / f"{name}.jsonl")) for name in SETS}
    print(f"{'':32}" + " ".join(f"{name:>12}" for name in SETS))
    show("as used", FEATURES, answers)
    for name in FEATURES:
        show(f"without {name}", [each for each in FEATURES if each != name], answers)
    for name in ("everywhere", "neighbours", "longer"):
        show(f"with {name}", [*FEATURES, name], answers)


def show(name: str, features: Sequence[str], answers: Mapping[str, list[Answer]]) -> None:
    areas = [area(each, features, answers) for each in SETS]
    print(f"{name:32}" + " ".join(f"{each:12.3f}" for each in areas))


def area(name: str, features: Sequence[str], answers: Mapping[str, list[Answer]]) -> float:
    """Return the area of one set with a model of the others."""
    coefficients, intercept = train([each for other, each in answers.items() if other != name], features)
    scores = [score(each, features, coefficients, intercept) for each in answers[name]]
    grounded = np.array([each.grounded for each in answers[name]])
    return auroc(np.array(scores)[grounded], np.array(scores)[~grounded])


def train(sets: Iterable[list[Answer]], features: Sequence[str]) -> tuple[Floats, float]:
    """Fit as benchmarks/fit_grounding.py does: on the weakest sentence; each set, and in it each label, alike."""
    rows, labels, weights = [], [], []
    for answers in sets:
        share = np.mean([each.grounded for each in answers])
        for answer in filter(lambda each: each.sentences, answers):
            weakest = min(answer.sentences, key=lambda row: row.features["covered"] + row.features["wording"])
            rows.append([weakest.features[name] for name in features])
            labels.append(float(answer.grounded))
            weights.append(1000 / len(answers) / (share if answer.grounded else 1 - share))
    return fit(np.array(rows), np.array(labels), np.array(weights))


def score(answer: Answer, features: Sequence[str], coefficients: Floats, intercept: float) -> float:
    scores = []
    for row in answer.sentences:
        total = sum(each * row.features[name] for name, each in zip(features, coefficients, strict=True)) + intercept
        fitted = float(sigmoid(np.array(total))) * (0.5 if row.halved else 1)
        scores.append(fitted if row.fixed is None else row.fixed)
    return min(scores, default=0.0)


def read(path: Path) -> Iterable[Answer]:
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        sources = Sources(row["sources"])
        words = [analyse(text, "en") for text in row["sources"]]
        pairs = {pair for each in words for pair in pairwise(each)}
        single = {word for each in words for word in each}
        spans = split_sentences(row["answer"])
        sentences = [_row(row["answer"][start:end], sources, single, pairs) for start, end in spans]
        yield Answer(sentences, not row["hallucinated"])


def _row(sentence: str, sources: Sources, single: set[str], pairs: set[Pair]) -> Row:
    support, words = sources.support(sentence), analyse(sentence, "en")
    features = {name: float(getattr(support, name)) for name in FEATURES}
    features["everywhere"] = _share({word: word_weight(word) for word in words}, single)
    features["neighbours"] = _share({(a, b): word_weight(a) + word_weight(b) for a, b in pairwise(words)}, pairs)
    features["longer"] = float(np.log1p(len(words)))
    fixed = support.verbatim or not (support.words or support.missing)
    return Row(features, support_score(support) if fixed else None, support.missing_figures > 0)


def _share(weights: Mapping[Item, float], known: set[Item]) -> float:
    total = sum(weights.values())
    return sum(weight for item, weight in weights.items() if item in known) / total if total else 1.0


if __name__ == "__main__":
    main()
