"""How well questions of data/squad are found, answered, and left alone, each against its target.

    python -m benchmarks.quality --data DIR [--json]

Found and answered: through the product as a user runs it (index, release, pipeline). Left alone: with the question's
article or paragraph left out of what is searched, by the product's parts in memory (leave_out.py), for an index
without each paragraph would take hours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from benchmarks.answer_cases import Row, World, read_lines, squad
from benchmarks.corpus import plumbline, request
from benchmarks.fit_answerability import ANSWERED, tabulate
from benchmarks.logistic import Floats, auroc, sigmoid
from benchmarks.timing import Figure, parser, show
from indexing.embedding import VectorCache
from rag.adapters.onnx import OnnxEmbedder
from rag.answering.answerability import fitted
from rag.answers import Answer
from rag.bootstrap import Service, open_service
from rag.settings import Settings
from rag.types import Hit

BUNDLES = {
    "hybrid": {"answer": {"min_answerability": 0}},
    "lexical": {"answer": {"min_answerability": 0}, "query": {"legs": ["lexical"]}},
}
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question; 1 or 0."""

    in_top_5: float
    first: float
    among_three: float
    correctly_cited: float


def main() -> None:
    arguments = parser(__doc__).parse_args()
    questions = [row for row in read_lines(arguments.data / "squad/questions.jsonl") if row["answerable"]]
    home = indexed(arguments.data, arguments.work)
    hybrid, lexical = (outcomes(home, arguments.work, name, questions) for name in ("hybrid", "lexical"))
    show(
        [*answered_figures(hybrid, lexical), *left_alone_figures(arguments.data, arguments.work)],
        as_json=arguments.json,
    )


def indexed(data: Path, work: Path) -> Path:
    """Return a home with the articles indexed by `plumbline index build`."""
    home = work / "squad"
    plumbline(home, "index", "build", str(data / "squad/corpus"), "--json")
    return home


def outcomes(home: Path, work: Path, name: str, questions: Sequence[Row]) -> list[Outcome]:
    """Return what the product does with each question under a released bundle."""
    path = work / f"{name}.yaml"
    path.write_text(yaml.safe_dump(BUNDLES[name]))
    plumbline(home, "release", "set", str(path), "--json")
    with open_service(Settings.load(home=home)) as service:
        return [outcome(service, row) for row in questions]


def outcome(service: Service, row: Row) -> Outcome:
    hits = service.pipeline.search(request(row["question"])).hits
    answer = service.pipeline.answer(request(row["question"])).answer
    cited = [overlaps(row, each.uri, each.start, each.end) for each in answer.citations]
    return Outcome(
        in_top_5=float(any(contains(row, hit) for hit in hits[:5])),
        first=float(bool(cited) and cited[0]),
        among_three=float(any(cited[:3])),
        correctly_cited=float(all(quoted(answer, hits))),
    )


def contains(row: Row, hit: Hit) -> bool:
    """Whether a hit holds the span that most annotators chose."""
    reference = row["references"][0]
    chunk = hit.chunk
    return (
        same_file(reference, hit.document.uri) and chunk.start <= reference["start"] and chunk.end >= reference["end"]
    )


def overlaps(row: Row, uri: str, start: int, end: int) -> bool:
    return any(same_file(each, uri) and start < each["end"] and each["start"] < end for each in row["references"])


def same_file(reference: Row, uri: str) -> bool:
    return uri.rsplit("/", 1)[-1] == str(reference["doc"]).rsplit("/", 1)[-1]


def quoted(answer: Answer, hits: Sequence[Hit]) -> list[bool]:
    chunks = {hit.chunk.id: hit.chunk for hit in hits}
    found = ((each, chunks[each.chunk_id]) for each in answer.citations)
    return [chunk.text[each.start - chunk.start : each.end - chunk.start] == each.quote for each, chunk in found]


def answered_figures(hybrid: Sequence[Outcome], lexical: Sequence[Outcome]) -> list[Figure]:
    rows = [
        ("gold span in the top 5 chunks", [each.in_top_5 for each in hybrid], 0.97),
        ("the same, BM25 alone", [each.in_top_5 for each in lexical], None),
        ("gold sentence cited first", [each.first for each in hybrid], 0.78),
        ("gold sentence among three", [each.among_three for each in hybrid], 0.88),
        ("quotes that stand word for word", [each.correctly_cited for each in hybrid], 1.0),
    ]
    return [figure for name, values, target in rows for figure in share(name, values, target)]


def share(name: str, values: Sequence[float], target: float | None) -> list[Figure]:
    """Return a mean with its bootstrap interval of 95 %."""
    low, high = interval(np.array(values), lambda sample: sample.mean(axis=1))
    return [
        Figure(name, float(np.mean(values)), "", target, at_least=True),
        Figure(f"{name}, interval from", low, ""),
        Figure(f"{name}, interval to", high, ""),
    ]


def interval(values: Floats, statistic: Callable[[Floats], Floats]) -> tuple[float, float]:
    dice = np.random.default_rng(0)
    means = statistic(values[dice.integers(0, len(values), (RESAMPLES, len(values)))])
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def left_alone_figures(data: Path, work: Path) -> list[Figure]:
    embedder = OnnxEmbedder(work / "squad/cache/models")
    world = World(data, embedder, VectorCache(work / "vectors.db", 10**10))
    table = tabulate(list(squad(world)), embedder)
    model = fitted()
    values = sigmoid(table.rows @ np.array(model.coefficients) + model.intercept)
    full, out, passage = (values[table.conditions == each] for each in ("full", "document out", "passage out"))
    trick = values[table.conditions == "trick"]
    answered, abstained = at_thresholds(values, table.groups, table.conditions)
    return [
        Figure("answered, threshold from other articles", answered, ""),
        Figure("abstained, article left out, same threshold", abstained, "", 0.95, at_least=True),
        Figure("AUROC, paragraph left out", auroc(full, passage), "", 0.86, at_least=True),
        Figure("AUROC, article left out", auroc(full, out), ""),
        Figure("AUROC, trick questions", auroc(full, trick), ""),
        Figure("answered at the default 0.5", float((full >= 0.5).mean()), ""),
        Figure("abstained at the default 0.5, article left out", float((out < 0.5).mean()), ""),
    ]


def at_thresholds(values: Floats, groups: np.ndarray, conditions: np.ndarray) -> tuple[float, float]:
    """Return the share answered, and abstained without the article, where others answer 95 %."""
    answered, abstained = [], []
    for group in np.unique(groups):
        here = groups == group
        threshold = np.quantile(values[~here & (conditions == "full")], 1 - ANSWERED)
        answered.append(values[here & (conditions == "full")] >= threshold)
        abstained.append(values[here & (conditions == "document out")] < threshold)
    return float(np.concatenate(answered).mean()), float(np.concatenate(abstained).mean())


if __name__ == "__main__":
    main()
