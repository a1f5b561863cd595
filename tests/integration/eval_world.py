"""A small eval set with its documents, and how tests run it."""

import json
from collections.abc import Mapping
from pathlib import Path

from evals.commands import open_bench
from evals.corpus import open_corpus
from evals.experiment import run_experiment
from evals.floors import floors
from evals.lab import Search
from evals.loading import load_set
from evals.plan import Plan
from evals.run import Run
from evals.runs import RunBook
from rag.config import Bundle
from rag.settings import Settings
from tests.conftest import write

FEES = {
    "fees.txt": "".join(
        f"The {color} permit costs {number * 7} euro a year. It is issued by office {number}.\n\n"
        for number, color in enumerate(("red", "green", "blue", "yellow", "white", "black", "brown", "orange"), 1)
    ),
    "leave.txt": "Parental leave lasts twenty weeks for every employee.\n\nSick leave is paid for six weeks.\n",
    "hr/pay.txt": "The director earns nine thousand euro a month.\n",
}
ASKED = {
    "fee-red": ("What does the red permit cost?", "fees.txt", "The red permit costs 7 euro a year."),
    "fee-blue": ("How much is a blue permit?", "fees.txt", "The blue permit costs 21 euro a year."),
    "office": ("Which office issues the black permit?", "fees.txt", "It is issued by office 6."),
    "parental": ("How long is parental leave?", "leave.txt", "Parental leave lasts twenty weeks for every employee."),
    "pay": ("What does the director earn?", "hr/pay.txt", "The director earns nine thousand euro a month."),
}
ABSENT = {"moon": "How far away is the moon?", "dogs": "May dogs come to the canteen?"}
WEIGHTED = Bundle.model_validate({"query": {"dense_weight": 0.3}})
SHORT = Bundle.model_validate({"index": {"chunk_tokens": 32}})


def eval_folder(folder: Path, more: Mapping[str, Mapping[str, object]] | None = None) -> Path:
    """Write the set; `more`: further fields by case id."""
    write(folder / "corpus", FEES)
    lines = [_line(id_, *asked) for id_, asked in ASKED.items()]
    lines += [{"id": id_, "question": question, "answerable": False} for id_, question in ABSENT.items()]
    lines = [line | dict((more or {}).get(str(line["id"]), {})) for line in lines]
    (folder / "questions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def run(
    settings: Settings, folder: Path, bundle: Bundle | None = None, *, cached: bool = True, **options: object
) -> Run:
    """Run the set as `plumbline eval run` does."""
    with open_bench(settings, cached=cached) as (bench, book):
        return run_experiment(plan(settings, folder, bundle, **options), bench, book)


def plan(settings: Settings, folder: Path, bundle: Bundle | None = None, **options: object) -> Plan:
    eval_set = load_set(folder)
    return Plan(eval_set, open_corpus(eval_set.corpus, settings), bundle or Bundle(), **options)  # type: ignore[arg-type]


def floor(name: str) -> tuple[Bundle, Search | None]:
    found = next(each for each in floors() if each.name == name)
    return found.bundle(Bundle()), found.search


def saved(settings: Settings) -> list[str]:
    """Return the ids of the runs in the truth."""
    with open_bench(settings) as (bench, _):
        return [line.id for line in RunBook(bench.backends.database).list()]


def _line(id_: str, question: str, doc: str, quote: str) -> dict[str, object]:
    start = FEES[doc].index(quote)
    if id_ == "office":
        start = FEES[doc].index("office 6") - len("It is issued by ")
    reference = {"doc": f"corpus/{doc}", "start": start, "end": start + len(quote), "text": quote}
    return {
        "id": id_,
        "question": question,
        "answers": [],
        "references": [reference],
        "tags": [id_.split("-", maxsplit=1)[0]],
    }
