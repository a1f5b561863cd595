"""Quotes without offsets: where they stand in the corpus, if that is clear."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from evals.formats.corpus_texts import CorpusTexts


class NotLocatedError(ValueError):
    """A quote whose place cannot be told; the message says why and what to do."""


@dataclass(frozen=True)
class QuotePlaces:
    """Finds quotes in a corpus; without one it can only say so."""

    corpus: CorpusTexts | None = None

    def reference(self, quote: str, doc: str = "") -> dict[str, object]:
        """Return the only place of a quote, in one document or in all. Raises NotLocatedError."""
        texts = self._named(doc) if doc else self._all
        found = [(name, start) for name, text in texts.items() for start in _occurrences(quote, text)]
        where = doc or "the corpus"
        if not found:
            raise NotLocatedError(f"does not occur in {where}; copy it from there letter by letter")
        if len(found) > 1:
            raise NotLocatedError(f"occurs more than once in {where}; lengthen it, or give start and end")
        name, start = found[0]
        return {"doc": name, "start": start, "end": start + len(quote), "text": quote}

    def text(self, doc: str, start: int, end: int) -> str:
        """Return what stands at a place. Raises NotLocatedError where nothing does."""
        text = self._named(doc)[doc]
        if not start < end <= len(text):
            raise NotLocatedError(f"{start} to {end} lies outside {doc}, which has {len(text)} characters")
        return text[start:end]

    def _named(self, doc: str) -> Mapping[str, str]:
        if doc in self._all:
            return {doc: self._all[doc]}
        assert self.corpus is not None
        resolution = self.corpus.resolve([doc])
        texts = self.corpus.texts(resolution.uris)
        if not texts:
            raise NotLocatedError(f"{doc} {resolution.problems.get(doc, 'has no text that can be read here')}")
        return texts

    @cached_property
    def _all(self) -> dict[str, str]:
        if self.corpus is None:
            raise NotLocatedError("needs the documents to be found in: name them with --corpus DIR")
        return self.corpus.texts(self.corpus.names())


def _occurrences(quote: str, text: str) -> list[int]:
    """Return the first two places of a quote: more are not needed to know that it is not unique."""
    first = text.find(quote)
    second = text.find(quote, first + 1) if first >= 0 else -1
    return [place for place in (first, second) if place >= 0]
