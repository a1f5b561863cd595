"""What an evaluation costs beside embedding and searching, and whether its verdicts hold, on data/squad.

    python -m benchmarks.evaluation --data DIR [--json]

Runs `plumbline eval run` as a user does: once in an empty home, then with another fusion weight. Verdicts: the
differences of two real, different runs with their signs flipped at random, 2,000 times, with and without a difference
of the size that the comparison says it can show.
"""

import json
import shutil
import time
from pathlib import Path

import numpy as np

from benchmarks.corpus import plumbline
from benchmarks.timing import Figure, parser, show
from evals.run import Run
from evals.runs import load_file
from evals.scoring import column_of
from evals.significance import minimum_detectable, sign_flip_p

TRIALS = 2000
SEED = 3
REUSED = ("embed_chunks", "embed_questions", "embed_sentences", "dense", "lexical")
OUTSIDE = (*REUSED, "rerank")  # late interaction is scored in the store too
BUNDLES = {"heavier": {"query": {"dense_weight": 0.6}}, "lexical": {"query": {"legs": ["lexical"]}}}


def main() -> None:
    arguments = parser(__doc__).parse_args()
    work = arguments.work / "evaluation"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name, bundle in BUNDLES.items():
        (work / f"{name}.yaml").write_text(json.dumps(bundle), encoding="utf-8")
    data = arguments.data / "squad"
    show([*costs(data, work), *verdicts(data, work)], as_json=arguments.json)


def costs(data: Path, work: Path) -> list[Figure]:
    """Return what a first run and a second bundle take."""
    first, first_s = evaluated(data, work, "first")
    _, start_s = evaluated(data, work, "start", "--limit", "1")
    second, second_s = evaluated(data, work, "second", "--bundle", str(work / "heavier.yaml"))
    outside = sum(first.stages[stage]["seconds"] for stage in OUTSIDE)
    again = sum(second.stages[stage]["computed"] for stage in REUSED)
    return [
        Figure("first run, all questions, retrieval only", first_s, "s"),
        Figure("of it neither embedding nor search", 100 * (first_s - outside) / first_s, "%", 15),
        Figure("another fusion weight, beyond start-up", second_s - start_s, "s", 3),
        Figure("start-up with one question", start_s, "s"),
        Figure("embeddings and searches of the second bundle", again, "", 0),
    ]


def evaluated(data: Path, work: Path, name: str, *more: str) -> tuple[Run, float]:
    """Return a run by the command line, and how long the command took."""
    out, started = work / f"{name}.json", time.perf_counter()
    plumbline(work / "home", "eval", "run", str(data), "--retrieval-only", "--out", str(out), *more)
    return load_file(out), time.perf_counter() - started


def verdicts(data: Path, work: Path) -> list[Figure]:
    """Return how often two alike, and two different ones, are told to differ at a level of 0.05."""
    a, _ = evaluated(data, work, "default")
    b, _ = evaluated(data, work, "lexical", "--bundle", str(work / "lexical.yaml"))
    scores = [column_of(run, "recall@5")[:, 0] for run in (a, b)]
    differences = scores[1] - scores[0]
    differences = differences[~np.isnan(differences)]
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (len(differences), TRIALS))
    shift = minimum_detectable(float(differences.std(ddof=1)), len(differences))
    alike, apart = (100 * float((sign_flip_p(signs * differences[:, None] + by) < 0.05).mean()) for by in (0, shift))
    return [
        Figure("alike, told to differ", alike, "%", 7),
        Figure("the same, at least", alike, "%", 3, at_least=True),
        Figure("a difference of the minimum detectable size, seen", apart, "%", 70, at_least=True),
        Figure("the same, at most", apart, "%", 90),
    ]


if __name__ == "__main__":
    main()
