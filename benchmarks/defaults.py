"""Which settings should be the defaults: each changed alone, on the tune split of every set, paired with the default.

    python -m benchmarks.defaults --data DIR [--sets squad,legal] [--only chunk_tokens] [--answers] [--json]

Prints, for each metric, the mean of every variant with its difference to the default, and for each set the variant that
is best on the tune split with what it gains on the holdout. p is corrected by Holm over all variants and sets.
The first run indexes every corpus for every index setting (some 17,000 chunks in all: a quarter of an hour).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.timing import parser
from evals.commands import open_bench
from evals.corpus import open_corpus
from evals.evalset import EvalSet, Split
from evals.experiment import run_experiment
from evals.lab import Bench
from evals.loading import load_set
from evals.plan import Plan
from evals.run import Run
from evals.runs import RunBook
from evals.scoring import column_of
from evals.significance import Paired, holm, paired
from rag.config import Bundle
from rag.settings import Settings

SETS = ("squad", "legal", "chunking", "sec10q", "ir/scifact", "ir/cranfield")
METRICS = {"span": ("recall@5", "recall@1000t", "ndcg@10"), "graded": ("ndcg@10",), "none": ()}
ANSWER_METRICS = (
    "gold_sentence_first",
    "gold_sentence_in_3",
    "citation_precision",
    "citation_recall",
    "answer_f1",
    "abstention_recall",
    "latency_ms.total",
)
Setting = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Variant:
    """The default bundle with one thing changed."""

    name: str
    changed: Setting = field(default_factory=dict)

    @property
    def bundle(self) -> Bundle:
        return Bundle.model_validate(self.changed)


@dataclass(frozen=True, slots=True)
class Row:
    """One variant on one set by one metric, beside the default."""

    set: str
    metric: str
    variant: str
    mean: float | None
    found: Paired
    chunks: float
    p_holm: float | None = None


def of_index() -> Iterator[Variant]:
    """Yield the settings that need an index of their own."""
    yield from (Variant(f"chunk_tokens {size}", {"index": {"chunk_tokens": size}}) for size in (64, 100, 150, 250))
    yield Variant("overlap_tokens 40", {"index": {"overlap_tokens": 40}})
    for name in ("sentences", "recursive", "tokens"):
        yield Variant(f"strategy {name}", {"index": {"strategy": name}})
    yield Variant("no context line", {"index": {"context_line": False}})


def of_query() -> Iterator[Variant]:
    """Yield the settings that the same index serves."""
    yield Variant("no late interaction", {"query": {"rerank": "none"}})
    yield Variant("BM25 alone", {"query": {"legs": ["lexical"]}})
    yield Variant("dense alone", {"query": {"legs": ["dense"]}})
    yield from (Variant(f"dense_weight {each}", {"query": {"dense_weight": each}}) for each in (0.3, 0.4, 0.6, 0.7))
    yield from (Variant(f"fusion {name}", {"query": {"fusion": name}}) for name in ("rrf", "dbsf"))
    yield from (Variant(f"candidates {depth}", {"query": {"candidates": depth}}) for depth in (20, 50, 100, 200))
    for k1, b in ((0.9, 0.4), (1.2, 0.5), (1.5, 0.75), (2, 0.75)):
        yield Variant(f"k1 {k1}, b {b}", {"query": {"k1": k1, "b": b}})


def of_answers() -> Iterator[Variant]:
    """Yield the settings of answers."""
    yield Variant("no late interaction", {"query": {"rerank": "none"}})
    yield from (Variant(f"max_sentences {count}", {"answer": {"max_sentences": count}}) for count in (1, 2, 5))
    yield from (Variant(f"top_k {count}", {"query": {"top_k": count}}) for count in (3, 8))
    for least in (0.3, 0.4, 0.6, 0.7):
        yield Variant(f"min_answerability {least}", {"answer": {"min_answerability": least}})
    yield from (Variant(f"min_support {least}", {"answer": {"min_support": least}}) for least in (0.3, 0.7))


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--sets", default=",".join(SETS))
    options.add_argument("--only", default="", help="variants whose name begins so, or with one of a,b,c")
    options.add_argument("--answers", action="store_true", help="settings of answers, with answers; minutes a set")
    arguments = options.parse_args()
    offered = [*of_answers()] if arguments.answers else [*of_query(), *of_index()]
    wanted = tuple(arguments.only.split(","))
    chosen = [Variant("default"), *(each for each in offered if each.name.startswith(wanted))]
    rows: list[Row] = []
    optima: list[Row] = []
    with open_bench(Settings.load(home=arguments.work / "defaults")) as at:
        for name in arguments.sets.split(","):
            trial = Trial(arguments.data / name, name, at, arguments.answers)
            runs = list(trial.runs(chosen, "tune"))
            rows += trial.rows(runs)
            optima += [] if arguments.answers else trial.optimum(chosen, runs)
    show(corrected(rows), optima, as_json=arguments.json)


class Trial:
    """All variants on one set."""

    def __init__(self, path: Path, name: str, at: tuple[Bench, RunBook], answers: bool) -> None:
        self._name, self._at, self._answers = name, at, answers
        self._set: EvalSet = load_set(path)
        self._corpus = open_corpus(self._set.corpus, at[0].settings)

    def runs(self, variants: Sequence[Variant], split: Split) -> Iterator[Run]:
        """Yield the run of each variant."""
        for each in track(variants, description=f"{self._name}, {split}", console=Console(stderr=True)):
            plan = Plan(self._set, self._corpus, each.bundle, each.name, split=split, retrieval_only=not self._answers)
            yield run_experiment(plan, *self._at)

    def rows(self, runs: Sequence[Run]) -> Iterator[Row]:
        """Yield each run's figures beside the first's."""
        for metric in ANSWER_METRICS if self._answers else METRICS[runs[0].truth]:
            values = [column_of(run, metric) for run in runs]
            for run, own in zip(runs, values, strict=True):
                found = paired(values[0], own)[0]
                yield Row(self._name, metric, run.name, run.metrics[metric].mean, found, run.index["chunks"])

    def optimum(self, variants: Sequence[Variant], runs: Sequence[Run]) -> Iterator[Row]:
        """Yield what the variant that is best on the tune split gains on the holdout."""
        metric = runs[0].headline
        means = [mean if (mean := run.metrics[metric].mean) is not None else -1.0 for run in runs]
        best = variants[means.index(max(means))]
        if best.name != "default":
            held = list(self.runs([variants[0], best], "holdout"))
            yield from (row for row in self.rows(held) if row.metric == metric and row.variant == best.name)


def corrected(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with p corrected over all variants and sets of their metric."""
    found = []
    for metric in dict.fromkeys(row.metric for row in rows):
        mine = [row for row in rows if row.metric == metric]
        adjusted = holm([None if row.variant == "default" else row.found.p for row in mine])
        found += [
            Row(row.set, metric, row.variant, row.mean, row.found, row.chunks, p)
            for row, p in zip(mine, adjusted, strict=True)
        ]
    return found


def show(rows: Sequence[Row], optima: Sequence[Row], *, as_json: bool) -> None:
    """Print a table for each metric, sets across and variants down, and each set's own optimum."""
    if as_json:
        print(orjson.dumps({"rows": list(rows), "optima_on_holdout": list(optima)}).decode())
        return
    screen = Console(width=220)
    for metric in dict.fromkeys(row.metric for row in rows):
        mine = [row for row in rows if row.metric == metric]
        sets = list(dict.fromkeys(row.set for row in mine))
        table = Table(
            "setting", *sets, title=f"{metric}: mean, and difference to the default [95 %], * p < 0.05 (Holm)"
        )
        for variant in dict.fromkeys(row.variant for row in mine):
            cells = {row.set: cell(row) for row in mine if row.variant == variant}
            table.add_row(variant, *(cells.get(name, "") for name in sets))
        screen.print(table)
    for row in optima:
        screen.print(f"{row.set}: best on tune is {row.variant}; on the holdout {row.metric} {cell(row)}")


def cell(row: Row) -> str:
    """Return "0.985 +0.013 [+0.005, +0.021]*"."""
    if row.mean is None or row.found.difference is None:
        return "not defined"
    if row.variant == "default":
        return f"{row.mean:.3f} (n {row.found.n})"
    mark = "*" if row.p_holm is not None and row.p_holm < 0.05 else ""
    return f"{row.mean:.3f} {row.found.difference:+.3f} [{row.found.ci_low:+.3f}, {row.found.ci_high:+.3f}]{mark}"


if __name__ == "__main__":
    main()
