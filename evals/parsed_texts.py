"""Texts of a set's documents as the index would have them: what is no plain text is parsed, and nothing embedded."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from evals.evalset import CorpusPlace
from evals.formats.corpus_texts import CorpusTexts, TextsOf, read_texts
from indexing.forgetting import stage_cache
from indexing.parse_cache import ParseCache
from indexing.parsing import Parsed, Parsers, ParseTask
from rag.settings import Settings


def parsed_texts(settings: Settings) -> TextsOf:
    """Return a reader of corpora that parses documents as the indexer does."""

    def texts_of(place: CorpusPlace) -> CorpusTexts | None:
        found = read_texts(place)
        return replace(found, text_of=_Texts(found, settings).text_of) if found and place.kind != "beir" else found

    return texts_of


class _Texts:
    """Texts by uri; all documents that are no plain text are parsed when the first of them is asked for."""

    def __init__(self, plain: CorpusTexts, settings: Settings) -> None:
        self._plain, self._settings = plain, settings

    def text_of(self, uri: str) -> str | None:
        """Return a document's text; None where it has none that could be read."""
        text = self._plain.text_of(uri)
        return text if text is not None else self._parsed.get(uri)

    @cached_property
    def _parsed(self) -> Mapping[str, str]:
        others = {uri: path for uri, path in self._plain.paths.items() if self._plain.text_of(uri) is None}
        tasks = {uri: _task(path) for uri, path in others.items()}
        with Parsers(self._settings.parsing, ParseCache(stage_cache(self._settings))) as parsers:
            found = dict(zip(tasks, parsers.parse_all(tasks.values()), strict=True))
        return {uri: parsed.text for uri, (_, parsed) in found.items() if isinstance(parsed, Parsed)}


def _task(path: Path) -> ParseTask:
    return ParseTask(path, path.name, path.stat().st_size)
