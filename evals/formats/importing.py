"""Foreign files into eval sets."""

from pathlib import Path
from typing import Literal, TypeAlias

from evals.case_lines import Checked
from evals.evalset import CorpusPlace, EvalSet
from evals.faults import EvalSetError
from evals.formats.beir import QUERIES, read_beir
from evals.formats.corpus_texts import CorpusTexts
from evals.formats.csv_rows import read_csv
from evals.formats.locating import QuotePlaces
from evals.formats.ragas import read_ragas
from rag.errors import UsageError

ImportFormat: TypeAlias = Literal["beir", "ragas", "csv"]
_ENDINGS: dict[str, ImportFormat] = {".csv": "csv", ".tsv": "csv", ".json": "ragas", ".jsonl": "ragas"}


def import_set(source: Path, format_: ImportFormat | None = None, corpus: CorpusTexts | None = None) -> EvalSet:
    """Return foreign cases as a set; None: the format that the name tells. Raises EvalSetError, UsageError."""
    if not source.exists():
        raise UsageError(f"There is no file or folder {source}.")
    checked = _read(source, format_ or format_of(source), QuotePlaces(corpus))
    if checked.faults:
        raise EvalSetError(source, checked.faults)
    own = CorpusPlace("beir", source.resolve()) if source.is_dir() else CorpusPlace("none")
    return EvalSet(source.resolve().stem, source, checked.cases, own)


def format_of(source: Path) -> ImportFormat:
    """Return the format that a name tells. Raises UsageError where it tells none."""
    if source.is_dir():
        return "beir"
    format_ = _ENDINGS.get(source.suffix.lower())
    if format_ is None:
        raise UsageError(f"What {source} holds cannot be told by its name. Say it with --format beir, ragas or csv.")
    return format_


def _read(source: Path, format_: ImportFormat, places: QuotePlaces) -> Checked:
    if (format_ == "beir") != source.is_dir():
        wanted = f"a folder with {QUERIES}" if format_ == "beir" else "a file"
        raise UsageError(f"{source} cannot be read as {format_}: that is {wanted}.")
    match format_:
        case "beir":
            if not (source / QUERIES).is_file():
                raise UsageError(f"{source} is no BEIR folder: it holds no {QUERIES}.")
            return read_beir(source)
        case "ragas":
            return read_ragas(source, places)
        case "csv":
            return read_csv(source, places)
