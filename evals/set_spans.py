"""The spans of an eval set by document, wherever the document is: in the index, or in the set's own corpus."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from evals.evalset import CorpusPlace, EvalSet
from evals.formats.corpus_texts import specs_in
from evals.validation import resolve_docs
from indexing.identity import document_id
from indexing.sources import FoundFile, SourceSpec, walk


@dataclass(frozen=True, slots=True)
class CaseSpan:
    """A reference of a case: code points into the text of its document, and what should stand there."""

    case_id: str
    question: str
    start: int
    end: int
    text: str

    def stands_in(self, text: str) -> bool:
        """Whether the document says there what the set says."""
        return bool(self.text.strip()) and text[self.start : self.end] == self.text


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """A file of a set's own corpus."""

    source: SourceSpec
    file: FoundFile

    @property
    def id(self) -> str:
        """The id that an index would give it."""
        return document_id(self.source.name, self.file.relative)

    @property
    def uri(self) -> str:
        return f"{self.source.name}/{self.file.relative}"


def own_documents(place: CorpusPlace, indexed: Collection[Path]) -> list[OwnDocument]:
    """Return the files of a set's folder or sources, but for those that are indexed. BEIR has no spans, so no files."""
    specs = specs_in(place) if place.kind in {"folder", "sources"} else []
    found = (OwnDocument(spec, file) for spec in specs for file in walk(spec).files if not file.refused)
    return [each for each in found if each.file.path not in indexed]


def spans_by_uri(eval_set: EvalSet, documents: Mapping[str, Path]) -> dict[str, tuple[CaseSpan, ...]]:
    """Return the spans of a set by the uri of their document; those of documents that are not given are left out.

    documents: absolute paths by uri.
    """
    named = [(case, reference) for case in eval_set.cases for reference in case.references]
    uris = resolve_docs({each.doc for _, each in named}, documents, eval_set.corpus.root).uris
    found: dict[str, list[CaseSpan]] = {}
    for case, each in named:
        if each.doc in uris:
            span = CaseSpan(case.id, case.question, each.start, each.end, each.text)
            found.setdefault(uris[each.doc], []).append(span)
    return {uri: tuple(sorted(spans, key=lambda span: span.start)) for uri, spans in found.items()}
