"""What the page of chunks reads, each once: documents, spans of sets, and chunks under any settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from evals.chunk_spans import Coverage, coverage
from evals.set_spans import CaseSpan, OwnDocument, own_documents, spans_by_uri
from indexing.chunking import remembering
from indexing.corpus_table import Mark, mark
from indexing.readable import ReadableDocument, readable_documents
from indexing.rechunking import Rechunked, read_file, rechunk
from indexing.strategies.packing import CountTokens
from rag.config import IndexConfig
from rag.errors import NotFoundError
from rag.types import Document
from workbench import sets, state

_AGE_S = 60  # after which files of a set's own corpus are looked for again


@dataclass(frozen=True, slots=True)
class Choosable:
    """A document that chunks can be drawn over."""

    id: str
    uri: str
    title: str
    version: str = ""  # empty: it is not indexed
    own: OwnDocument | None = None


@dataclass(frozen=True, slots=True)
class SetDocuments:
    """What a set adds: spans by uri, and the documents that it has and the index has not."""

    spans: Mapping[str, tuple[CaseSpan, ...]] = field(default_factory=dict)
    own: tuple[Choosable, ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnSpan:
    """A span that stands in the document, and how each of two chunkings holds it."""

    span: CaseSpan
    a: Coverage
    b: Coverage

    @property
    def split(self) -> bool:
        return self.a.split or self.b.split


def serving_index() -> IndexConfig:
    """Return the index config that serves. Raises NoIndexError."""
    with state.service().corpus.reading() as reading:
        return reading.pointer.bundle.index


def indexed() -> Sequence[Choosable]:
    """Return the documents that serve and that the caller may read."""
    return [Choosable(each.id, each.uri, each.title, each.version) for each in _readable_now()]


def set_documents(path: str) -> SetDocuments:
    """Return what a set says of documents; nothing without a path. Raises UsageError."""
    if not path:
        return SetDocuments()
    found: SetDocuments = _set_documents(path, sets.stamp_of(Path(path)), _now(), _roles())
    return found


def read_document(chosen: Choosable) -> Document:
    """Return a document with its text. Raises NotFoundError, ParseError."""
    if chosen.own is None:
        return state.document(chosen.id, chosen.version)
    file = chosen.own.file
    found: Document = _own(str(file.path), f"{file.size} {file.mtime_ns}", chosen.own)
    return found


def not_found() -> NotFoundError:
    """Return the error for a document that an address names and that is not there, or not the caller's to read."""
    return NotFoundError("There is no such document, or you may not read it. Choose another one above.")


def chunks_of(document: Document, config: IndexConfig) -> Rechunked:
    """Return the chunks of a version of a document under a config."""
    rules = f"{document.title} {document.language}"  # what a version does not settle, and chunks depend on
    found: Rechunked = _chunks(document.id, document.version, rules, config.model_dump_json(), document)
    return found


def drawn_spans(text: str, spans: Sequence[CaseSpan], a: Rechunked, b: Rechunked) -> list[DrawnSpan]:
    """Return the spans that stand in a text as the set says."""
    in_a, in_b = ([(chunk.start, chunk.end) for chunk in each.chunks] for each in (a, b))
    standing = [(span, (span.start, span.end)) for span in spans if span.stands_in(text)]
    return [DrawnSpan(span, coverage(text, at, in_a), coverage(text, at, in_b)) for span, at in standing]


def _now() -> Mark:
    """Return what differs after any change of what may be read. Raises NoIndexError."""
    with state.ledger().read() as connection:
        return mark(connection)


def _roles() -> tuple[str, ...]:
    return tuple(sorted(state.caller().roles))


def _readable_now() -> Sequence[ReadableDocument]:
    found: Sequence[ReadableDocument] = _readable(str(state.settings().home), _now(), _roles())
    return found


# Streamlit keeps what these return by those of their parameters that do not begin with an underscore.


@st.cache_resource(max_entries=2, show_spinner=False)
def _readable(home: str, now: Mark, roles: tuple[str, ...]) -> Sequence[ReadableDocument]:  # noqa: ARG001  # keys
    with state.service().corpus.reading() as reading:
        return readable_documents(reading, frozenset(roles))


@st.cache_resource(max_entries=8, ttl=_AGE_S, show_spinner="Reading the eval set")
def _set_documents(path: str, stamp: str, now: Mark, roles: tuple[str, ...]) -> SetDocuments:  # noqa: ARG001  # keys
    eval_set = sets.eval_set(Path(path)).eval_set
    known = {each.uri: each.path for each in _readable_now()}
    own = [each for each in own_documents(eval_set.corpus, set(known.values())) if each.uri not in known]
    spans = spans_by_uri(eval_set, known | {each.uri: each.file.path for each in own})
    return SetDocuments(spans, tuple(Choosable(each.id, each.uri, each.file.path.name, own=each) for each in own))


@st.cache_resource(max_entries=8, show_spinner="Reading the document")
def _own(path: str, stamp: str, _document: OwnDocument) -> Document:  # noqa: ARG001  # keys
    return read_file(_document.source, _document.file, state.settings())


@st.cache_resource(max_entries=32, show_spinner=False)
def _chunks(id_: str, version: str, rules: str, config: str, _document: Document) -> Rechunked:  # noqa: ARG001  # keys
    index = IndexConfig.model_validate_json(config)
    embedder = state.service().backends.embedder_named(index.embedder)
    return rechunk(_document, index, _counting(id_, version, index.embedder), embedder.max_tokens)


@st.cache_resource(max_entries=4, show_spinner=False)
def _counting(id_: str, version: str, embedder: str) -> CountTokens:  # noqa: ARG001  # keys
    """Return a count that knows the paragraphs and sentences of a document from the settings before."""
    return remembering(state.service().backends.embedder_named(embedder).count_tokens)
