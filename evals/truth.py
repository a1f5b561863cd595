"""What a set's cases are scored against, in the terms of one index: places of references, relevant documents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evals.copies import span_truths
from evals.corpus import EvalCorpus
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
    lost: tuple[str, ...] = ()  # docs that are in the corpus and could not be indexed: their truth cannot be found


def checked_truth(eval_set: EvalSet, cases: Sequence[Case], corpus: EvalCorpus, frozen: FrozenCorpus) -> SetTruth:
    """Return the truth of these cases. Raises EvalSetError with every place where they disagree with the documents."""
    named = {doc for case in cases for doc in (*case.docs, *(each.doc for each in case.alternatives))}
    found = resolve_docs(named, frozen.paths, corpus.root, file_name=corpus.file_name)
    texts = frozen.texts
    by_doc = {doc: texts[uri] for doc, uri in found.uris.items() if uri in texts}
    lost = tuple(sorted(found.uris.keys() - by_doc.keys()))
    checked = tuple(_without(case, lost) for case in cases) if lost else tuple(cases)
    faults = validate(replace(eval_set, cases=checked), by_doc, problems=found.problems)
    if faults:
        raise EvalSetError(eval_set.path, faults)
    return replace(truth_of(cases, found.uris, texts), lost=lost)


def truth_of(cases: Sequence[Case], uris: Mapping[str, str], texts: Mapping[str, str]) -> SetTruth:
    """Return the truth of cases whose documents are known by `uris`."""
    spans = span_truths(
        {case.id: _places(case.references, uris) for case in cases},
        {case.id: _places(case.alternatives, uris) for case in cases if case.alternatives},
        texts,
    )
    grades = {case.id: {uris[doc]: grade for doc, grade in case.grades.items()} for case in cases if case.grades}
    return SetTruth(spans, grades, uris)


def _without(case: Case, docs: Collection[str]) -> Case:
    """Return the case without what cannot be checked."""
    return replace(
        case,
        references=tuple(each for each in case.references if each.doc not in docs),
        alternatives=tuple(each for each in case.alternatives if each.doc not in docs),
        grades={doc: grade for doc, grade in case.grades.items() if doc not in docs},
    )


def _places(references: Sequence[Reference], uris: Mapping[str, str]) -> list[Place]:
    return [Place(uris[each.doc], each.start, each.end) for each in references]
