"""Fit rag/grounding.json on data/grounding, and print how well each set does with a model of the others.

python -m benchmarks.fit_grounding --data DIR [--write]
"""

import argparse
import datetime
import json
from pathlib import Path

import numpy as np

from benchmarks.logistic import auroc, brier, fit, reliability
from rag.grounding import FEATURES, support_score
from rag.sentences import split_sentences
from rag.support import Sources, Support

SETS = ("begin_dev", "halueval_qa", "wice_dev")
TARGET = Path("rag/grounding.json")

Model = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help=f"write {TARGET}")
    arguments = parser.parse_args()
    answers = {name: read(arguments.data / "grounding" / f"{name}.jsonl") for name in SETS}
    figures = {name: report(name, answers) for name in SETS}
    print(json.dumps(figures, indent=1))
    if arguments.write:
        write(train(list(answers.values())))


def read(path: Path) -> list[tuple[list[Support], bool]]:
    """Return each answer's sentences as features, and whether the answer is grounded."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(supports(row["sources"], row["answer"]), not row["hallucinated"]) for row in rows]


def supports(sources: list[str], answer: str) -> list[Support]:
    texts = Sources(sources)
    return [texts.support(answer[start:end]) for start, end in split_sentences(answer)]


def train(sets: list[list[tuple[list[Support], bool]]]) -> Model:
    """Fit on whole answers: a label belongs to its weakest sentence, by the words that the sources have.

    Each set, and in it each label, has the same say.
    """
    rows, labels, weights = [], [], []
    for answers in sets:
        shares = np.mean([grounded for _, grounded in answers])
        for sentences, grounded in answers:
            if sentences:
                weakest = min(sentences, key=lambda each: each.covered + each.wording)
                rows.append([getattr(weakest, name) for name in FEATURES])
                labels.append(float(grounded))
                weights.append(1000 / len(answers) / (shares if grounded else 1 - shares))
    coefficients, intercept = fit(np.array(rows), np.array(labels), np.array(weights))
    return dict(zip(FEATURES, coefficients.tolist(), strict=True)) | {"intercept": intercept}


def score(sentences: list[Support], model: Model) -> float:
    return min((support_score(each, model) for each in sentences), default=0.0)


def report(name: str, answers: dict[str, list[tuple[list[Support], bool]]]) -> dict[str, float]:
    """Return how one set does with the model of the other sets."""
    model = train([each for other, each in answers.items() if other != name])
    scores = np.array([score(sentences, model) for sentences, _ in answers[name]])
    labels = np.array([grounded for _, grounded in answers[name]], float)
    print(f"\n{name}: {len(labels)} answers, model of {', '.join(each for each in SETS if each != name)}")
    for low, high, mean, true, count in reliability(scores, labels):
        print(f"  {low:.1f} to {high:.1f}: mean score {mean:.2f}, grounded {true:.2f}, {count} answers")
    right = (scores >= 0.5) == (labels == 1)
    balanced = (right[labels == 1].mean() + right[labels == 0].mean()) / 2
    area = auroc(scores[labels == 1], scores[labels == 0])
    return {"auroc": round(area, 3), "brier": round(brier(scores, labels), 3), "balanced_at_0.5": round(balanced, 3)}


def write(model: Model) -> None:
    rounded = {name: round(each, 4) for name, each in model.items()}
    content = {
        "about": f"fitted by benchmarks/fit_grounding.py on data/grounding: {', '.join(SETS)}; provisional threshold",
        "date": datetime.date.today().isoformat(),
        "intercept": rounded.pop("intercept"),
        "coefficients": rounded,
    }
    TARGET.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
