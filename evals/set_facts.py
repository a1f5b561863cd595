"""What a set holds, and what its documents say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from evals.evalset import Case, CorpusPlace, EvalSet, Truth, tags_of
from evals.faults import Fault
from evals.formats.corpus_texts import CorpusTexts
from evals.slices import length_band
from evals.splitting import split_cases
from evals.validation import validate

PartKind: TypeAlias = Literal["answerable", "file", "tag", "length"]


@dataclass(frozen=True, slots=True)
class SetFacts:
    """What a set holds."""

    name: str
    path: Path
    digest: str
    cases: int
    answerable: int
    truth: Truth
    references: int
    documents: int
    corpus: CorpusPlace
    tune: int  # cases on this side of the split
    holdout: int
    split_note: str
    tags: Mapping[str, int]  # cases by tag, the most frequent first


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """What a set's documents say of it."""

    unread: int | None  # references into documents without a text; None: there are no documents
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class PartSize:
    """A part of a set, and how many of its cases belong to it."""

    kind: PartKind
    name: str
    cases: int
    answerable: int


def facts_of(eval_set: EvalSet) -> SetFacts:
    """Return what a set holds."""
    cases = eval_set.cases
    tune, holdout = split_cases(cases, "tune"), split_cases(cases, "holdout")
    return SetFacts(
        name=eval_set.name,
        path=eval_set.path,
        digest=eval_set.digest,
        cases=len(cases),
        answerable=sum(case.answerable for case in cases),
        truth=eval_set.truth,
        references=sum(len(case.references) for case in cases),
        documents=len({doc for case in cases for doc in case.docs}),
        corpus=eval_set.corpus,
        tune=len(tune.cases),
        holdout=len(holdout.cases),
        split_note=tune.note,
        tags=tags_of(cases),
    )


def check_against(eval_set: EvalSet, corpus: CorpusTexts) -> CheckedSet:
    """Return where a set does not agree with its documents."""
    references = [each for case in eval_set.cases for each in (*case.references, *case.alternatives)]
    docs = [*(each.doc for each in references), *(doc for case in eval_set.cases for doc in case.grades)]
    resolution = corpus.resolve(docs)
    texts = corpus.texts(resolution.uris)
    unread = sum(each.doc in resolution.uris and each.doc not in texts for each in references)
    faults = validate(eval_set, texts, problems=resolution.problems, known=resolution.uris)
    return CheckedSet(unread, tuple(faults))


def parts_of(cases: Sequence[Case]) -> list[PartSize]:
    """Return the parts that results are looked at by, the largest of each kind first."""
    held: dict[tuple[PartKind, str], list[Case]] = {}
    for case in cases:
        for part in _parts(case):
            held.setdefault(part, []).append(case)
    order: tuple[PartKind, ...] = ("answerable", "length", "file", "tag")
    found = [PartSize(kind, name, len(own), sum(case.answerable for case in own)) for (kind, name), own in held.items()]
    return sorted(found, key=lambda part: (order.index(part.kind), -part.cases, part.name))


def _parts(case: Case) -> set[tuple[PartKind, str]]:
    parts: set[tuple[PartKind, str]] = {("answerable", "yes" if case.answerable else "no")}
    parts.add(("length", length_band(case.question)))
    parts |= {("file", Path(doc).suffix.lower().lstrip(".") or "no ending") for doc in case.docs}
    return parts | {("tag", tag) for tag in case.tags}
