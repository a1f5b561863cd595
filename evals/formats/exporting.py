"""Eval sets into files for other programs."""

import csv
import errno
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from evals.case_lines import NOT_RELEVANT
from evals.evalset import Case, EvalSet, case_content
from evals.faults import EvalSetError, Fault
from evals.formats.beir import QUERIES
from evals.formats.corpus_texts import CorpusTexts
from rag.errors import UsageError


def write_jsonl(eval_set: EvalSet, out: Path) -> None:
    """Write one case a line: read again, it is the same set. Raises UsageError where the file exists."""
    if out.suffix.lower() != ".jsonl":
        raise UsageError(f"{out} must be named .jsonl: that is how an eval set is known.")
    with _made(out) as making:
        _write_rows(making, (case_content(case) for case in eval_set.cases))


def write_beir(eval_set: EvalSet, corpus: CorpusTexts, out: Path) -> list[str]:
    """Write a BEIR folder; return what it cannot hold.

    A document with a span is relevant with 1. Raises UsageError where the folder exists or nothing could be judged,
    EvalSetError where a document is not in the corpus.
    """
    cases = [case for case in eval_set.cases if case.docs]
    if not cases:
        raise UsageError(f"{eval_set.path} names no documents as truth, so BEIR cannot hold any of it.")
    documents, unread = _documents(eval_set, corpus)
    with _made(out) as making:
        making.mkdir()
        _write_rows(making / "corpus.jsonl", documents)
        _write_rows(making / QUERIES, ({"_id": case.id, "text": case.question} for case in cases))
        _write_judgements(making / "qrels.tsv", cases)
    return [*_lost(eval_set.cases), *unread]


@contextmanager
def _made(out: Path) -> Iterator[Path]:
    """Yield a place to write to, which then becomes `out` in one step.

    Raises UsageError where `out` exists, as it may be the only copy of a truth, or cannot be written.
    """
    place = out.expanduser().absolute()
    if place.exists():
        raise UsageError(f"{out} exists. Name another place, or remove it first.")
    making = place.with_name(f"{place.name}.tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(making, ignore_errors=True)
        yield making
        making.replace(place)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise UsageError(f"{out} cannot be written: {error.strerror}.") from error


def _write_rows(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with file.open("wb") as target:
        target.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _write_judgements(file: Path, cases: Iterable[Case]) -> None:
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, delimiter="\t", lineterminator="\n")
        writer.writerow(("query-id", "corpus-id", "score"))
        for case in cases:
            writer.writerows((case.id, doc, grade) for doc, grade in _grades(case).items())


def _grades(case: Case) -> dict[str, int]:
    """Return the judgements of a case: a document with a span counts 1."""
    zero = case.other.get(NOT_RELEVANT)
    refused = dict.fromkeys(map(str, zero), 0) if isinstance(zero, list) else {}
    return refused | dict.fromkeys((each.doc for each in case.references), 1) | dict(case.grades)


def _documents(eval_set: EvalSet, corpus: CorpusTexts) -> tuple[list[dict[str, str]], list[str]]:
    """Return all documents that have a text, named as the set names them, and a warning for the others."""
    resolution = corpus.resolve(dict.fromkeys(doc for case in eval_set.cases for doc in case.docs))
    if resolution.problems:
        faults = [Fault(0, "", f"{doc} {problem}") for doc, problem in resolution.problems.items()]
        raise EvalSetError(eval_set.path, faults)
    called = {uri: name for name, uri in corpus.names().items()} | {uri: doc for doc, uri in resolution.uris.items()}
    texts = {uri: corpus.text_of(uri) for uri in called}
    rows = [
        {"_id": called[uri], "title": corpus.titles.get(uri, ""), "text": text}
        for uri, text in texts.items()
        if text is not None
    ]
    unread = len(texts) - len(rows)
    return rows, [
        f"Documents without a text that can be read here are left out: {unread} of {len(texts)}."
    ] if unread else []


def _lost(cases: Sequence[Case]) -> list[str]:
    """Return what BEIR cannot hold, with how many cases have it."""
    counts = {
        "Cases that name no document as truth": sum(not case.docs for case in cases),
        "Spans (their documents are graded 1)": sum(bool(case.references) for case in cases),
        "Answers": sum(bool(case.answers) for case in cases),
        "Tags": sum(bool(case.tags) for case in cases),
        "Roles": sum(case.roles is not None for case in cases),
        "Filters": sum(bool(case.where) for case in cases),
    }
    return [f"{name} are left out: {count} of {len(cases)} cases." for name, count in counts.items() if count]
