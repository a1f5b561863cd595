"""The one place that picks back ends, by settings alone. What is not chosen is not imported."""

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

from rag.answering.writer import Writer
from rag.config import IndexConfig
from rag.database import schema
from rag.database.corpus import SqlCorpus
from rag.database.engine import Database
from rag.database.reader import DocumentReader, IndexFacts
from rag.errors import ModelMismatchError, RagError, UsageError
from rag.pipeline import Pipeline
from rag.ports import Embedder, LanguageModel, Reranker, Store
from rag.settings import ModelSettings, Settings
from rag.types import Filter

BUILT_IN_EMBEDDER = IndexConfig().embedder
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_KEPT_FREE_BYTES = 4 << 20

Model = TypeVar("Model")


@dataclass(frozen=True)
class Backends:
    """Truth, records, store, embedders and language model of one deployment."""

    settings: Settings
    database: Database
    records: Database
    store: Store
    embedder_named: Callable[[str], Embedder]
    reranker_named: Callable[[str], Reranker]
    writer: Writer

    def close(self) -> None:
        self.writer.close()
        self.database.close()
        self.records.close()


class Service:
    """What the API, the workbench and the command line answer with."""

    def __init__(self, backends: Backends) -> None:
        self.backends = backends
        self.reader = DocumentReader(backends.database)
        self.corpus = SqlCorpus(backends.database)
        limits = backends.settings.question
        self.pipeline = Pipeline(
            self.corpus,
            backends.store,
            backends.embedder_named,
            limits,
            backends.writer,
            reranker_named=backends.reranker_named,
        )

    @cached_property
    def settings(self) -> Settings:
        return self.backends.settings

    def warm_up(self) -> None:
        """Load the model and the arrays of the store, so that the first question is as fast as the others."""
        with self.corpus.reading() as reading:
            pointer = reading.pointer
            embedder = self.backends.embedder_named(pointer.bundle.index.embedder)
            vector = embedder.encode(["warm up"])[0].vector
            with self.backends.store.snapshot(pointer.build, pointer.build_revision) as rows:
                rows.dense(vector, Filter(), 1)
        self.backends.writer.warm_up()

    def health(self) -> dict[str, str]:
        """Return "ok", or what is wrong, per dependency."""
        return {"database": _said(self._database), "store": _said(self._store), "model": _said(self._model)}

    def index_facts(self) -> IndexFacts:
        """Return what is indexed. Raises NoIndexError."""
        with self.corpus.reading() as reading:
            size = self.backends.store.stats(reading.pointer.build).size_bytes
        return replace(self.reader.facts(), bytes=size)

    def close(self) -> None:
        self.backends.close()

    def _database(self) -> None:
        schema.require(self.backends.database, "truth")

    def _store(self) -> None:
        self.backends.store.check()
        with self.corpus.reading() as reading:
            pointer = reading.pointer
            with self.backends.store.snapshot(pointer.build, pointer.build_revision):
                pass

    def _model(self) -> None:
        with self.corpus.reading() as reading:
            pointer = reading.pointer
        found = self.backends.embedder_named(pointer.bundle.index.embedder).identity
        if found != pointer.embedder_id:
            raise ModelMismatchError(f"The index was made by embedder {pointer.embedder_id}; this process has {found}.")


@contextmanager
def open_service(settings: Settings) -> Iterator[Service]:
    """Open what answers questions. Raises NoIndexError, DatabaseVersionError, DatabaseUnavailableError."""
    _give_freed_memory_back()
    service = Service(open_backends(settings))
    try:
        schema.require(service.backends.database, "truth")
        yield service
    finally:
        service.close()


def open_backends(settings: Settings) -> Backends:
    """Return the back ends that the settings name; nothing is connected to before it is used."""
    threadpool_limits(1, user_api="blas")
    return Backends(
        settings=settings,
        database=truth_of(settings),
        records=_database(settings, "records.db"),
        store=_store(settings),
        embedder_named=_Loaded(partial(_embedder, settings)),
        reranker_named=_Loaded(_reranker),
        writer=Writer(settings.model, lambda: _language_model(settings.model)),
    )


def truth_of(settings: Settings) -> Database:
    """Return the database of the truth, for who needs nothing else. Raises UsageError without the driver."""
    return _database(settings, "truth.db")


def _database(settings: Settings, file: str) -> Database:
    url = settings.database_url
    if url and find_spec("psycopg") is None:
        raise UsageError("PostgreSQL needs the extra `postgres`: pip install 'plumbline[postgres]'.")
    return Database(url or settings.home / file)


def _store(settings: Settings) -> Store:
    if not settings.store_url:
        from rag.adapters.sqlite_store import SqliteStore

        return SqliteStore(settings.home / "store")
    from rag.adapters.qdrant import QdrantStore, connect

    return QdrantStore(connect(settings.store_url, settings.store_api_key.get_secret_value()))


def _language_model(settings: ModelSettings) -> LanguageModel:
    match settings.via:
        case "openai":
            from rag.adapters.openai import OpenAIModel

            return OpenAIModel(settings)
        case "litellm":
            if find_spec("litellm") is None:
                raise UsageError("Models through litellm need the extra `llm`: pip install 'plumbline[llm]'.")
            from rag.adapters.litellm import LiteLLMModel

            return LiteLLMModel(settings)


def _give_freed_memory_back() -> None:
    """Let large blocks that are freed leave the process: glibc would keep 100 MB of them after 50 answers."""
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(_M_TRIM_THRESHOLD, _KEPT_FREE_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _KEPT_FREE_BYTES)


class _Loaded(Generic[Model]):
    """Models by name, each loaded once."""

    def __init__(self, load: Callable[[str], Model]) -> None:
        self._load, self._lock = load, threading.Lock()
        self._loaded: dict[str, Model] = {}

    def __call__(self, name: str) -> Model:
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]


def _embedder(settings: Settings, name: str) -> Embedder:
    if name == BUILT_IN_EMBEDDER:
        return _built_in(settings)
    from rag.adapters.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(name)


def _built_in(settings: Settings) -> Embedder:
    from rag.adapters.onnx import OnnxEmbedder

    cache = settings.home / "cache" / "models"
    questions = OnnxEmbedder(cache)
    match settings.accelerator:
        case "":
            return questions
        case "openvino":
            from rag.adapters.openvino import OpenVinoEmbedder

            return OpenVinoEmbedder(questions, cache)


def _reranker(name: str) -> Reranker:
    from rag.adapters.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(name)


def _said(check: Callable[[], None]) -> str:
    try:
        check()
    except RagError as error:
        return str(error)
    return "ok"
