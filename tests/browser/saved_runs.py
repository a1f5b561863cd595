"""Runs in a home, for tests of pages."""

from collections.abc import Sequence

from evals.run import Run
from evals.runs import RunBook
from rag.bootstrap import truth_of
from rag.database import schema
from rag.settings import Settings
from tests.unit.made_runs import case, run


def measured(name: str, every: int, **facts: object) -> Run:
    """Return a run that finds the answer to one question of `every`."""
    rows = [
        {"recall@5": float(at % every == 0), "recall@250t": 0.3 + at % every / 10, "recall@500t": 0.6, "ndcg@10": 0.5}
        | {"latency_ms.total": 5.0 + at % 4, "context_tokens": 600.0}
        for at in range(60)
    ]
    return run(name, [case(at, row, tags=("odd" if at % 2 else "even",)) for at, row in enumerate(rows)], **facts)


def saved(settings: Settings, runs: Sequence[Run]) -> list[str]:
    """Save runs in a home; return their ids."""
    database = truth_of(settings)
    schema.upgrade(database, "truth")
    book, ids = RunBook(database), []
    for at, each in enumerate(runs):
        facts = {"set_name": each.set_name, "set_digest": each.set, "bundle": each.bundle, "split": each.split}
        ids.append(book.begin(f"key-{at}", {**facts, "name": each.name}, len(each.cases)))
        book.save(each.model_copy(update={"id": ids[-1]}))
    database.close()
    return ids
