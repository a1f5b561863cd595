"""What a set's cases are scored against, in the terms of one index: places of references, relevant documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evals.copies import span_truths
from evals.corpus import EvalCorpus, beir_file_name
from evals.evalset import Case, EvalSet, Reference
from evals.faults import EvalSetError
from evals.frozen import FrozenCorpus
from evals.outcome import Place
from evals.spans import SpanTruth
from evals.validation import resolve_docs, validate


@dataclass(frozen=True, slots=True)
class SetTruth:
    """Truth by case id; a case without any has none."""

    spans: Mapping[str, SpanTruth] = field(default_factory=dict)
    grades: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by uri
    uris: Mapping[str, str] = field(default_factory=dict)  # by doc, as the set names it


def checked_truth(eval_set: EvalSet, cases: Sequence[Case], corpus: EvalCorpus, frozen: FrozenCorpus) -> SetTruth:
    """Return the truth of these cases. Raises EvalSetError with every place where they disagree with the documents."""
    file_name = beir_file_name if eval_set.corpus.kind == "beir" else str
    named = {doc for case in cases for doc in (*case.docs, *(each.doc for each in case.alternatives))}
    found = resolve_docs(named, frozen.paths, corpus.root, file_name=file_name)
    texts = frozen.texts
    by_doc = {doc: texts[uri] for doc, uri in found.uris.items()}
    faults = validate(replace(eval_set, cases=tuple(cases)), by_doc, problems=found.problems)
    if faults:
        raise EvalSetError(eval_set.path, faults)
    return truth_of(cases, found.uris, texts)


def truth_of(cases: Sequence[Case], uris: Mapping[str, str], texts: Mapping[str, str]) -> SetTruth:
    """Return the truth of cases whose documents are known by `uris`."""
    spans = span_truths(
        {case.id: _places(case.references, uris) for case in cases},
        {case.id: _places(case.alternatives, uris) for case in cases if case.alternatives},
        texts,
    )
    grades = {case.id: {uris[doc]: grade for doc, grade in case.grades.items()} for case in cases if case.grades}
    return SetTruth(spans, grades, uris)


def _places(references: Sequence[Reference], uris: Mapping[str, str]) -> list[Place]:
    return [Place(uris[each.doc], each.start, each.end) for each in references]
