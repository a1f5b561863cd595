"""What an experiment indexes: a set's own documents, a folder, a sources file, or the sources that serve."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import orjson
import yaml

from evals.evalset import CorpusPlace
from evals.formats.beir import BeirDocument, beir_documents, corpus_parts
from indexing import catalog
from indexing.experiment_homes import experiment_home
from indexing.forgetting import EXPERIMENTS
from indexing.sources import SourceSpec, spec_of, walk
from indexing.sources_file import load_sources
from rag.bootstrap import truth_of
from rag.database import schema
from rag.database.engine import Database
from rag.errors import NoIndexError, UsageError
from rag.settings import Settings

_INNER = "corpus"  # the source of a BEIR corpus: the same wherever it lies
_BEIR_FORMAT = 1  # of the files made from it; raise it when they are written otherwise
_LONGEST_NAME = 120  # of a file made for a BEIR document; a longer id is hashed


@dataclass(frozen=True, slots=True)
class EvalCorpus:
    """Documents of an experiment, before they are indexed."""

    specs: tuple[SourceSpec, ...]
    digest: str  # of names, rules and contents; not of where they lie
    root: Path | None = None  # what a set's `doc` is relative to
    made_from: tuple[Path, ...] = ()  # where the documents came from, where that is not the specs' own paths
    file_name: Callable[[str], str] = str  # the file that a set's `doc` is found in

    @property
    def roots(self) -> tuple[Path, ...]:
        return self.made_from or tuple(spec.path for spec in self.specs)


def open_corpus(place: CorpusPlace, settings: Settings) -> EvalCorpus:
    """Return the documents of a place. Raises UsageError, NoIndexError where nothing serves."""
    match place.kind:
        case "folder":
            assert place.path is not None
            return _folder(place.path, place.root)
        case "sources":
            assert place.path is not None
            return _described(load_sources(place.path), place.root)
        case "beir":
            assert place.path is not None
            return _beir(place.path, settings.home / EXPERIMENTS)
        case "none":
            return _described(serving_specs(settings), None)


def serving_specs(settings: Settings) -> list[SourceSpec]:
    """Return the sources of the serving index. Raises NoIndexError."""
    with closing(truth_of(settings)) as database:
        found = _read_specs(database) if database.exists else []
    if not found:
        raise NoIndexError("The set names no documents, and nothing is indexed. Name them with --corpus PATH.")
    return found


def _read_specs(database: Database) -> list[SourceSpec]:
    schema.require(database, "truth")
    with database.read() as connection:
        excluded = catalog.excluded_paths(connection)
        return [source.spec.without(excluded[source.spec.name]) for source in catalog.read_sources(connection)]


def beir_file_name(document_id: str) -> str:
    """Return the name of the file that a BEIR document becomes."""
    name = quote(document_id, safe=" ()+,;=@")
    if len(name) > _LONGEST_NAME or name.startswith((".", "~")):
        name = hashlib.sha256(document_id.encode()).hexdigest()
    return f"{name}.md"


def _folder(path: Path, root: Path | None) -> EvalCorpus:
    if not path.exists():
        raise UsageError(f"There is no folder or file {path}. Name the documents with --corpus PATH.")
    spec = spec_of(path)
    return _described([spec], root or spec.path)


def _described(specs: Sequence[SourceSpec], root: Path | None) -> EvalCorpus:
    digest = hashlib.sha256()
    for spec in specs:
        rules = spec.model_dump(mode="json", exclude={"path", "single_file", "schedule", "freshness"})
        digest.update(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS))
        for file in walk(spec).files:
            digest.update(f"\n{file.relative}\0{file.refused or _content_hash(file.path)}".encode())
    return EvalCorpus(tuple(specs), digest.hexdigest(), root)


def _content_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _beir(folder: Path, experiments: Path) -> EvalCorpus:
    """Write each document of a BEIR corpus to a file, once: they are indexed as any folder is."""
    digest = _beir_digest(folder)
    made_from = folder.resolve()
    with experiment_home(
        experiments, f"corpus-{digest[:12]}", [made_from], lambda made: _write_documents(folder, made / _INNER)
    ) as (place, _):
        target = place / _INNER
    return EvalCorpus((SourceSpec(name=_INNER, path=target),), digest, target, (made_from,), beir_file_name)


def _beir_digest(folder: Path) -> str:
    """Return the digest of a BEIR corpus, wherever it lies. Raises UsageError where there is none."""
    parts = corpus_parts(folder)
    if not parts:
        raise UsageError(f"There is no corpus.jsonl in {folder}.")
    hashes = "\n".join(_content_hash(part) for part in parts)
    return hashlib.sha256(f"{_BEIR_FORMAT}\n{hashes}".encode()).hexdigest()


def _write_documents(folder: Path, target: Path) -> None:
    """Write the documents. Raises UsageError where two have one id, EvalSetError for a bad line."""
    target.mkdir(parents=True)
    for document in beir_documents(folder):
        path = target / beir_file_name(document.id)
        if path.exists():
            raise UsageError(f"The corpus in {folder} has the id {document.id!r} twice. Each document needs its own.")
        path.write_text(_as_markdown(document), encoding="utf-8", newline="")


def _as_markdown(document: BeirDocument) -> str:
    """Return title and text as a document: the title is metadata, and so stands in the context line.

    The front matter is never left out: else a text that begins like one would lose its beginning.
    """
    title = " ".join(document.title.split())
    front = yaml.safe_dump({"title": title} if title else {}, allow_unicode=True, width=10_000)
    return f"---\n{front}---\n\n{document.text}"
