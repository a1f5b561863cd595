"""Reading eval sets: a file of lines, a folder with its documents, or a BEIR folder."""

from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from evals.case_lines import Checked, checked_cases
from evals.evalset import CorpusPlace, EvalSet
from evals.faults import EvalSetError, Fault
from evals.formats.beir import QUERIES, corpus_parts, read_beir
from evals.json_lines import json_lines
from rag.config import validation_message
from rag.errors import UsageError

QUESTIONS = "questions.jsonl"
DESCRIPTION = "set.yaml"
_DOCUMENTS = "corpus"


class _Description(BaseModel, frozen=True, extra="forbid"):
    """What set.yaml says; paths are relative to it."""

    corpus: Path | None = None
    sources: Path | None = None
    root: Path | None = None  # what `doc` is relative to, where that is not the corpus


@dataclass(frozen=True, slots=True)
class ReadSet:
    """A set of the cases that can be used, and what is wrong with the others."""

    eval_set: EvalSet
    faults: tuple[Fault, ...]


def load_set(path: Path) -> EvalSet:
    """Read an eval set. Raises EvalSetError with all its faults, UsageError for a path that is none."""
    found = read_set(path)
    if found.faults:
        raise EvalSetError(path, found.faults)
    return found.eval_set


def read_set(path: Path) -> ReadSet:
    """Read an eval set as far as it can be used. Raises UsageError for a path that is none."""
    place = path.expanduser()
    file = _file(place)
    if file.name == QUERIES and place.is_dir():
        checked, corpus = read_beir(place), CorpusPlace("beir", place.resolve())
    else:
        checked, corpus = read_lines(file), _beside(file.parent)
    described = _described(file.parent.resolve() / DESCRIPTION)
    return ReadSet(EvalSet(set_name(path), path, checked.cases, described or corpus), checked.faults)


def read_lines(file: Path) -> Checked:
    """Return the cases of a file of lines, and what is wrong with the others."""
    return checked_cases(json_lines(file))


def place_named(corpus: Path | None, sources: Path | None) -> CorpusPlace | None:
    """Return where documents are that the caller names; None where no name is given. Raises UsageError."""
    if corpus and sources:
        raise UsageError("Documents are named twice: by a folder and by a sources file. Give one of them.")
    if sources:
        return _sources(sources)
    return _folder(corpus) if corpus else None


def set_name(path: Path) -> str:
    """Return the name of a set: that of its folder, or of its file."""
    place = path.expanduser().resolve()
    return place.parent.name if place.name == QUESTIONS else place.stem if place.is_file() else place.name


def _file(path: Path) -> Path:
    """Return the file of questions."""
    if path.is_dir():
        found = next((path / name for name in (QUESTIONS, QUERIES) if (path / name).is_file()), None)
        if not found:
            raise UsageError(f"{path} is no eval set: it holds neither {QUESTIONS} nor, as BEIR does, {QUERIES}.")
        return found
    if not path.exists():
        raise UsageError(f"There is no eval set {path}.")
    if path.suffix.lower() != ".jsonl":
        advice = "`plumbline eval set import` reads CSV, ragas samples and BEIR."
        raise UsageError(f"{path} is no eval set: give a .jsonl file or a folder. {advice}")
    return path


def _beside(folder: Path) -> CorpusPlace:
    root = folder.resolve()
    documents = root / _DOCUMENTS
    return CorpusPlace("folder", documents, root) if documents.is_dir() else CorpusPlace("none")


def _described(file: Path) -> CorpusPlace | None:
    """Return what set.yaml names; None where it is absent or empty."""
    if not file.exists():
        return None
    try:
        said = _Description.model_validate(yaml.safe_load(file.read_text(encoding="utf-8-sig")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    except ValidationError as error:
        raise UsageError(
            f"{file} cannot be used: {validation_message(error)}. It may name corpus or sources, and root."
        ) from error
    here = file.parent
    place = place_named(said.corpus and here / said.corpus, said.sources and here / said.sources)
    return replace(place, root=(here / said.root).resolve()) if place and said.root else place


def _sources(file: Path) -> CorpusPlace:
    place = file.expanduser().resolve()
    if not place.is_file():
        raise UsageError(f"There is no sources file {file}.")
    return CorpusPlace("sources", place, place.parent)


def _folder(folder: Path) -> CorpusPlace:
    """Return a folder of documents, a BEIR folder, or a single document."""
    place = folder.expanduser().resolve()
    if not place.exists():
        raise UsageError(f"There is no folder {folder} with documents.")
    if place.is_dir() and (place / QUERIES).is_file() and corpus_parts(place):
        return CorpusPlace("beir", place)
    return CorpusPlace("folder", place, place if place.is_dir() else place.parent)
