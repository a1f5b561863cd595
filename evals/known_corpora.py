"""Corpora that were opened before: read again only where a file was added, removed or changed by size or time."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from evals.corpus import EvalCorpus, open_corpus, serving_specs
from evals.evalset import CorpusPlace
from evals.formats.beir import corpus_parts
from evals.formats.corpus_texts import specs_in
from indexing.sources import SourceSpec, walk
from rag.settings import Settings

Stamp: TypeAlias = tuple[object, ...]
_LOOKED_AFTER_S = 3.0  # a page that is drawn again at once does not list 50,000 files again
_MOST = 4


@dataclass(frozen=True, slots=True)
class _Known:
    corpus: EvalCorpus
    stamp: Stamp
    looked_at: float  # by the monotonic clock


class KnownCorpora:
    """Good for what is told of documents; a run opens them itself, and trusts no time of a file. Thread-safe."""

    def __init__(self, settings: Settings, *, looked_after_s: float = _LOOKED_AFTER_S) -> None:
        self._settings, self._looked_after_s = settings, looked_after_s
        self._lock = Lock()
        self._known: dict[CorpusPlace, _Known] = {}

    def open(self, place: CorpusPlace) -> EvalCorpus:
        """Return the documents of a place. Raises UsageError, NoIndexError where nothing serves."""
        with self._lock:
            known = self._known.pop(place, None)
            if known is None or time.monotonic() - known.looked_at > self._looked_after_s:
                known = self._look(place, known)
            self._known[place] = known
            for oldest in list(self._known)[:-_MOST]:
                del self._known[oldest]
            return known.corpus

    def _look(self, place: CorpusPlace, known: _Known | None) -> _Known:
        stamp = tuple(_stamp(place, self._settings))
        unchanged = known is not None and known.stamp == stamp
        corpus = known.corpus if known and unchanged else open_corpus(place, self._settings)
        return _Known(corpus, stamp, time.monotonic())


def _stamp(place: CorpusPlace, settings: Settings) -> Iterator[object]:
    """Yield what changes when a document or a rule of a place does."""
    if place.kind == "beir" and place.path is not None:
        for part in corpus_parts(place.path):
            found = part.stat()
            yield part, found.st_size, found.st_mtime_ns, found.st_ino
        return
    for spec in _specs(place, settings):
        yield spec.model_dump_json()
        yield from ((file.relative, file.size, file.mtime_ns, file.ctime_ns) for file in walk(spec).files)


def _specs(place: CorpusPlace, settings: Settings) -> Sequence[SourceSpec]:
    if place.path is None:
        return serving_specs(settings)
    return specs_in(place) if place.path.exists() else []
