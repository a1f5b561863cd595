"""What the `eval set` commands do: read, call, print. Each returns its exit code."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from rich.table import Column, Table
from rich.text import Text

from evals.evalset import CorpusPlace, EvalSet
from evals.faults import Fault
from evals.formats.corpus_texts import CorpusTexts, TextsOf, read_texts
from evals.formats.exporting import write_beir, write_jsonl
from evals.formats.importing import ImportFormat, import_set
from evals.loading import load_set, place_named, read_set
from evals.set_diff import SetDiff, diff_sets
from evals.set_facts import CheckedSet, SetFacts, check_against, facts_of
from rag.api.view import visible
from rag.errors import UsageError
from rag.terminal import Options, console, note, print_json

ExportFormat: TypeAlias = Literal["jsonl", "beir"]
_SHOWN = 20  # of a list on a terminal; --json has all
_INVALID = 1  # exit code


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be imported, and where to."""

    source: Path
    out: Path
    format: ImportFormat | None = None  # None: the one that the name tells
    corpus: Path | None = None  # documents to find quotes in


def show(options: Options, path: Path, *, as_json: bool) -> int:
    """Print what a set holds."""
    content = _described(facts_of(load_set(path)))
    if as_json:
        print_json(content)
        return 0
    table = Table(Column("what"), Column("value", overflow="fold"), show_header=False)
    for name, value in content.items():
        table.add_row(name, Text(visible(_cell(value))))
    console(options).print(table)
    return 0


def check(
    options: Options,
    path: Path,
    corpus: Path | None = None,
    sources: Path | None = None,
    *,
    as_json: bool,
    texts_of: TextsOf = read_texts,
) -> int:
    """Print every fault of a set, of its lines and against its documents; return 1 where there are any."""
    found = read_set(path)
    texts = texts_of(place_named(corpus, sources) or found.eval_set.corpus)
    checked = check_against(found.eval_set, texts) if texts else CheckedSet(None, ())
    faults = [*found.faults, *checked.faults]
    if as_json:
        print_json(_verdict(found.eval_set, faults, checked.unread))
    else:
        _print_verdict(options, found.eval_set, faults, checked.unread)
    return _INVALID if faults else 0


def import_cases(options: Options, wanted: Import, *, as_json: bool, texts_of: TextsOf = read_texts) -> int:
    """Write foreign cases as a set of lines."""
    place = place_named(wanted.corpus, None)
    eval_set = import_set(wanted.source, wanted.format, texts_of(place) if place else None)
    write_jsonl(eval_set, wanted.out)
    _advise(wanted.out, place or eval_set.corpus)
    return _print_written(options, eval_set, wanted.out, [], as_json=as_json)


def export(
    options: Options, path: Path, out: Path, *, format_: ExportFormat, as_json: bool, texts_of: TextsOf = read_texts
) -> int:
    """Write a set for other programs; say what the format cannot hold."""
    eval_set, lost = load_set(path), list[str]()
    match format_:
        case "jsonl":
            write_jsonl(eval_set, out)
            _advise(out, eval_set.corpus)
        case "beir":
            lost = write_beir(eval_set, _needed(eval_set, texts_of), out)
    return _print_written(options, eval_set, out, lost, as_json=as_json)


def diff(options: Options, a: Path, b: Path, *, as_json: bool) -> int:
    """Print which cases were added, removed and changed."""
    first, second = load_set(a), load_set(b)
    found = diff_sets(first, second)
    if as_json:
        print_json(_diff_content(first, second, found))
    else:
        _print_diff(options, found)
    return 0


def _described(facts: SetFacts) -> dict[str, object]:
    corpus = facts.corpus
    return {
        "name": facts.name,
        "path": str(facts.path),
        "digest": facts.digest,
        "cases": facts.cases,
        "answerable": facts.answerable,
        "truth": facts.truth,
        "references": facts.references,
        "documents": facts.documents,
        "corpus": {"kind": corpus.kind, "path": str(corpus.path) if corpus.path else None},
        "split": {"tune": facts.tune, "holdout": facts.holdout, "note": facts.split_note},
        "tags": dict(facts.tags),
    }


def _verdict(eval_set: EvalSet, faults: Sequence[Fault], unread: int | None) -> dict[str, object]:
    listed = [{"line": each.line or None, "case": each.case_id or None, "message": each.message} for each in faults]
    content = {"set": str(eval_set.path), "cases": len(eval_set.cases), "valid": not faults, "faults": listed}
    return {**content, "checked_documents": unread is not None, "unchecked_references": unread or 0}


def _print_verdict(options: Options, eval_set: EvalSet, faults: Sequence[Fault], unread: int | None) -> None:
    screen = console(options)
    if unread is None:
        note("The set names no documents: only its lines were checked. Name them with --corpus DIR.")
    if unread:
        note(f"References not checked, as their documents have no text that can be read here: {unread}.")
    name = visible(str(eval_set.path))
    many = f"{name} has {_counted(faults, 'fault')}:"
    screen.print(Text(many if faults else f"{name}: {_counted(eval_set.cases, 'case')}, no faults."))
    for fault in faults[:_SHOWN]:
        screen.print(Text(f"  {fault}", "yellow"))
    if len(faults) > _SHOWN:
        screen.print(f"  and {len(faults) - _SHOWN} more; --json lists all.")


def _advise(out: Path, documents: CorpusPlace) -> None:
    """Say how a new set finds its documents, where it does not find these by itself."""
    found = load_set(out).corpus
    if documents.path is None or found.path == documents.path:
        return
    beside = out.expanduser().absolute().parent
    key = "sources" if documents.kind == "sources" else "corpus"
    relative = Path(os.path.relpath(documents.path, beside.resolve())).as_posix()
    note(f"To score against the same documents, write `{key}: {relative}` into {beside / 'set.yaml'}.")


def _needed(eval_set: EvalSet, texts_of: TextsOf) -> CorpusTexts:
    texts = texts_of(eval_set.corpus)
    if texts is None:
        raise UsageError(f"{eval_set.path} names no documents, and BEIR holds them. Name them in set.yaml beside it.")
    return texts


def _print_written(options: Options, eval_set: EvalSet, out: Path, lost: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        content = {"out": str(out), "cases": len(eval_set.cases), "truth": eval_set.truth, "digest": eval_set.digest}
        print_json({**content, "warnings": list(lost)})
        return 0
    for line in lost:
        note(line)
    console(options).print(Text(visible(f"Wrote {_counted(eval_set.cases, 'case')} of {eval_set.name} to {out}.")))
    return 0


def _diff_content(a: EvalSet, b: EvalSet, found: SetDiff) -> dict[str, object]:
    return {
        "a": {"set": str(a.path), "digest": a.digest},
        "b": {"set": str(b.path), "digest": b.digest},
        "same": found.same,
        "added": found.added,
        "removed": found.removed,
        "changed": [{"id": id_, "fields": fields} for id_, fields in found.changed.items()],
        "reordered": found.reordered,
    }


def _print_diff(options: Options, found: SetDiff) -> None:
    screen = console(options)
    if found.same:
        screen.print("The same cases in the same order.")
    lists = {"added": found.added, "removed": found.removed}
    lists["changed"] = tuple(f"{id_} ({', '.join(fields)})" for id_, fields in found.changed.items())
    for name, ids in lists.items():
        if ids:
            more = f", and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
            screen.print(Text(visible(f"{len(ids)} {name}: {', '.join(ids[:_SHOWN])}{more}")))
    if found.reordered:
        screen.print("What both hold stands in another order.")


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name} {_cell(each)}" for name, each in list(value.items())[:_SHOWN] if each not in {"", None}
        )
    return str(value)
