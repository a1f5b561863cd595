"""A comparison of many runs, from their files: `python -m benchmarks.compare_speed [--runs 20 --questions 2000]`.

The runs are made up from a fixed seed: metrics of a real run's names, most of them 0 or 1, alike from run to run on
most questions; rankings of ten places, four tags, three types, 25 documents.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from benchmarks import timing
from benchmarks.timing import Figure
from evals.comparison import compare_tables
from evals.findings import Comparison
from evals.run import CaseResult, RankedPlace, Run, Summary
from evals.run_table import RunTable, read_table
from evals.scoring import BUDGETS, KS, table_of
from evals.significance import intervals

SEED = 7
TARGET_S = 3.0
STAGES = ("dense", "embed_questions", "fuse", "lexical", "total")
AT_CUTS = ("recall", "precision", "iou", "ndcg", "mrr", "success")
WITH_BUDGETS = ("recall", "iou")
TYPES, TAGS, DOCUMENTS = ("text", "html", "pdf"), ("short", "long", "table", "number"), 25


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--questions", type=int, default=2000)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = list(written(Path(folder), given.runs, given.questions))
        timing.show(measure(paths), as_json=given.json)


def measure(paths: Sequence[Path]) -> list[Figure]:
    tables: list[RunTable] = []
    found: list[Comparison] = []
    works = {
        "read": lambda: tables.extend(read_table(path) for path in paths),
        "compare": lambda: found.append(compare_tables(tables)),
        "print": lambda: orjson.dumps(found[0].model_dump(mode="json"), option=orjson.OPT_INDENT_2),
    }
    began = time.process_time()
    times = {name: timing.milliseconds(work) / 1000 for name, work in works.items()}
    used = time.process_time() - began
    return [
        *(Figure(name, seconds, "s") for name, seconds in times.items()),
        Figure("all, from files to JSON", sum(times.values()), "s", target=TARGET_S),
        Figure("all, processor time", used, "s"),
        Figure("size of a file", paths[0].stat().st_size / 1e6, "MB"),
        Figure("comparisons of a metric", sum(len(pair.metrics) for pair in found[0].pairs), ""),
    ]


def written(folder: Path, runs: int, questions: int) -> Iterator[Path]:
    """Write runs as `eval run --out` does."""
    random = np.random.default_rng(SEED)
    luck = random.random((questions, len(names())))
    for at in range(runs):
        path = folder / f"{at}.json"
        path.write_bytes(orjson.dumps(made_up(at, luck, random).as_json(cases=True), option=orjson.OPT_INDENT_2))
        yield path


def names() -> list[str]:
    """Return the metrics of a run that only retrieves."""
    cuts = [f"{name}@{k}" for name in AT_CUTS for k in KS]
    budgets = [f"{name}@{budget}t" for name in WITH_BUDGETS for budget in BUDGETS]
    return sorted(
        [*cuts, *budgets, "ap", "precision_omega", "context_tokens", *(f"latency_ms.{each}" for each in STAGES)]
    )


def made_up(at: int, luck: np.ndarray, random: np.random.Generator) -> Run:
    """Return a run that has its own luck on one question of five, and no truth on one of eight."""
    own = np.where(random.random(luck.shape) < 0.2, random.random(luck.shape), luck)
    values = np.where(own < 0.7, 1.0, np.where(own < 0.9, 0.0, own))
    values[::8] = np.nan
    cases = tuple(case(row, values[row]) for row in range(len(values)))
    columns, table = table_of([each.metrics for each in cases])
    means = {
        name: Summary(mean=each.mean, ci_low=each.ci_low, ci_high=each.ci_high, n=each.n, undefined=len(cases) - each.n)
        for name, each in zip(columns, intervals(table), strict=True)
    }
    ok = {"ok": len(cases), "empty": 0, "error": 0, "timeout": 0}
    return Run(
        id=f"run-{at}",
        set="set",
        corpus="corpus",
        bundle=f"bundle-{at}",
        metrics=means,
        coverage=ok,
        stages={},
        cases=cases,
        name=f"config-{at}",
        headline="recall@5",
        truth="span",
    )


def case(at: int, values: np.ndarray) -> CaseResult:
    spent = {name: float(value) * 100 for name, value in zip(names(), values, strict=True) if "latency" in name}
    found = {name: None if np.isnan(value) else float(value) for name, value in zip(names(), values, strict=True)}
    return CaseResult(
        id=f"case-{at:05d}",
        state="ok",
        metrics=found | {name: value for name, value in spent.items() if found[name] is not None},
        question=f"What does the handbook say about the rule of paragraph {at}?",
        tags=(TAGS[at % 4],),
        type=TYPES[at % 3],
        docs=(f"corpus/document-{at % DOCUMENTS}.txt",),
        ranking=tuple(place(at, rank) for rank in range(10)),
    )


def place(at: int, rank: int) -> RankedPlace:
    start = 700 * ((at * 7 + rank * 13) % 90)
    return RankedPlace(id=f"{at:012x}{rank:012x}", doc=f"corpus/document-{rank}.txt", start=start, end=start + 700)


if __name__ == "__main__":
    main()
