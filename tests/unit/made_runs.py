"""Small runs made by hand, for comparisons and their reports."""

from collections.abc import Collection, Mapping, Sequence

from evals.comparability import Across
from evals.comparison import compare_tables
from evals.findings import Comparison
from evals.run import CaseResult, RankedPlace, Run, Summary
from evals.run_table import table_of_run
from rag.config import Bundle, QueryConfig

HOSTILE = "\u202e<script>alert('x')</script> & <img src=x onerror=alert(1)> | `b` [c](http://evil)"


def case(at: int, metrics: Mapping[str, float | None], **facts: object) -> CaseResult:
    """Return a case with two places in its ranking."""
    ranking = tuple(RankedPlace(id=f"chunk{rank}", doc=f"doc{at % 3}.txt", start=rank, end=rank + 9) for rank in (1, 2))
    given = {"question": f"Question {at}?", "docs": (f"doc{at % 3}.txt",), "type": "text", "ranking": ranking, **facts}
    return CaseResult.model_validate({"id": f"case{at:03}", "state": "ok", "metrics": metrics, **given})


def run(name: str, cases: Sequence[CaseResult], **facts: object) -> Run:
    """Return a run over these cases; its own means are those of the first metric."""
    given = {
        "id": f"id-{name}",
        "set": "set-digest",
        "corpus": "corpus-digest",
        "bundle": f"bundle-{name}",
        "metrics": means(cases),
        "coverage": {"ok": len(cases), "empty": 0, "error": 0, "timeout": 0},
        "stages": {},
        "cases": cases,
        "name": name,
        "set_name": "made",
        "code": "code-digest",
        "model": "model-digest",
        "headline": "recall@5",
        "truth": "span",
        "index": {"chunks": 12},
        **facts,
    }
    return Run.model_validate(given)


def compare_runs(runs: Sequence[Run], *, metrics: Sequence[str] = (), across: Collection[Across] = ()) -> Comparison:
    return compare_tables([table_of_run(each) for each in runs], metrics=metrics, across=across)


def means(cases: Sequence[CaseResult]) -> dict[str, Summary]:
    found = {}
    for name in dict.fromkeys(name for each in cases for name in each.metrics):
        values = [value for each in cases if (value := each.metrics.get(name)) is not None]
        if values:
            mean, off = sum(values) / len(values), len(cases) - len(values)
            found[name] = Summary(mean=mean, ci_low=mean - 0.01, ci_high=mean + 0.01, n=len(values), undefined=off)
    return found


def scored(name: str, values: Sequence[float | None], **facts: object) -> Run:
    """Return a run with these values of recall@5, one for each case."""
    return run(name, [case(at, {"recall@5": value}) for at, value in enumerate(values)], **facts)


def weighted(dense_weight: float) -> Bundle:
    return Bundle(query=QueryConfig(dense_weight=dense_weight))
