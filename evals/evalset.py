"""Eval sets: frozen questions with the truth that they are scored against."""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import orjson

Split: TypeAlias = Literal["all", "tune", "holdout"]
Truth: TypeAlias = Literal["span", "graded", "none"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A stretch of a document that proves the answer: `document.text[start:end] == text`, in code points."""

    doc: str  # path relative to the set's folder, or to the named corpus
    start: int
    end: int
    text: str
    other: Mapping[str, object] = field(default_factory=dict, hash=False)  # fields that are kept and not read


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its truth: spans, or graded documents."""

    id: str
    question: str
    answerable: bool = True
    answers: tuple[str, ...] = ()  # short texts, any of which is right
    references: tuple[Reference, ...] = ()
    alternatives: tuple[Reference, ...] = ()  # further places where the same short text stands (`alt_references`)
    grades: Mapping[str, int] = field(default_factory=dict)  # relevance by doc, above 0; where there are no spans
    tags: tuple[str, ...] = ()
    roles: tuple[str, ...] | None = None  # who asks; None: may read everything
    where: Mapping[str, object] = field(default_factory=dict)  # as in the body of a request
    other: Mapping[str, object] = field(default_factory=dict)  # fields that are kept and not read
    line: int = 0  # in its file, counted from 1

    @property
    def docs(self) -> tuple[str, ...]:
        """The documents that its truth names, each once."""
        return tuple(dict.fromkeys([*(each.doc for each in self.references), *self.grades]))


@dataclass(frozen=True, slots=True)
class CorpusPlace:
    """Where a set's documents are."""

    kind: Literal["folder", "sources", "beir", "none"]
    path: Path | None = None  # the folder, the sources file, or the BEIR folder
    root: Path | None = None  # what `doc` is relative to


@dataclass(frozen=True, slots=True)
class EvalSet:
    """Cases in the order of their file."""

    name: str
    path: Path  # as it was given
    cases: tuple[Case, ...]
    corpus: CorpusPlace

    @property
    def digest(self) -> str:
        """SHA-256 of the content of all cases, in their order."""
        lines = b"\n".join(orjson.dumps(case_content(case), option=orjson.OPT_SORT_KEYS) for case in self.cases)
        return hashlib.sha256(lines).hexdigest()

    @property
    def truth(self) -> Truth:
        """What most of its answerable cases are scored against."""
        spans = sum(bool(case.references) for case in self.cases)
        graded = sum(bool(case.grades) for case in self.cases)
        return "none" if not spans + graded else "span" if spans >= graded else "graded"


def case_content(case: Case) -> dict[str, object]:
    """Return a case as a line of JSON holds it; absent fields are left out."""
    content: dict[str, object] = {
        **case.other,
        "id": case.id,
        "question": case.question,
        "answers": list(case.answers),
        "answerable": case.answerable,
        "references": [_reference_content(each) for each in case.references],
        "tags": list(case.tags),
    }
    optional = {
        "alt_references": [_reference_content(each) for each in case.alternatives],
        "grades": {} if dict(case.grades) == grades_of_sources(case.other) else dict(case.grades),
        "roles": list(case.roles) if case.roles is not None else None,
        "where": {key: _plain(value) for key, value in case.where.items()},
    }
    return content | {name: value for name, value in optional.items() if value}


def grades_of_sources(other: Mapping[str, object]) -> dict[str, int]:
    """Return the grades that a case's `source_docs` stand for: 1 each."""
    named = other.get("source_docs")
    return dict.fromkeys(map(str, named), 1) if isinstance(named, list) else {}


def _reference_content(reference: Reference) -> dict[str, object]:
    place = {"doc": reference.doc, "start": reference.start, "end": reference.end, "text": reference.text}
    return {**reference.other, **place}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime.date) else value


def tags_of(cases: Sequence[Case]) -> dict[str, int]:
    """Return how many cases have each tag, the most frequent first."""
    counts: dict[str, int] = {}
    for case in cases:
        for tag in case.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
