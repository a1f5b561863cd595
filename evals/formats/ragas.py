"""Samples as ragas writes them, JSON or JSONL, of its present and its former field names."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from evals.case_lines import Checked, checked_cases
from evals.faults import EvalSetError, Fault
from evals.formats.locating import NotLocatedError, QuotePlaces
from evals.json_lines import json_lines, parsed, read_bytes

_NEW_NAMES = {"question": "user_input", "ground_truth": "reference", "ground_truths": "reference", "answer": "response"}
_LISTS = ("samples", "data", "examples")  # where a file holds an object around its samples
_HOP = re.compile(r"^<\d+-hop>\s+")  # put before the contexts of questions over several documents
_MULTI_TURN = "user_input is a conversation; only single questions can be imported"


def read_ragas(file: Path, places: QuotePlaces) -> Checked:
    """Return samples as cases. `reference_contexts` become spans where there is a corpus, else they are kept."""
    return checked_cases((line, _content(line, row, places)) for line, row in _rows(file))


def _rows(file: Path) -> Iterator[tuple[int, object]]:
    """Yield samples with their line, or their number in a JSON file."""
    if file.suffix.lower() == ".jsonl":
        yield from json_lines(file)
        return
    content = parsed(read_bytes(file))
    if isinstance(content, dict):
        content = next((content[name] for name in _LISTS if isinstance(content.get(name), list)), [content])
    if isinstance(content, Fault):
        raise EvalSetError(file, [content])
    yield from enumerate(content if isinstance(content, list) else [content], 1)


def _content(line: int, row: object, places: QuotePlaces) -> object:
    if not isinstance(row, dict):
        return row
    sample = _renamed(row)
    id_ = sample.pop("id", None) or sample.pop("sample_id", None) or f"ragas-{line}"
    question = sample.pop("user_input", None)
    if isinstance(question, list):
        return Fault(line, str(id_), _MULTI_TURN)
    content = {"id": str(id_), "question": question, "answers": _texts(sample.pop("reference", None))}
    try:
        spans = _spans(sample, places)
    except NotLocatedError as error:
        return Fault(line, str(id_), f"{error}. Without --corpus the contexts are kept as they are")
    return {**sample, **content, **spans, "tags": _tags(sample)}


def _renamed(row: Mapping[str, object]) -> dict[str, object]:
    """Return a sample by the present names, without what is null.

    The former `contexts` are what was retrieved, except in a generated test set, which says how it evolved.
    """
    contexts = "reference_contexts" if "evolution_type" in row else "retrieved_contexts"
    names = {**_NEW_NAMES, "contexts": contexts}
    return {names.get(name, name): value for name, value in row.items() if value is not None}


def _spans(sample: dict[str, object], places: QuotePlaces) -> dict[str, object]:
    if places.corpus is None or not sample.get("reference_contexts"):
        return {}
    contexts = dict.fromkeys(_HOP.sub("", context) for context in _texts(sample.pop("reference_contexts")))
    return {"references": [_located(number, context, places) for number, context in enumerate(contexts)]}


def _located(number: int, context: str, places: QuotePlaces) -> dict[str, object]:
    try:
        return places.reference(context)
    except NotLocatedError as error:
        raise NotLocatedError(f"reference_contexts.{number} {error}") from error


def _texts(value: object) -> list[str]:
    """Return texts of a text, or of a list of texts; blank ones are left out."""
    given = value if isinstance(value, list) else [value]
    return [text for text in given if isinstance(text, str) and text.strip()]


def _tags(sample: Mapping[str, object]) -> list[str]:
    """Return by which way a question was made: slices are told apart by it."""
    named = [sample.get("synthesizer_name"), sample.get("evolution_type")]
    return [name for name in named if isinstance(name, str) and name.strip()]
