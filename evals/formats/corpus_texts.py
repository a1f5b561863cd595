"""Texts of a set's documents without an index: UTF-8 files as they are. Other formats need an index."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from evals.evalset import CorpusPlace
from evals.formats.beir import beir_documents
from evals.validation import Resolution, resolve_docs
from indexing.sources import SourceSpec, spec_of, walk
from indexing.sources_file import load_sources

_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd", ".rst")
_PLAIN = frozenset(("", ".txt", ".text", ".log", ".csv", ".tsv", ".tab", ".json", ".jsonl", *_MARKDOWN))


@dataclass(frozen=True, slots=True)
class CorpusTexts:
    """The documents of a corpus by uri, with their canonical texts."""

    paths: Mapping[str, Path]  # absolute
    text_of: Callable[[str], str | None]  # None: it has none that could be read
    root: Path | None = None  # what a set's `doc` is relative to
    titles: Mapping[str, str] = field(default_factory=dict)  # where a title is no part of the text
    file_name: Callable[[str], str] = str  # the file that a `doc` is found in

    def resolve(self, docs: Iterable[str]) -> Resolution:
        """Return which document each doc of a set means."""
        return resolve_docs(docs, self.paths, self.root, file_name=self.file_name)

    def texts(self, uris: Mapping[str, str]) -> dict[str, str]:
        """Return the texts by doc of documents that are given by doc; those without a text are left out."""
        found = {doc: self.text_of(uri) for doc, uri in uris.items()}
        return {doc: text for doc, text in found.items() if text is not None}

    def names(self) -> dict[str, str]:
        """Return all uris by the name that a set calls a document by: its path below the root, else its uri."""
        return {self._name(uri, path): uri for uri, path in self.paths.items()}

    def _name(self, uri: str, path: Path) -> str:
        root = self.root.resolve() if self.root else None
        return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else uri


TextsOf: TypeAlias = Callable[[CorpusPlace], CorpusTexts | None]  # None: there are no documents


def read_texts(place: CorpusPlace) -> CorpusTexts | None:
    """Return the documents of a folder, of sources or of BEIR; None where the place names none."""
    if place.path is None:
        return None
    if place.kind == "beir":
        return _beir_texts(place.path)
    paths = _paths(specs_in(place))
    return CorpusTexts(paths, lambda uri: _text(paths[uri]), place.root)


def specs_in(place: CorpusPlace) -> list[SourceSpec]:
    """Return the sources of a sources file, else a folder or file as one; none where no path is named.

    Raises UsageError for a sources file that cannot be used.
    """
    if place.path is None:
        return []
    return load_sources(place.path) if place.kind == "sources" else [spec_of(place.path)]


def _beir_texts(folder: Path) -> CorpusTexts:
    documents = {each.id: each for each in beir_documents(folder)}
    return CorpusTexts(
        dict.fromkeys(documents, folder),
        lambda uri: documents[uri].text,
        titles={id_: each.title for id_, each in documents.items()},
    )


def _paths(specs: Iterable[SourceSpec]) -> dict[str, Path]:
    found = ((spec, file) for spec in specs for file in walk(spec).files)
    return {f"{spec.name}/{file.relative}": file.path for spec, file in found if not file.refused}


def _text(path: Path) -> str | None:
    if path.suffix.lower() not in _PLAIN:
        return None
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
