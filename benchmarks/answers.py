"""Extractive answers over 20,000 chunks: `python -m benchmarks.answers --data DIR`.

First with no sentence known, each in turns with encoding alone the sentences that it read; then a second, different
question that finds the same five chunks as one before it. Both targets are shares of that encoding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from benchmarks import corpus, timing
from benchmarks.timing import Figure, milliseconds
from rag.answers import Answered
from rag.bootstrap import Service, open_service
from rag.pipeline import Pipeline
from rag.ports import Embedder

WARM_UP = 5  # questions that are not counted


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--chunks", type=int, default=20_000)
    options.add_argument("--questions", type=int, default=100)
    options.add_argument("--pairs", type=int, default=40, help="questions with the same top five")
    given = options.parse_args()
    settings = corpus.indexed_home(given.data, given.work, given.chunks)
    with open_service(settings) as service:
        service.warm_up()
        cold = first_answers(service, corpus.questions(given.data, given.questions + WARM_UP))
        warm = second_answers(service, list(islice(same_top_five(service, given.data), given.pairs)))
    timing.show(
        [*_figures("answer, nothing known", cold, 1.4), *_figures("same top five", warm, 0.3)], as_json=given.json
    )


@dataclass(slots=True)
class Pairs:
    """Milliseconds of answers, and of encoding the sentences that each read."""

    answer: list[float] = field(default_factory=list)
    encode: list[float] = field(default_factory=list)
    question: list[float] = field(default_factory=list)  # of embedding it, the yardstick of all tables
    sentences: list[int] = field(default_factory=list)

    def without_first(self, count: int) -> "Pairs":
        return Pairs(self.answer[count:], self.encode[count:], self.question[count:], self.sentences[count:])


def first_answers(service: Service, questions: Sequence[str]) -> Pairs:
    times = Pairs()
    for question in questions:
        answered = _forgetful(service).answer(corpus.request(question))
        _measure(service, _forgetful(service), question, answered, times)
    return times.without_first(WARM_UP)


def second_answers(service: Service, pairs: Sequence[tuple[str, str]]) -> Pairs:
    times = Pairs()
    for first, second in pairs:
        answered = _forgetful(service).answer(corpus.request(second))
        pipeline = _forgetful(service)
        pipeline.answer(corpus.request(first))
        _measure(service, pipeline, second, answered, times)
    return times


def same_top_five(service: Service, data: Path) -> Iterator[tuple[str, str]]:
    """Yield pairs of different questions that find the same chunks, in any order; each set of chunks once."""
    first: dict[frozenset[str], str] = {}
    used: set[frozenset[str]] = set()
    for question in corpus.questions(data, 10_000):
        hits = frozenset(hit.chunk.id for hit in service.pipeline.search(corpus.request(question)).hits)
        if hits in first and hits not in used:
            used.add(hits)
            yield first[hits], question
        first.setdefault(hits, question)


def _forgetful(service: Service) -> Pipeline:
    """Return a pipeline over the same index and model that has read no sentence yet."""
    return Service(service.backends).pipeline


def _measure(service: Service, pipeline: Pipeline, question: str, answered: Answered, times: Pairs) -> None:
    """Time the answer and the encoding of what it reads, one after the other, each first every second time."""
    embedder, sentences = _embedder(service), [each.text for each in answered.trace.sentences]
    if len(times.answer) % 2:
        times.encode.append(milliseconds(lambda: embedder.encode(sentences)))
    times.answer.append(milliseconds(lambda: pipeline.answer(corpus.request(question))))
    if len(times.encode) < len(times.answer):
        times.encode.append(milliseconds(lambda: embedder.encode(sentences)))
    times.question.append(milliseconds(lambda: embedder.embed([question])))
    times.sentences.append(len(sentences))


def _embedder(service: Service) -> Embedder:
    return service.backends.embedder_named("all-MiniLM-L6-v2")


def _figures(name: str, times: Pairs, share: float) -> list[Figure]:
    unit, encode = timing.p50(times.question), timing.p50(times.encode)
    p50, p95 = timing.spread(name, times.answer, unit)
    return [
        Figure(f"{name}: questions", len(times.answer), ""),
        Figure(f"{name}: sentences, mean", sum(times.sentences) / len(times.sentences), ""),
        *timing.spread(f"{name}: encoding the sentences", times.encode, unit),
        replace(p50, target=share * encode),
        p95,
        Figure(f"{name}: p50 / encoding", p50.value / encode, "x", target=share),
    ]


if __name__ == "__main__":
    main()
