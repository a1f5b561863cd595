"""Which settings should be the defaults: each changed alone, on the tune split of every set, paired with the default.

    python -m benchmarks.defaults --data DIR [--sets squad,legal] [--only chunk_tokens] [--split tune] [--json]

Rankings alone; the first run indexes every corpus for every index setting (some 12,000 chunks each: minutes).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.timing import parser
from evals.commands import open_bench
from evals.corpus import open_corpus
from evals.experiment import run_experiment
from evals.lab import Bench
from evals.loading import load_set
from evals.plan import Plan
from evals.run import Run
from evals.runs import RunBook
from evals.scoring import table_of
from evals.significance import Paired, paired
from rag.config import Bundle
from rag.settings import Settings

SETS = ("squad", "legal", "chunking", "sec10q", "ir/scifact", "ir/cranfield")
METRICS = {"span": ("recall@5", "recall@1000t", "ndcg@10"), "graded": ("ndcg@10",), "none": ()}
LATE = {"index": {"token_vectors": True}, "query": {"rerank": "late_interaction"}}


@dataclass(frozen=True, slots=True)
class Variant:
    """The default bundle with one thing changed."""

    name: str
    bundle: Bundle


def variants() -> list[Variant]:
    """Return all settings that are tried; the first is the default."""
    made: dict[str, dict[str, dict[str, object]]] = {"default": {}}
    made |= {f"chunk_tokens {size}": {"index": {"chunk_tokens": size}} for size in (64, 100, 150, 250)}
    made |= {f"overlap_tokens {size}": {"index": {"overlap_tokens": size}} for size in (40,)}
    made |= {f"strategy {name}": {"index": {"strategy": name}} for name in ("sentences", "recursive", "tokens")}
    made |= {"no context line": {"index": {"context_line": False}}}
    made |= {"BM25 alone": {"query": {"legs": ["lexical"]}}, "dense alone": {"query": {"legs": ["dense"]}}}
    made |= {f"dense_weight {weight}": {"query": {"dense_weight": weight}} for weight in (0.3, 0.4, 0.6, 0.7)}
    made |= {f"fusion {name}": {"query": {"fusion": name}} for name in ("rrf", "dbsf")}
    made |= {f"candidates {depth}": {"query": {"candidates": depth}} for depth in (20, 100, 200)}
    made |= {
        f"k1 {k1}, b {b}": {"query": {"k1": k1, "b": b}} for k1, b in ((0.9, 0.4), (1.2, 0.5), (1.5, 0.75), (2, 0.75))
    }
    made |= {"late_interaction": LATE}
    return [Variant(name, Bundle.model_validate(content)) for name, content in made.items()]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--sets", default=",".join(SETS))
    options.add_argument("--only", default="", help="variants whose name begins so")
    options.add_argument("--split", default="tune", choices=("all", "tune", "holdout"))
    arguments = options.parse_args()
    chosen = [each for each in variants() if each.name == "default" or each.name.startswith(arguments.only)]
    found = []
    with open_bench(Settings.load(home=arguments.work / "defaults")) as (bench, book):
        for name in arguments.sets.split(","):
            runs = list(measured(arguments.data / name, arguments.split, chosen, (bench, book)))
            found += list(rows(name, runs))
    print(orjson.dumps(found).decode()) if arguments.json else show(found)


def measured(path: Path, split: str, chosen: Sequence[Variant], at: tuple[Bench, RunBook]) -> Iterator[Run]:
    """Yield the run of each variant."""
    eval_set = load_set(path)
    corpus = open_corpus(eval_set.corpus, at[0].settings)
    for each in track(chosen, description=str(path), console=Console(stderr=True)):
        plan = Plan(eval_set, corpus, each.bundle, each.name, split=split, retrieval_only=True)  # type: ignore[arg-type]
        yield run_experiment(plan, *at)


def rows(name: str, runs: Sequence[Run]) -> Iterator[dict[str, object]]:
    """Yield each run's figures beside the default's."""
    base = runs[0]
    for metric in METRICS[base.truth]:
        values = [table_of([{metric: case.metrics.get(metric)} for case in run.cases])[1] for run in runs]
        for run, own in zip(runs, values, strict=True):
            yield _row(name, metric, run, paired(values[0], own)[0])


def _row(name: str, metric: str, run: Run, difference: Paired) -> dict[str, object]:
    return {
        "set": name,
        "metric": metric,
        "variant": run.name,
        "mean": run.metrics[metric].mean,
        "difference": difference.difference,
        "ci_low": difference.ci_low,
        "ci_high": difference.ci_high,
        "p": difference.p,
        "n": difference.n,
        "chunks": run.index["chunks"],
    }


def show(found: Sequence[dict[str, object]]) -> None:
    """Print a table for each metric: sets across, variants down."""
    for metric in dict.fromkeys(row["metric"] for row in found):
        mine = [row for row in found if row["metric"] == metric]
        sets = list(dict.fromkeys(str(row["set"]) for row in mine))
        table = Table("setting", *sets, title=f"{metric}: mean, and difference to the default [95 %]")
        for variant in dict.fromkeys(str(row["variant"]) for row in mine):
            cells = {str(row["set"]): _cell(row) for row in mine if row["variant"] == variant}
            table.add_row(variant, *(cells.get(name, "") for name in sets))
        Console(width=200).print(table)


def _cell(row: dict[str, object]) -> str:
    if row["variant"] == "default":
        return f"{row['mean']:.3f} (n {row['n']})"
    return f"{row['mean']:.3f} {row['difference']:+.3f} [{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"


if __name__ == "__main__":
    main()
