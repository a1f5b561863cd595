"""An eval set against its corpus: does every document exist, does every quote stand where the set says?"""

import os
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evals.evalset import Case, EvalSet, Reference
from evals.faults import Fault

_SHOWN = 60  # characters of a text in a message
_ABSENT = "is not in the corpus"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which document each `doc` of a set means."""

    uris: Mapping[str, str] = field(default_factory=dict)  # by doc
    problems: Mapping[str, str] = field(default_factory=dict)  # by doc: why none could be told


def resolve_docs(
    docs: Iterable[str],
    documents: Mapping[str, Path],
    root: Path | None,
    *,
    file_name: Callable[[str], str] = str,
) -> Resolution:
    """Return the document of each doc: that of the file root/doc, of this uri, or of this uri without its source.

    documents: absolute paths by uri.
    root: what a doc is relative to; None: it is no path.
    file_name: the file that a doc is found in, where that is not the doc itself.
    """
    ways = _Ways(documents, root)
    found = {doc: ways.uris(file_name(doc)) for doc in dict.fromkeys(docs)}
    return Resolution(
        {doc: uris[0] for doc, uris in found.items() if len(uris) == 1},
        {doc: _unresolved(uris) for doc, uris in found.items() if len(uris) != 1},
    )


def validate(
    eval_set: EvalSet,
    texts: Mapping[str, str],
    *,
    problems: Mapping[str, str] | None = None,
    known: Collection[str] = (),
) -> list[Fault]:
    """Return what does not agree with the corpus, in the order of the cases.

    texts: canonical texts by doc, as the set writes it.
    problems: by doc, why a document has no text.
    known: docs that are in the corpus although their text is not at hand: their offsets are not checked.
    """
    corpus = _Corpus(texts, problems or {}, known)
    return [
        Fault(case.line, case.id, f"{name} {message}")
        for case in eval_set.cases
        for name, message in corpus.faults(case)
    ]


class _Ways:
    """The documents of a corpus by path, by uri, and by uri without the name of its source."""

    def __init__(self, documents: Mapping[str, Path], root: Path | None) -> None:
        self._root = os.path.realpath(root) if root else None
        self._by_path: dict[str, list[str]] = {}
        self._by_uri: dict[str, list[str]] = {}
        self._by_rest: dict[str, list[str]] = {}
        for uri, path in documents.items():
            self._by_path.setdefault(_nfc(os.path.normpath(path)), []).append(uri)
            self._by_uri.setdefault(_nfc(uri), []).append(uri)
            self._by_rest.setdefault(_nfc(uri.partition("/")[2]), []).append(uri)

    def uris(self, doc: str) -> list[str]:
        """Return the documents that a doc may mean, by the first way that finds any."""
        name = _nfc(doc)
        path = _nfc(os.path.normpath(os.path.join(self._root, name))) if self._root else ""  # noqa: PTH118  # 20x faster
        return self._by_path.get(path) or self._by_uri.get(name) or self._by_rest.get(name) or []


@dataclass(frozen=True, slots=True)
class _Corpus:
    texts: Mapping[str, str]
    problems: Mapping[str, str]
    known: Collection[str]

    def faults(self, case: Case) -> Iterator[tuple[str, str]]:
        """Yield each field of a case that is wrong, with what is wrong."""
        named = [(f"references.{number}", each) for number, each in enumerate(case.references)]
        named += [(f"alt_references.{number}", each) for number, each in enumerate(case.alternatives)]
        for name, reference in named:
            message = self._fault_of(reference)
            if message:
                yield name, message
        for doc in case.grades:
            message = "" if doc in self.texts else self._absent(doc)
            if message:
                yield "grades", message

    def _fault_of(self, reference: Reference) -> str:
        text = self.texts.get(reference.doc)
        if text is None:
            return self._absent(reference.doc)
        if text[reference.start : reference.end] == reference.text:
            return ""
        return f"{_difference(reference, text)}; {_elsewhere(reference.text, text)}"

    def _absent(self, doc: str) -> str:
        return "" if doc in self.known else f"{doc} {self.problems.get(doc, _ABSENT)}"


def _difference(reference: Reference, text: str) -> str:
    place = f"{reference.start} to {reference.end}"
    if reference.end > len(text):
        return f"{place} lies outside {reference.doc}, which has {len(text)} characters"
    there = text[reference.start : reference.end]
    return f"is {_short(reference.text)}, but at {place} of {reference.doc} stands {_short(there)}"


def _elsewhere(quote: str, text: str) -> str:
    """Return where a quote stands instead, where that is clear."""
    first = text.find(quote)
    if first < 0:
        return "the quote does not occur in the document"
    if text.find(quote, first + 1) >= 0:
        return "the quote occurs more than once in the document"
    return f"it stands at {first} to {first + len(quote)}"


def _unresolved(uris: Collection[str]) -> str:
    if not uris:
        return _ABSENT
    return f"is ambiguous: it may be {' or '.join(sorted(uris)[:3])}; name it with its source"


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return f"“{folded if len(folded) <= _SHOWN else folded[: _SHOWN - 1] + '…'}”"


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
