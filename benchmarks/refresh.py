"""Refresh among 10,000 small files: `python -m benchmarks.refresh --data DIR`.

First with nothing changed, as the whole process `plumbline index refresh`; then with ten documents changed, twenty
times, in this process: what it takes without the embedding, what it writes, and how long the publish takes.
The files hold two chunks each; their vectors are made up, since only their number matters here.
"""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import cast

import psutil  # type: ignore[import-untyped]  # has no stubs
from sqlalchemy import Connection

from benchmarks import corpus, timing
from benchmarks.corpus import RandomEmbedder
from benchmarks.timing import Figure
from indexing.indexer import Indexer
from indexing.report import Report
from indexing.workshop import Workshop
from rag.adapters.onnx import OnnxEmbedder
from rag.database.engine import Database
from rag.settings import Settings
from rag.types import Matrix

CHANGED = 10  # documents


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--documents", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=20)
    given = options.parse_args()
    settings = corpus.small_files_home(given.data, given.work, given.documents)
    question = Question(OnnxEmbedder(settings.home / "cache" / "models"), corpus.questions(given.data, given.runs))
    figures = nothing_changed(settings, question, given.runs // 2)
    figures += some_changed(settings, question, given.runs, corpus.passages(given.data, given.documents))
    timing.show(figures, as_json=given.json)


@dataclass
class Question:
    """The yardstick: the time to embed a question, measured in turns with all else."""

    embedder: OnnxEmbedder
    questions: Sequence[str]
    times_ms: list[float] = field(default_factory=list)

    def embed(self) -> None:
        text = self.questions[len(self.times_ms) % len(self.questions)]
        self.times_ms.append(timing.milliseconds(lambda: self.embedder.embed([text])))

    @property
    def p50(self) -> float:
        return timing.p50(self.times_ms)


def nothing_changed(settings: Settings, question: Question, runs: int) -> list[Figure]:
    times, reports = [], []
    for _ in range(runs):
        question.embed()
        started = perf_counter()
        reports.append(json.loads(corpus.plumbline(settings.home, "index", "refresh", "--json")))
        times.append(1000 * (perf_counter() - started))
    last = reports[-1]["files"]
    p50, p95 = timing.spread("nothing changed, whole process", times, question.p50)
    return [
        Figure("files seen", last["seen"], ""),
        Figure("files read, as reported", last["read"], "", target=0),
        *opened_files(settings),
        replace(p50, target=3000),
        replace(p95, target=3000),
    ]


def opened_files(settings: Settings) -> list[Figure]:
    """Return how many files below the source the kernel was asked to open; nothing where there is no strace."""
    if not shutil.which("strace"):
        return []
    with tempfile.NamedTemporaryFile(mode="r") as log:
        strace = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", log.name]
        corpus.plumbline(settings.home, "index", "refresh", "--json", under=strace)
        opened = [line for line in log if str(settings.home.parent / "files") in line and "O_DIRECTORY" not in line]
    return [Figure("files opened, as strace saw", len(opened), "", target=0)]


@dataclass(slots=True)
class Costs:
    """What refreshes took, each."""

    apart_ms: list[float] = field(default_factory=list)  # without the embedding
    publish_ms: list[float] = field(default_factory=list)
    written_mb: list[float] = field(default_factory=list)
    embedded: list[int] = field(default_factory=list)


def some_changed(settings: Settings, question: Question, runs: int, texts: Sequence[str]) -> list[Figure]:
    files, dice, costs = settings.home.parent / "files", random.Random(), Costs()
    with corpus.random_workshop(settings.home) as shop:
        for _ in range(runs):
            for number in dice.sample(range(len(texts)), CHANGED):
                words = texts[number].split()
                changed = " ".join(dice.sample(words, len(words)))
                corpus.write_settled(files / f"{number // 100:03}" / f"{number:05}.txt", changed + ".\n")
            question.embed()
            _refresh(shop, costs)
    return _figures(costs, question.p50)


def _refresh(shop: Workshop, costs: Costs) -> Report:
    database, embedder = TimedDatabase(shop.database), TimedEmbedder(cast(RandomEmbedder, shop.embedder("")))
    timed = replace(shop, database=cast(Database, database), embedder=lambda _: cast(RandomEmbedder, embedder))
    before, started = psutil.Process().io_counters().write_chars, perf_counter()
    report = Indexer(timed).refresh()
    costs.apart_ms.append(1000 * (perf_counter() - started) - embedder.spent_ms)
    costs.written_mb.append((psutil.Process().io_counters().write_chars - before) / 1e6)
    costs.publish_ms.append(database.writes_ms[-1])
    costs.embedded.append(report.embedded)
    return report


class TimedDatabase:
    """The truth, with the time of each write; the publish is the last of a refresh."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.writes_ms: list[float] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        started = perf_counter()
        with self._database.write() as connection:
            yield connection
        self.writes_ms.append(1000 * (perf_counter() - started))


class TimedEmbedder:
    """An embedder, with the time that vectors took."""

    def __init__(self, embedder: RandomEmbedder) -> None:
        self._embedder = embedder
        self.spent_ms = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._embedder, name)

    def embed(self, texts: Sequence[str]) -> Matrix:
        started = perf_counter()
        rows = self._embedder.embed(texts)
        self.spent_ms += 1000 * (perf_counter() - started)
        return rows


def _figures(costs: Costs, embedder_ms: float) -> list[Figure]:
    p50, p95 = timing.spread(f"{CHANGED} documents changed, embedding apart", costs.apart_ms, embedder_ms)
    publish, publish_p95 = timing.spread("publish", costs.publish_ms, embedder_ms)
    mean = sum(costs.written_mb) / len(costs.written_mb)
    return [
        Figure("chunks embedded, mean", sum(costs.embedded) / len(costs.embedded), ""),
        replace(p50, target=500),
        replace(p95, target=500),
        Figure("bytes written, mean", mean, "MB", target=3),
        Figure("bytes written, most", max(costs.written_mb), "MB", target=5),
        replace(publish, target=10),
        replace(publish_p95, target=10),
    ]


if __name__ == "__main__":
    main()
