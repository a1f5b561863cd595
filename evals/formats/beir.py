"""BEIR folders: `corpus*.jsonl`, `queries.jsonl`, and judgements in `qrels.tsv` or `qrels/*.tsv`."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evals.case_lines import Checked, checked_cases
from evals.faults import EvalSetError, Fault
from evals.json_lines import json_lines, read_bytes
from rag.errors import UsageError

QUERIES = "queries.jsonl"
_QRELS = "qrels.tsv"
_FOLDER = "qrels"


@dataclass(frozen=True, slots=True)
class BeirDocument:
    """One document of a BEIR corpus."""

    id: str
    title: str
    text: str


@dataclass(slots=True)
class _Judgements:
    """What all files of judgements say, by query."""

    grades: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)  # names of the split files that judge a query
    first: dict[str, tuple[str, int]] = field(default_factory=dict)  # file and line that name a query first
    faults: list[Fault] = field(default_factory=list)


def read_beir(folder: Path) -> Checked:
    """Return the judged queries as cases with grades; what is judged 0 or less is kept as `not_relevant`.

    A query of `qrels/test.tsv` has the tag `test`.
    """
    judged = _judgements(folder)
    known: set[str] = set()
    checked = checked_cases(_contents(folder / QUERIES, judged, known))
    unknown = [
        Fault(line, query, f"{name} judges a query that {QUERIES} does not hold")
        for query, (name, line) in judged.first.items()
        if query not in known
    ]
    return Checked(checked.cases, (*judged.faults, *checked.faults, *unknown))


def corpus_parts(folder: Path) -> list[Path]:
    """Return the files of a BEIR corpus: one, or several parts of one."""
    return sorted(folder.glob("corpus*.jsonl"))


def beir_documents(folder: Path) -> Iterator[BeirDocument]:
    """Yield the documents of a BEIR corpus. Raises UsageError where there is none, EvalSetError for a bad line."""
    parts = corpus_parts(folder)
    if not parts:
        raise UsageError(f"There is no corpus.jsonl in {folder}.")
    for part in parts:
        for line, row in json_lines(part):
            yield _document(part, line, row)


def _document(part: Path, line: int, row: object) -> BeirDocument:
    if isinstance(row, Fault):
        raise EvalSetError(part, [row])
    id_ = _id(row) if isinstance(row, dict) else ""
    text, title = (row.get("text"), row.get("title") or "") if isinstance(row, dict) else (None, "")
    if not (id_ and isinstance(text, str) and isinstance(title, str)):
        raise EvalSetError(part, [Fault(line, id_, "must be a JSON object with _id, title and text")])
    return BeirDocument(id_, title, text)


def _contents(file: Path, judged: _Judgements, known: set[str]) -> Iterator[tuple[int, object]]:
    for line, row in json_lines(file):
        if not isinstance(row, dict):
            yield line, row if isinstance(row, Fault) else Fault(line, "", "must be a JSON object with _id and text")
        elif not _id(row):
            yield line, Fault(line, "", "_id is missing")
        else:
            known.add(_id(row))
            if _id(row) in judged.grades:
                yield line, _content(row, judged)


def _content(row: Mapping[str, object], judged: _Judgements) -> dict[str, object]:
    id_, rest = _id(row), {name: value for name, value in row.items() if name not in {"_id", "text"} and value}
    content = {"id": id_, "question": row.get("text"), "grades": judged.grades[id_], "tags": judged.files.get(id_, [])}
    return {**rest, **content}


def _id(row: Mapping[str, object]) -> str:
    """Return an id as text: some collections write numbers."""
    given = row.get("_id")
    return str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""


def _judgements(folder: Path) -> _Judgements:
    single = folder / _QRELS
    files = [*([single] if single.is_file() else []), *sorted((folder / _FOLDER).glob("*.tsv"))]
    if not files:
        raise UsageError(f"{folder} has {QUERIES} but no judgements: neither {_QRELS} nor {_FOLDER}/*.tsv.")
    judged = _Judgements()
    for file in files:
        _read_judgements(file, "" if file == single else file.stem, judged)
    return judged


def _read_judgements(file: Path, tag: str, judged: _Judgements) -> None:
    try:
        reader = csv.reader(io.StringIO(read_bytes(file).decode(), newline=""), delimiter="\t")
        for number, row in enumerate(reader):
            names_columns = number == 0 and len(row) == 3 and not _is_whole(row[2])
            if row and not names_columns:
                _judge(row, reader.line_num, file.name, tag, judged)
    except UnicodeDecodeError as error:
        raise EvalSetError(file, [Fault(0, "", "it is not UTF-8; save it as UTF-8")]) from error
    except csv.Error as error:
        raise EvalSetError(file, [Fault(0, "", f"it cannot be read: {error}")]) from error


def _judge(row: list[str], line: int, name: str, tag: str, judged: _Judgements) -> None:
    if len(row) != 3 or not _is_whole(row[2]):
        message = (
            f"{name} must have a query, a document and a whole number below a thousand million, with tabs between them"
        )
        judged.faults.append(Fault(line, row[0], message))
        return
    query, doc, grade = row[0].strip(), row[1].strip(), max(0, int(row[2]))
    judged.first.setdefault(query, (name, line))
    if judged.grades.setdefault(query, {}).setdefault(doc, grade) != grade:
        judged.faults.append(Fault(line, query, f"{name} judges document {doc} again, with another grade"))
    if tag and tag not in judged.files.setdefault(query, []):
        judged.files[query].append(tag)


def _is_whole(text: str) -> bool:
    digits = text.strip().removeprefix("-")
    return digits.isdecimal() and len(digits) < 10
