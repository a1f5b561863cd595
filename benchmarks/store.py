"""How fast and how large the embedded store is: `python benchmarks/store.py [--chunks 20000] [--json]`.

Random unit vectors of 384 dimensions, 110 words per chunk with the frequencies of natural text (Zipf), 8 chunks per
document. Both legs of a query are timed together; a refresh replaces 80 chunks in 10 documents, embedding and the truth
apart.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]  # has no stubs
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Row
from rag.types import Filter

DIM, WORDS, CHUNK_WORDS, REFRESHED = 384, 30_000, 110, 80
QUERIES, REFRESHES, QUERY_WORDS, LIMIT = 300, 40, 8, 50
FILTERS = {
    "no filter": Filter(),
    "roles, 96 %": Filter(roles=frozenset({"public"})),
    "roles, 12 %": Filter(roles=frozenset({"hr"})),
}
BUILD = "bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--reader", type=Path, help=argparse.SUPPRESS)  # another process, started by this one
    options = parser.parse_args()
    with threadpool_limits(1):
        if options.reader:
            print(json.dumps(read_once(options.reader)))
            return
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder), options.chunks)
    print(json.dumps(figures)) if options.json else show(figures)


def measure(folder: Path, chunks: int) -> dict[str, float]:
    store, corpus = SqliteStore(folder), Corpus(chunks)
    figures: dict[str, float] = {"chunks": chunks}
    figures["build, s"] = seconds(lambda: fill(store, corpus, chunks))
    figures |= latencies(store, corpus, 1, "")
    figures |= refresh(store, corpus)
    figures |= latencies(store, corpus, REFRESHES + 1, f", after {REFRESHES} refreshes")
    figures |= json.loads(subprocess.check_output([sys.executable, __file__, "--reader", str(folder)]))
    figures["compaction, s"] = seconds(lambda: store.compact(BUILD, "target"))
    figures["size, MB"] = store.stats("target").size_bytes / 1e6
    return {name: round(value, 2) for name, value in figures.items()}


class Corpus:
    """Makes up rows and questions; each row is another one."""

    def __init__(self, chunks: int) -> None:
        self.dice = np.random.default_rng(1)
        self.chunks = chunks
        share = 1 / np.arange(1, WORDS + 1)
        self._share = share / share.sum()

    def vector(self) -> np.ndarray:
        vector = self.dice.normal(size=DIM).astype(np.float32)
        return vector / np.linalg.norm(vector)

    def tokens(self, count: int) -> tuple[str, ...]:
        return tuple(f"word{number}" for number in self.dice.choice(WORDS, count, p=self._share))

    def row(self, number: int) -> Row:
        dice = self.dice.random()
        roles = ("public",) * (dice < 0.96) + ("hr",) * (dice > 0.88)
        keywords = {"roles": roles, "type": ("md",), "source": ("files",), "language": ("en",)}
        return Row(f"{number // 8:08x}-{number % 8:08x}", "doc", self.vector(), self.tokens(CHUNK_WORDS), keywords)

    def chunks_of_some_documents(self) -> list[int]:
        documents = self.dice.choice(self.chunks // 8, REFRESHED // 8, replace=False)
        return [int(document) * 8 + part for document in documents for part in range(8)]

    def rare_words(self) -> tuple[str, ...]:
        """A question: stop words are gone, so the most frequent words are too."""
        return tuple(f"word{number}" for number in self.dice.choice(np.arange(30, 5000), QUERY_WORDS))


def fill(store: SqliteStore, corpus: Corpus, chunks: int) -> None:
    store.create(BUILD, DIM)
    with store.writer(BUILD) as writer:
        for start in range(0, chunks, 1000):
            writer.upsert([corpus.row(number) for number in range(start, min(start + 1000, chunks))], 1)


def ask(store: SqliteStore, corpus: Corpus, revision: int, allowed: Filter) -> float:
    """Return the milliseconds that both legs took."""
    vector, tokens = corpus.vector(), corpus.rare_words()
    return 1000 * seconds(lambda: search(store, vector, tokens, revision, allowed))


def search(store: SqliteStore, vector: np.ndarray, tokens: tuple[str, ...], revision: int, allowed: Filter) -> None:
    with store.snapshot(BUILD, revision) as rows:
        rows.dense(vector, allowed, LIMIT)
        rows.lexical(tokens, allowed, LIMIT)


def latencies(store: SqliteStore, corpus: Corpus, revision: int, when: str) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, allowed in FILTERS.items():
        times = [ask(store, corpus, revision, allowed) for _ in range(QUERIES)][5:]
        figures |= spread(f"hybrid, {name}{when}, ms", times)
    return figures


def refresh(store: SqliteStore, corpus: Corpus) -> dict[str, float]:
    times, written, first = [], [], []
    for revision in range(2, REFRESHES + 2):
        rows = [corpus.row(number) for number in corpus.chunks_of_some_documents()]
        before = psutil.Process().io_counters().write_chars
        times.append(1000 * seconds(lambda: replace(store, rows, revision)))  # noqa: B023  # called at once
        written.append((psutil.Process().io_counters().write_chars - before) / 1e6)
        first.append(ask(store, corpus, revision, FILTERS["roles, 96 %"]))
    figures = spread(f"refresh of {REFRESHED} chunks, ms", times) | spread("first query after it, ms", first)
    return figures | {"written by it, mean, MB": float(np.mean(written)), "written by it, most, MB": max(written)}


def replace(store: SqliteStore, rows: list[Row], revision: int) -> None:
    with store.writer(BUILD) as writer:
        writer.clean_up(revision - 1)
        writer.purge(revision - 1)
    with store.writer(BUILD) as writer:
        writer.retire([row.id for row in rows], revision)
        writer.upsert(rows, revision)


def read_once(folder: Path) -> dict[str, float]:
    """Return what a process of its own costs, imports apart."""
    corpus = Corpus(1)
    corpus.vector(), corpus.rare_words()
    memory = psutil.Process().memory_full_info().uss
    store = SqliteStore(folder)
    first = ask(store, corpus, REFRESHES + 1, FILTERS["roles, 96 %"])
    for allowed in list(FILTERS.values()) * 10:
        ask(store, corpus, REFRESHES + 1, allowed)
    grown = psutil.Process().memory_full_info().uss - memory
    return {"first query of a process, ms": first, "own memory of one more reader, MB": grown / 1e6}


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(name: str, times: list[float]) -> dict[str, float]:
    return {f"{name}, p50": float(np.percentile(times, 50)), f"{name}, p95": float(np.percentile(times, 95))}


def show(figures: dict[str, float]) -> None:
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, f"{value:,g}")
    Console().print(table)


if __name__ == "__main__":
    main()
