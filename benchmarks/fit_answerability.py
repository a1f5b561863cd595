"""Fit rag/answering/answerability.json, and write what docs/answerability.md reports of it.

    python -m benchmarks.fit_answerability --data DIR [--write]

Every figure of a set is of a model that has not seen what it is tested on: of data/squad, one article is left out
after the other; every other set is left out as a whole.
"""

import argparse
import datetime
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from benchmarks.answer_cases import SETS, Case, World
from benchmarks.logistic import Floats, auroc, brier, fit, reliability, sigmoid
from indexing.embedding import VectorCache
from rag.adapters.onnx import OnnxEmbedder
from rag.answering.answerability import Features, features
from rag.answering.extractive import SentenceCache, closeness_of
from rag.offline import switch_off_downloads

switch_off_downloads()

TARGET = Path("rag/answering/answerability.json")
# How much a set and a condition count: data/squad has the most and the cleanest questions, and the weights of the
# conditions are the prior: of what people ask, two thirds to three quarters is answered by the documents, and where it
# is not, seldom is only the one passage missing.
SET_WEIGHTS = {"squad": 3.0, "handbook": 0.6, "docs": 0.4, "chunking": 0.4, "legal": 0.2, "scifact": 0.2}
CONDITION_WEIGHTS = {"full": 2.0, "document out": 0.5, "absent": 0.5, "passage out": 0.2}
ANSWERED = 0.95  # of the answerable questions at a threshold


@dataclass(frozen=True, slots=True)
class Table:
    """Cases as arrays; trick questions have the label -1."""

    rows: Floats
    labels: Floats
    sets: np.ndarray
    groups: np.ndarray
    conditions: np.ndarray

    @property
    def weights(self) -> Floats:
        """Weights of the cases: every set and condition has its own sum, however many cases it has."""
        counts = Counter(zip(self.sets, self.conditions, strict=True))
        pairs = zip(self.sets, self.conditions, strict=True)
        return np.array([SET_WEIGHTS[a] * CONDITION_WEIGHTS[b] / counts[a, b] for a, b in pairs]) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "plumbline-benchmarks")
    parser.add_argument("--write", action="store_true", help=f"write {TARGET}")
    arguments = parser.parse_args()
    embedder = OnnxEmbedder(arguments.work / "models")
    world = World(arguments.data, embedder, VectorCache(arguments.work / "vectors.db", 10**10))
    table = tabulate([case for cases in SETS.values() for case in cases(world)], embedder)
    print(json.dumps(report(table), indent=1, ensure_ascii=False))
    if arguments.write:
        write(table)


def tabulate(cases: Sequence[Case], embedder: OnnxEmbedder) -> Table:
    sentences = SentenceCache(2 * 1024**3)
    rows = [astuple(features(*closeness_of(case.found, embedder, sentences))) for case in cases]
    labels = [-1.0 if case.answerable is None else float(case.answerable) for case in cases]
    names = ([case.set for case in cases], [f"{case.set}/{case.group}" for case in cases])
    conditions = ["trick" if case.answerable is None else case.condition for case in cases]
    return Table(np.array(rows), np.array(labels), *map(np.array, (*names, conditions)))


def train(table: Table, chosen: np.ndarray) -> tuple[Floats, float]:
    usable = chosen & (table.labels >= 0)
    weights = np.zeros(len(usable))
    weights[usable] = select(table, usable).weights
    return fit(table.rows[usable], table.labels[usable], weights[usable])


def select(table: Table, chosen: np.ndarray) -> Table:
    return Table(
        table.rows[chosen], table.labels[chosen], table.sets[chosen], table.groups[chosen], table.conditions[chosen]
    )


def unseen(table: Table) -> Floats:
    """Return each case's probability by a model that has not seen its article, or its set."""
    values = np.zeros(len(table.labels))
    parts = [table.groups == each for each in np.unique(table.groups[table.sets == "squad"])]
    parts += [table.sets == each for each in SETS if each != "squad"]
    for part in parts:
        coefficients, intercept = train(table, ~part)
        values[part] = sigmoid(table.rows[part] @ coefficients + intercept)
    return values


def report(table: Table) -> dict[str, object]:
    values = unseen(table)
    return {
        "squad, threshold from other articles": at_threshold(table, values),
        "sets": {name: of_set(table, values, name) for name in SETS},
        "reliability": reliability_of(table, values),
    }


def at_threshold(table: Table, values: Floats) -> dict[str, float]:
    """Return what becomes of each article where 95 % of the other articles' answerable questions are answered."""
    squad = table.sets == "squad"
    answered: list[np.ndarray] = []
    abstained: dict[str, list[np.ndarray]] = {"document out": [], "passage out": [], "trick": []}
    for group in np.unique(table.groups[squad]):
        others = squad & (table.groups != group) & (table.conditions == "full")
        threshold = np.quantile(values[others], 1 - ANSWERED)
        here = table.groups == group
        answered.append(values[here & (table.conditions == "full")] >= threshold)
        for condition, found in abstained.items():
            found.append(values[here & (table.conditions == condition)] < threshold)
    shares = {f"abstained, {name}": float(np.concatenate(found).mean()) for name, found in abstained.items()}
    return {"answered": round(float(np.concatenate(answered).mean()), 3)} | {k: round(v, 3) for k, v in shares.items()}


def of_set(table: Table, values: Floats, name: str) -> dict[str, float]:
    """Return the area under the curve against each condition, and the shares that are answered at 0.5."""
    here = table.sets == name
    full = values[here & (table.conditions == "full")]
    found = {"answered at 0.5, full": float((full >= 0.5).mean())}
    for condition in ("document out", "passage out", "absent", "trick"):
        others = values[here & (table.conditions == condition)]
        if len(others):
            found[f"auroc, {condition}"] = auroc(full, others)
            found[f"answered at 0.5, {condition}"] = float((others >= 0.5).mean())
    known = here & (table.labels >= 0)
    found["brier"] = brier(values[known], table.labels[known], select(table, known).weights)
    return {key: round(value, 3) for key, value in found.items()}


def reliability_of(table: Table, values: Floats) -> list[str]:
    known = table.labels >= 0
    weights = select(table, known).weights
    rows = reliability(values[known], table.labels[known], weights)
    total = brier(values[known], table.labels[known], weights)
    lines = [
        f"| {low:.1f} to {high:.1f} | {mean:.3f} | {true:.3f} | {count} |" for low, high, mean, true, count in rows
    ]
    return [*lines, f"Brier score {total:.3f}"]


def write(table: Table) -> None:
    coefficients, intercept = train(table, np.ones(len(table.labels), bool))
    names = Features.__dataclass_fields__
    content = {
        "about": "fitted by benchmarks/fit_answerability.py; docs/answerability.md has its figures",
        "data": {name: SET_WEIGHTS[name] for name in SETS},
        "conditions": CONDITION_WEIGHTS,
        "date": datetime.date.today().isoformat(),
        "intercept": round(float(intercept), 4),
        "coefficients": {name: round(float(each), 4) for name, each in zip(names, coefficients, strict=True)},
    }
    TARGET.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
