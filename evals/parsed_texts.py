"""Texts of a set's documents as the index would have them: what is no plain text is parsed, and nothing embedded."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from evals.evalset import CorpusPlace
from evals.formats.corpus_texts import CorpusTexts, TextsOf, read_texts
from indexing.attachments import mails_of
from indexing.forgetting import stage_cache
from indexing.formats.endings import ENDINGS, MAILS
from indexing.formats.extracted import SEPARATOR
from indexing.parse_cache import ParseCache
from indexing.parsing import Parsed, Parsers, ParseTask
from rag.settings import Settings


def parsed_texts(settings: Settings) -> TextsOf:
    """Return a reader of corpora that parses documents as the indexer does."""

    def texts_of(place: CorpusPlace) -> CorpusTexts | None:
        found = read_texts(place)
        if found is None or place.kind == "beir":
            return found
        texts = _Texts(found, settings)
        return replace(found, paths=texts.paths, text_of=texts.text_of)

    return texts_of


class _Texts:
    """Texts by uri; all documents that are no plain text are parsed when the first of them is asked for.

    Mails are parsed at once, for what is attached to them.
    """

    def __init__(self, plain: CorpusTexts, settings: Settings) -> None:
        self._plain, self._settings = plain, settings
        mails = {uri: _task(path) for uri, path in plain.paths.items() if ENDINGS.get(path.suffix.lower()) in MAILS}
        self._of_mails = self._read(mails)
        inside = {uri: _inside(plain.paths, uri) for uri in self._of_mails if uri not in plain.paths}
        self.paths = {**plain.paths, **inside}

    def text_of(self, uri: str) -> str | None:
        """Return a document's text; None where it has none that could be read."""
        if uri in self._of_mails:
            return self._of_mails[uri]
        text = self._plain.text_of(uri)
        return text if text is not None else self._parsed.get(uri)

    @cached_property
    def _parsed(self) -> Mapping[str, str]:
        others = {uri: path for uri, path in self._plain.paths.items() if uri not in self._of_mails}
        return self._read({uri: _task(path) for uri, path in others.items() if self._plain.text_of(uri) is None})

    def _read(self, tasks: Mapping[str, ParseTask]) -> dict[str, str]:
        """Return the texts of documents and of what is attached to them, by uri; without those that have none."""
        texts: dict[str, str] = {}
        if not tasks:
            return texts
        with Parsers(self._settings.parsing, ParseCache(stage_cache(self._settings))) as parsers:
            while tasks:
                found = dict(zip(tasks, parsers.parse_all(tasks.values()), strict=True))
                read = {uri: (task, parsed) for uri, (task, parsed) in found.items() if isinstance(parsed, Parsed)}
                texts |= {uri: parsed.text for uri, (_, parsed) in read.items()}
                tasks = {
                    f"{uri}{SEPARATOR}{name}": _attached(task, name)
                    for uri, (task, parsed) in read.items()
                    for name in parsed.attachments
                }
        return texts


def _task(path: Path) -> ParseTask:
    return ParseTask(path, path.name, path.stat().st_size)


def _attached(mail: ParseTask, name: str) -> ParseTask:
    return replace(mail, member=f"{mail.member}{SEPARATOR}{name}" if mail.member else name)


def _inside(paths: Mapping[str, Path], uri: str) -> Path:
    """Return the path of an attachment: that of its mail, and the names behind it."""
    mail = next(each for each in mails_of(uri) if each in paths)
    return Path(f"{paths[mail]}{uri[len(mail) :]}")
