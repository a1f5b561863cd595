"""Where an experiment is made: its own index, read by the pipeline that serves, with a memory below it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from evals.code import indexing_digest, searching_digest
from evals.corpus import EvalCorpus
from evals.frozen import FrozenCorpus
from evals.memo import MemoEmbedder, MemoReranker, MemoStore
from evals.stages import Stages, key_of
from indexing.blob_cache import BlobCache
from indexing.build import SourceRequest
from indexing.embedding import cached_as
from indexing.experiment_homes import bytes_below, experiment_home, prune_homes
from indexing.forgetting import EXPERIMENTS, stage_cache
from indexing.indexer import Indexer
from indexing.parse_cache import ParseCache
from indexing.parsing import PARSER_VERSION
from indexing.report import Progress, Report, Silent
from indexing.vector_cache import VectorCache
from indexing.workshop import Workshop
from rag.bootstrap import Backends, open_backends, truth_of
from rag.config import Bundle, IndexConfig
from rag.database import schema
from rag.errors import UsageError
from rag.pipeline import Pipeline
from rag.ports import Embedder, Snapshots
from rag.settings import QuestionLimits, Settings

REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Search:
    """Another way to search the same index, as a floor does."""

    name: str
    over: Callable[[FrozenCorpus], Snapshots]


@dataclass(slots=True)
class Bench:
    """What experiments share: settings, models, caches, and how progress is shown."""

    settings: Settings
    cached: bool = True
    progress: Progress = field(default_factory=Silent)
    embedded: Callable[[int], None] = lambda _: None  # told how many more texts of chunks were embedded
    backends: Backends = field(init=False)

    def __post_init__(self) -> None:
        self.backends = open_backends(self.settings)

    @property
    def experiments(self) -> Path:
        return self.settings.home / EXPERIMENTS

    def stages(self) -> Stages:
        """Return the cache of stages, with counts that begin at zero."""
        return Stages(self.blobs() if self.cached else None)

    def blobs(self) -> BlobCache:
        return stage_cache(self.settings, keep_open=True)


@dataclass(frozen=True, slots=True)
class Lab:
    """One bundle over one corpus, ready to be asked."""

    bundle: Bundle
    corpus: FrozenCorpus
    pipeline: Pipeline
    embedder: MemoEmbedder
    stages: Stages
    scope: str  # digest of all that decides a search but question, caller and query configuration
    limits: QuestionLimits
    problems: int  # files that could not be indexed
    index_bytes: int  # on disk, with the texts
    writer: str  # what decides a model's answers beside the bundle; empty where no model writes
    reranker: str = ""  # identity of the cross-encoder


@contextmanager
def open_lab(bench: Bench, corpus: EvalCorpus, bundle: Bundle, search: Search | None = None) -> Iterator[Lab]:
    """Index the corpus as the bundle says, unless that was done before, and open the pipeline on it.

    Raises UsageError where no document can be indexed, and what the indexer raises.
    """
    stages = bench.stages()
    embedder = MemoEmbedder(bench.backends.embedder_named(bundle.index.embedder), stages, bench.embedded)
    with ExitStack() as opened:  # what one close raises keeps no other from happening
        opened.callback(stages.close)
        home = opened.enter_context(_index(bench, corpus, bundle, embedder, stages))
        backends = opened.enter_context(closing(_backends(bench, home, embedder)))
        yield _lab(bench, corpus, bundle, (embedder, stages, home), backends, search)
    if bench.cached:
        prune_homes(bench.experiments, bench.settings.retention.experiments_bytes)


def _lab(
    bench: Bench,
    corpus: EvalCorpus,
    bundle: Bundle,
    made: tuple[MemoEmbedder, Stages, Path],
    backends: Backends,
    search: Search | None,
) -> Lab:
    embedder, stages, home = made
    frozen = FrozenCorpus(backends.database, bundle.index)
    if not frozen.chunks:
        raise UsageError(f"None of the documents could be indexed: {_problems(home)}.")
    _count_embedded(bench, frozen, stages)
    scope = scope_of(corpus, frozen, cached_as(embedder), search)
    store = search.over(frozen) if search else MemoStore(backends.store, stages, scope)
    limits = bench.settings.question
    rerankers = cache(lambda name: MemoReranker(bench.backends.reranker_named(name), stages))
    pipeline = Pipeline(frozen, store, lambda _: embedder, limits, bench.backends.writer, reranker_named=rerankers)
    model = bundle.query.cross_encoder
    read_by = rerankers(model).identity if model else ""
    return Lab(
        bundle=bundle,
        corpus=frozen,
        pipeline=pipeline,
        embedder=embedder,
        stages=stages,
        scope=key_of(scope, read_by).hex() if model else scope,
        limits=limits,
        problems=len(_report(home)["problems"]),
        index_bytes=bytes_below(home),
        writer=writer_of(bundle, bench.settings),
        reranker=read_by,
    )


def writer_of(bundle: Bundle, settings: Settings) -> str:
    """Return what decides a model's answers beside the bundle; empty where no model writes."""
    return settings.model.identity if bundle.answer.answerer == "generative" else ""


def scope_of(corpus: EvalCorpus, frozen: FrozenCorpus, model: str, search: Search | None) -> str:
    """Return the digest of what is searched and how. The corpus says who may read what; what was indexed, the rest."""
    variant = search.name if search else ""
    return key_of(corpus.digest, frozen.contents, model, searching_digest(), variant).hex()


@contextmanager
def _index(bench: Bench, corpus: EvalCorpus, bundle: Bundle, embedder: MemoEmbedder, stages: Stages) -> Iterator[Path]:
    """Yield the home with the index of corpus and bundle."""

    def fill(home: Path) -> None:
        report = _indexed(bench, home, corpus, bundle, embedder, stages)
        (home / REPORT).write_bytes(orjson.dumps(asdict(report)))

    digest = home_digest(bench.settings, corpus, bundle.index, cached_as(embedder))
    with (
        _own_home(bench, fill)
        if not bench.cached
        else experiment_home(bench.experiments, digest, corpus.roots, fill) as (home, found)
    ):
        if found:
            _count_reused(home, stages)
        yield home


def home_digest(settings: Settings, corpus: EvalCorpus, index: IndexConfig, model: str) -> str:
    """Return the digest of all that decides what an index holds."""
    limits = settings.parsing.model_dump_json(exclude={"workers"})
    made_by = (PARSER_VERSION, indexing_digest(), limits)
    return key_of(corpus.digest, index.digest, model, *made_by).hex()[:16]


@contextmanager
def _own_home(bench: Bench, fill: Callable[[Path], None]) -> Iterator[tuple[Path, bool]]:
    """Yield a home that nothing else uses and that goes with the experiment."""
    home = bench.experiments / f"uncached-{uuid4().hex[:8]}.tmp-{os.getpid()}"
    home.mkdir(parents=True)
    try:
        fill(home)
        yield home, False
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _indexed(
    bench: Bench, home: Path, corpus: EvalCorpus, bundle: Bundle, embedder: MemoEmbedder, stages: Stages
) -> Report:
    cache = vector_cache(bench.settings if bench.cached else _at(bench.settings, home))
    parsed = ParseCache(stage_cache(bench.settings) if bench.cached else None)
    with closing(_backends(bench, home, embedder)) as at:
        shop = Workshop(at.settings, at.database, at.records, at.store, lambda _: embedder, cache, parsed)
        schema.upgrade(at.database, "truth")
        report = Indexer(shop, bench.progress).build(SourceRequest(specs=corpus.specs), bundle)
    _count_indexed(report, parsed, stages)
    return report


def _backends(bench: Bench, home: Path, embedder: Embedder) -> Backends:
    """Return truth and store of an experiment: always embedded, whatever serves."""
    return replace(open_backends(_at(bench.settings, home)), embedder_named=lambda _: embedder)


def _at(settings: Settings, home: Path) -> Settings:
    return settings.model_copy(update={"home": home, "database_url": "", "store_url": ""})


def vector_cache(settings: Settings) -> VectorCache:
    """Return the cache of vectors of a home."""
    return VectorCache(settings.home / "cache" / "vectors.db", settings.retention.vector_cache_bytes)


def frozen_at(settings: Settings, home: Path, index: IndexConfig) -> FrozenCorpus:
    """Return what an experiment's home holds."""
    with closing(truth_of(_at(settings, home))) as database:
        return FrozenCorpus(database, index)


def _count_indexed(report: Report, parsed: ParseCache, stages: Stages) -> None:
    counts = stages.counts
    counts["parse"].computed, counts["parse"].reused = parsed.computed, parsed.reused
    counts["parse"].seconds = report.stage_seconds.get("parse", 0.0)
    counts["chunk"].computed, counts["chunk"].seconds = report.chunks, report.stage_seconds.get("chunk", 0.0)


def _count_reused(home: Path, stages: Stages) -> None:
    report = _report(home)
    stages.counts["parse"].reused = report["files"]["read"]
    stages.counts["chunk"].reused = report["chunks"]


def _count_embedded(bench: Bench, frozen: FrozenCorpus, stages: Stages) -> None:
    """Count as reused the distinct texts whose vectors were there before."""
    texts, counted = {chunk.indexed_text for chunk in frozen.chunks.values()}, stages.counts["embed_chunks"]
    counted.reused = max(len(texts) - counted.computed, 0) if bench.cached else 0


def _problems(home: Path) -> str:
    return "; ".join(f"{each['uri']}: {each['reason']}" for each in _report(home)["problems"][:3]) or "there are none"


def _report(home: Path) -> dict[str, Any]:  # JSON
    return dict(orjson.loads((home / REPORT).read_bytes()))
