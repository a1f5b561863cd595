"""Documents of a corpus cut into chunks as an experiment would, within bounds of time: nothing is embedded."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from evals.corpus import EvalCorpus
from evals.stages import key_of
from indexing.attachments import Attachments
from indexing.catalog import Source
from indexing.changes import Change
from indexing.chunking import chunk_document
from indexing.embedding import text_hash
from indexing.forgetting import stage_cache
from indexing.parse_cache import ParseCache
from indexing.parsing import Parsers, ParseTask
from indexing.scanning import scan_sources
from indexing.staging import read_changes
from rag.answering.reading import read
from rag.config import IndexConfig
from rag.ports import Embedder
from rag.settings import Settings
from rag.types import Document, DocumentInfo, Hit

_AT_ONCE = 8  # files between two looks at the clock
_MOST_CHARS = 20_000_000  # of documents that are held; what comes after them is estimated
_MOST_CONFIGS = 8  # index configurations whose figures are held, the latest


@dataclass(slots=True)
class Texts:
    """What documents become under one index configuration; it grows with every look."""

    seen: int = 0  # files
    chunks: int = 0
    tokens: dict[bytes, int] = field(default_factory=dict)  # of distinct indexed texts, by hash
    sentences: set[bytes] = field(default_factory=set)  # keys of those that answers may read, as they are encoded


class CorpusSample:
    """The documents of a corpus in a random order that is always the same, as many as time allowed so far."""

    def __init__(self, corpus: EvalCorpus, settings: Settings) -> None:
        self._corpus, self._settings = corpus, settings
        self._documents: list[
            list[Document]
        ] = []  # by file: itself and what is attached to it, as far as they can be indexed
        self._texts: dict[str, Texts] = {}
        self.known = 0  # of the files looked at, those that were parsed before
        self._looked = self._chars = 0

    @cached_property
    def changes(self) -> list[Change]:
        """The files that would be parsed."""
        found = scan_sources([Source(spec) for spec in self._corpus.specs], {}, verify_hashes=False).changes
        return sorted(found, key=lambda each: hashlib.sha256(each.uri.encode("utf-8", "surrogatepass")).digest())

    @property
    def files(self) -> int:
        return len(self.changes)

    @property
    def looked(self) -> int:
        """How many files were looked at."""
        return self._looked

    def share(self, seen: int) -> float:
        """Return which part of the corpus the first documents are, by their bytes."""
        total = sum(each.file.size for each in self.changes)
        return sum(each.file.size for each in self.changes[:seen]) / total if total else 1.0

    def parse(self, until: float) -> None:
        """Look at more documents, until then, a time of the monotonic clock; at the first of them in any case."""
        if self._is_enough(until):
            return
        cache = ParseCache(stage_cache(self._settings))
        with Parsers(self._settings.parsing, cache) as parsers:
            for some in _parts(self.changes[self._looked :]):
                tasks = [ParseTask(each.file.path, each.file.relative, each.file.size) for each in some]
                self.known += sum(parsers.known(tasks))
                documents = self._read(some, parsers)
                self._documents += documents
                self._chars += sum(len(each.text) for each in chain.from_iterable(documents))
                self._looked += len(some)
                if self._is_enough(until):
                    break

    def _read(self, files: Sequence[Change], parsers: Parsers) -> list[list[Document]]:
        """Return the documents of each file, in their order."""
        found: dict[str, list[Document]] = {each.uri: [] for each in files}
        attachments = Attachments({spec.name: spec for spec in self._corpus.specs})
        for each in read_changes(files, parsers, (), attachments):
            if each.document is not None:
                found[f"{each.change.source}/{each.change.file.container}"].append(each.document)
        return list(found.values())

    def _is_enough(self, until: float) -> bool:
        late = self._looked > 0 and time.monotonic() > until
        return late or self._looked == self.files or self._chars > _MOST_CHARS

    def texts(self, index: IndexConfig, embedder: Embedder, until: float) -> Texts:
        """Return what the documents become, as many as can be cut until then; the first in any case."""
        texts = self._texts[index.digest] = self._texts.pop(index.digest, Texts())
        for oldest in list(self._texts)[:-_MOST_CONFIGS]:
            del self._texts[oldest]
        for documents in self._documents[texts.seen :]:
            if texts.seen and time.monotonic() > until:
                break
            for document in documents:
                _add(texts, document, index, embedder)
            texts.seen += 1
        return texts


def _add(texts: Texts, document: Document, index: IndexConfig, embedder: Embedder) -> None:
    chunks = chunk_document(document, index, embedder.count_tokens, embedder.max_tokens).chunks
    texts.chunks += len(chunks)
    indexed = {text_hash(chunk.indexed_text): chunk.indexed_text for chunk in chunks}
    texts.tokens |= dict(zip(indexed, embedder.count_tokens(list(indexed.values())) if indexed else [], strict=True))
    info = DocumentInfo(
        document.id, document.version, document.uri, document.title, document.type, document.source, document.language
    )
    for chunk in chunks:
        read_of_it = [chunk.context, *(each.text for each in read([Hit(chunk, info, 0.0)]))]
        texts.sentences.update(key_of(embedder.identity, sentence) for sentence in read_of_it)


def _parts(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    return (changes[start : start + _AT_ONCE] for start in range(0, len(changes), _AT_ONCE))
