"""Cases from a table: question, answer, doc, start, end, quote, tags, answerable, roles; one row a case."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from evals.case_lines import Checked, checked_cases
from evals.faults import EvalSetError, Fault
from evals.formats.locating import NotLocatedError, QuotePlaces
from evals.json_lines import read_bytes

_COLUMNS = frozenset(
    ("id", "question", "answer", "answers", "doc", "start", "end", "quote", "tags", "answerable", "roles")
)
_DELIMITERS = ",;\t"  # the second is what spreadsheets write in half of Europe
_YES_NO = {"": True, "true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_csv(file: Path, places: QuotePlaces) -> Checked:
    """Return rows as cases; lists are separated by `|`, other columns are kept."""
    return checked_cases((line, _content_or_fault(line, row, places)) for line, row in _rows(file))


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str] | Fault]]:
    """Yield the number of each row's first line with its cells by column, in small letters."""
    text = _text(file)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=head.count), strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check(file, columns)
        line = reader.line_num
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line + 1, _by_column(columns, cells, line + 1)
            line = reader.line_num
    except csv.Error as error:
        raise EvalSetError(file, [Fault(reader.line_num, "", f"is not CSV: {error}")]) from error


def _text(file: Path) -> str:
    try:
        return read_bytes(file).decode()
    except UnicodeDecodeError as error:
        raise EvalSetError(file, [Fault(0, "", "it is not UTF-8; save it as “CSV UTF-8”")]) from error


def _check(file: Path, columns: list[str]) -> None:
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise EvalSetError(file, [Fault(1, "", f"column {', '.join(twice)} stands there twice")])
    if "question" not in columns:
        known = ", ".join(sorted(_COLUMNS))
        raise EvalSetError(file, [Fault(1, "", f"there is no column question; known columns are {known}")])


def _by_column(columns: list[str], cells: list[str], line: int) -> dict[str, str] | Fault:
    if any(cell.strip() for cell in cells[len(columns) :]):
        message = f"has {len(cells)} cells for {len(columns)} columns; put quotes around a cell with a delimiter"
        return Fault(line, "", message)
    return {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}


def _content_or_fault(line: int, row: dict[str, str] | Fault, places: QuotePlaces) -> object:
    if isinstance(row, Fault):
        return row
    id_ = row.get("id", f"row-{line}").strip()
    try:
        return _content(id_, row, places)
    except ValueError as error:
        return Fault(line, id_, str(error))


def _content(id_: str, row: Mapping[str, str], places: QuotePlaces) -> dict[str, object]:
    kept = {name: cell for name, cell in row.items() if name not in _COLUMNS}
    content = {"id": id_, "question": row.get("question"), "answerable": _answerable(row.get("answerable", ""))}
    lists = {"answers": [*_list(row, "answer"), *_list(row, "answers")], "tags": _list(row, "tags")}
    roles = {"roles": _list(row, "roles")} if "roles" in row else {}
    return {**kept, **content, **lists, **roles, **_truth(row, places)}


def _truth(row: Mapping[str, str], places: QuotePlaces) -> dict[str, object]:
    """Return the span of a row, or the documents it names: each is relevant. Raises ValueError."""
    offsets = _offsets(row)
    try:
        if offsets:
            return {"references": [_span(_only_doc(row), *offsets, row.get("quote", ""), places)]}
        if "quote" in row:
            return {"references": [places.reference(row["quote"], _only_doc(row) if "doc" in row else "")]}
    except NotLocatedError as error:
        raise ValueError(f"quote {error}") from error
    return {"grades": dict.fromkeys(_list(row, "doc"), 1)} if "doc" in row else {}


def _span(doc: str, start: int, end: int, quote: str, places: QuotePlaces) -> dict[str, object]:
    return {"doc": doc, "start": start, "end": end, "text": quote or places.text(doc, start, end)}


def _offsets(row: Mapping[str, str]) -> tuple[int, int] | None:
    given = [name for name in ("start", "end") if name in row]
    if not given:
        return None
    if len(given) == 1:
        raise ValueError(f"{given[0]} stands alone; give start and end, or neither")
    return _whole(row, "start"), _whole(row, "end")


def _whole(row: Mapping[str, str], name: str) -> int:
    if not row[name].strip().isdecimal():
        raise ValueError(f"{name} must be a whole number of 0 or more, not {row[name]!r}")
    return int(row[name])


def _only_doc(row: Mapping[str, str]) -> str:
    docs = _list(row, "doc")
    if len(docs) != 1:
        raise ValueError("doc must name the one document that the quote stands in")
    return docs[0]


def _answerable(cell: str) -> bool:
    if cell.strip().lower() not in _YES_NO:
        raise ValueError(f"answerable must be true or false, not {cell!r}")
    return _YES_NO[cell.strip().lower()]


def _list(row: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in row.get(name, "").split("|") if part.strip()]
