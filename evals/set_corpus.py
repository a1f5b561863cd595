"""The documents that a set's questions are about, named as the set names them, for people who mend it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import uuid4

from evals.evalset import Case, CorpusPlace, EvalSet
from evals.faults import Fault
from evals.formats.corpus_texts import CorpusTexts
from evals.parsed_texts import parsed_texts
from evals.set_facts import CheckedSet, check_against
from evals.validation import validate
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class SetDocument:
    """A document of a set's corpus."""

    name: str  # the `doc` of a reference to it
    uri: str
    title: str  # empty where none is known


@dataclass(frozen=True)
class SetCorpus:
    """A set's documents; their texts are read when they are asked for."""

    texts: CorpusTexts
    docs: tuple[str, ...]  # that the set names already
    takes_spans: bool = True  # False: offsets into these texts would mean nothing when the set is run
    id: str = field(default_factory=lambda: uuid4().hex)  # of this reading of them

    @cached_property
    def documents(self) -> tuple[SetDocument, ...]:
        """All documents, by name."""
        titles = self.texts.titles
        found = [SetDocument(name, uri, titles.get(uri, "")) for uri, name in self._names.items()]
        return tuple(sorted(found, key=lambda each: each.name))

    def matching(self, words: str, limit: int) -> list[SetDocument]:
        """Return at most so many documents whose title, name or uri holds all of these words, in any case."""
        found = (each for each in self.documents if has_words(self._searched[each.name], words))
        return [each for each, _ in zip(found, range(limit), strict=False)]

    def text(self, doc: str) -> str | None:
        """Return the text of a document as a set names it; None where there is none that can be read."""
        uri = self.uri(doc)
        return self.texts.text_of(uri) if uri is not None else None

    def uri(self, doc: str) -> str | None:
        """Return the uri of a document as a set names it; None where there is no such document."""
        return self._uris.get(doc) or self.texts.resolve([doc]).uris.get(doc)

    def check(self, eval_set: EvalSet) -> CheckedSet:
        """Return where a set does not agree with these documents."""
        return check_against(eval_set, self.texts)

    def check_case(self, eval_set: EvalSet, case: Case) -> list[Fault]:
        """Return where one case does not: fast, for who is writing it."""
        named = {*(each.doc for each in (*case.references, *case.alternatives)), *case.grades}
        texts = {doc: self.text(doc) for doc in named}
        readable = {doc: text for doc, text in texts.items() if text is not None}
        known = [doc for doc in named if self.uri(doc) is not None]
        return validate(replace(eval_set, cases=(case,)), readable, known=known)

    @cached_property
    def _searched(self) -> dict[str, str]:
        return {each.name: f"{each.title}\n{each.name}\n{each.uri}".casefold() for each in self.documents}

    @cached_property
    def _uris(self) -> dict[str, str]:
        return {name: uri for uri, name in self._names.items()} | dict(self.texts.resolve(self.docs).uris)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names by uri: as the set calls a document already, else in the same manner, else by path or uri."""
        called = {uri: doc for doc, uri in self.texts.resolve(self.docs).uris.items()}
        names = {uri: name for name, uri in self.texts.names().items()}
        if called and all(doc == _rest(uri) for uri, doc in called.items()):
            unique = self.texts.resolve(_rest(uri) for uri in names).uris
            names |= {uri: rest for rest, uri in unique.items() if rest == _rest(uri)}
        return names | called


def set_corpus(
    place: CorpusPlace, docs: tuple[str, ...], settings: Settings, serving: Callable[[], CorpusTexts | None]
) -> SetCorpus | None:
    """Return the documents of a place, else those that serve; None where there are none. Raises UsageError."""
    texts = serving() if place.kind == "none" else parsed_texts(settings)(place)
    return SetCorpus(texts, docs, place.kind != "beir") if texts else None


def has_words(text: str, words: str) -> bool:
    """Whether a text holds all of these words, in any order; text: in lower case, as `casefold` makes it."""
    return all(word in text for word in words.casefold().split())


def docs_of(eval_set: EvalSet) -> tuple[str, ...]:
    """Return the documents that a set names, each once."""
    return tuple(dict.fromkeys(doc for case in eval_set.cases for doc in case.docs))


def _rest(uri: str) -> str:
    return uri.partition("/")[2]
