"""What an experiment will take, told before it starts: counted where that is cheap, else from a sample."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from pathlib import Path
from threading import Lock

import orjson

from evals.asking import asked_key, kind_of
from evals.corpus import EvalCorpus
from evals.corpus_sample import CorpusSample, Texts
from evals.evalset import Case
from evals.floors import floors
from evals.forecast import Forecast
from evals.known_corpora import KnownCorpora
from evals.lab import REPORT, Search, frozen_at, home_digest, scope_of, vector_cache, writer_of
from evals.plan import Plan
from evals.run import Run
from evals.runs import RunBook
from evals.speeds import Speeds, measured, speeds_of
from evals.splitting import split_cases
from evals.stages import key_of
from indexing.embedding import cached_as, unembedded
from indexing.experiment_homes import MANIFEST, bytes_below
from indexing.forgetting import EXPERIMENTS, stage_cache
from rag.config import Bundle
from rag.ports import Embedder
from rag.settings import Settings

_RUNS = 40  # latest ones that are asked how fast they were
_LOOKS_S = 1.0  # at documents, in one call
_MOST_SAMPLES = 2  # corpora whose documents are held, the latest
# Of an index on disk: tables of a truth and of a build that hold nothing yet; a chunk's rows and posting lists; a
# word piece's vector and its share of text and posting lists.
_EMPTY_BYTES, _CHUNK_BYTES, _TOKEN_VECTOR_BYTES, _TOKEN_BYTES = 480_000, 800, 64, 5


@dataclass(slots=True)
class _Spared:
    """What earlier bundles of a batch will have done."""

    homes: dict[str, str] = field(default_factory=dict)  # name of the bundle that makes an index, by home
    texts: dict[bool, set[bytes]] = field(default_factory=lambda: {False: set(), True: set()})  # with token vectors?
    sentences: set[bytes] = field(default_factory=set)
    questions: set[bytes] = field(default_factory=set)
    asked: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Work:
    """One bundle with what its figures are made from."""

    plan: Plan
    home: Path
    embedder: Embedder
    sample: CorpusSample
    cases: Sequence[Case]
    looks_s: float  # at documents

    def texts(self) -> Texts:
        """Return what the documents become, of which more are looked at for a while."""
        now = time.monotonic()
        self.sample.parse(now + self.looks_s / 2)
        return self.sample.texts(self.plan.bundle.index, self.embedder, now + self.looks_s)

    def scale(self, texts: Texts) -> float:
        """Return by how much all documents are more than those that were looked at; 0 where none was."""
        return 1 / max(self.sample.share(texts.seen), 1e-9) if texts.seen else 0.0

    @property
    def found(self) -> bool:
        return (self.home / MANIFEST).exists()


class Estimator:
    """Keeps what it has read of documents, so that a changed setting costs little. Thread-safe."""

    def __init__(
        self,
        settings: Settings,
        book: RunBook,
        embedder_named: Callable[[str], Embedder],
        *,
        looks_s: float = _LOOKS_S,
    ) -> None:
        self._settings, self._book, self._embedder_named = settings, book, embedder_named
        self._lock = Lock()
        self.corpora, self._looks_s = KnownCorpora(settings), looks_s
        self._samples: dict[tuple[Path, ...], tuple[str, CorpusSample]] = {}  # with the corpus's digest, by its roots
        self._scopes: dict[tuple[str, str], str] = {}
        self._measured: dict[str, Speeds] = {}

    def forecasts(self, plans: Sequence[Plan], *, with_floors: bool = False) -> tuple[Forecast, ...]:
        """Return what each plan will take after those before it.

        Documents are read and cut for about a second in all, and none is embedded: what does not fit is
        estimated from those that do. Called again it goes on. Raises ModelUnavailableError, StoreUnavailableError.
        """
        spared, runs, found = _Spared(), self._book.latest_here(_RUNS), []
        with self._lock:
            until = time.monotonic() + self._looks_s
            for left, plan in zip(range(len(plans), 0, -1), plans, strict=True):
                work = self._work(plan, max(until - time.monotonic(), 0.0) / left)
                found.append(self._forecast(work, spared, self._speeds(work.embedder, runs), with_floors=with_floors))
        return tuple(found)

    def _work(self, plan: Plan, looks_s: float) -> _Work:
        embedder = self._embedder_named(plan.bundle.index.embedder)
        sample = self._sample(plan.corpus)
        digest = home_digest(self._settings, plan.corpus, plan.bundle.index, cached_as(embedder))
        cases = split_cases(plan.eval_set.cases, plan.split).cases[: plan.limit]
        return _Work(plan, self._settings.home / EXPERIMENTS / digest, embedder, sample, cases, looks_s)

    def _sample(self, corpus: EvalCorpus) -> CorpusSample:
        """Return what is held of a corpus; of one that has changed nothing is."""
        digest, sample = self._samples.pop(corpus.roots, ("", None))
        if sample is None or digest != corpus.digest:
            sample = CorpusSample(corpus, self._settings)
        self._samples[corpus.roots] = (corpus.digest, sample)
        for oldest in list(self._samples)[:-_MOST_SAMPLES]:
            del self._samples[oldest]
        return sample

    def _forecast(self, work: _Work, spared: _Spared, speeds: Speeds, *, with_floors: bool) -> Forecast:
        found = Forecast(name=work.plan.name, documents=work.sample.files, questions=len(work.cases))
        found = self._indexing(work, spared, found, speeds)
        found = self._asking(work, spared, found, speeds)
        return self._floors(work, spared, found, speeds) if with_floors else found

    def _speeds(self, embedder: Embedder, runs: Sequence[Run]) -> Speeds:
        speeds = speeds_of(runs, embedder.identity)
        if not speeds.measured:
            if embedder.identity not in self._measured:
                self._measured[embedder.identity] = measured(speeds, embedder)
            speeds = self._measured[embedder.identity]
        return speeds

    def _indexing(self, work: _Work, spared: _Spared, found: Forecast, speeds: Speeds) -> Forecast:
        if work.found:
            return _there(work, found, speeds)
        texts = work.texts()
        maker = spared.homes.setdefault(work.home.name, work.plan.name)
        if maker != work.plan.name:
            return found.model_copy(update=_made_by(maker, work, texts, speeds))
        return self._made(work, spared, found, texts, speeds)

    def _made(self, work: _Work, spared: _Spared, found: Forecast, texts: Texts, speeds: Speeds) -> Forecast:
        index, sample = work.plan.bundle.index, work.sample
        missing = self._missing(work, spared, texts)
        scale = work.scale(texts)
        parsed = round(sample.known * sample.files / max(sample.looked, 1))
        tokens = sum(texts.tokens[name] for name in missing) * scale
        chunks, to_embed = round(texts.chunks * scale), round(len(missing) * scale)
        size = _index_bytes(work, texts, scale)
        seconds = speeds.to_open + speeds.per_document * (sample.files - parsed)
        seconds += speeds.per_chunk * chunks + speeds.per_token * (tokens + 2 * to_embed)
        vectors = to_embed * 4 * work.embedder.dim + (tokens * _TOKEN_VECTOR_BYTES if index.token_vectors else 0)
        return found.model_copy(
            update={
                "parsed_before": parsed,
                "sampled": texts.seen,
                "chunks": chunks,
                "texts": round(len(texts.tokens) * scale),
                "to_embed": to_embed,
                "seconds": seconds,
                "index_bytes": size,
                "new_bytes": size + round(vectors),
            }
        )

    def _missing(self, work: _Work, spared: _Spared, texts: Texts) -> set[bytes]:
        """Return the texts without a vector, and count on them from here on."""
        tokens = work.plan.bundle.index.token_vectors
        missing = unembedded(list(texts.tokens), work.embedder, vector_cache(self._settings), tokens=tokens)
        missing -= spared.texts[True] if tokens else spared.texts[True] | spared.texts[False]
        spared.texts[tokens] |= missing
        return missing

    def _asking(self, work: _Work, spared: _Spared, found: Forecast, speeds: Speeds) -> Forecast:
        plan = work.plan
        new = self._unasked(work, spared, plan.bundle, None, retrieval_only=plan.retrieval_only)
        seconds = found.seconds + speeds.per_case * len(work.cases) + speeds.per_search * len(new)
        seconds += speeds.per_question * self._unembedded_questions(work, spared, new)
        if not plan.retrieval_only:
            seconds += speeds.per_answer * len(new)
            seconds += speeds.per_sentence * self._unread(work, spared, len(new))
        return found.model_copy(update={"to_ask": len(new), "seconds": seconds})

    def _floors(self, work: _Work, spared: _Spared, found: Forecast, speeds: Speeds) -> Forecast:
        made = [
            self._unasked(work, spared, floor.bundle(work.plan.bundle), floor.search, retrieval_only=True)
            for floor in floors()
        ]
        new, asked = sum(map(len, made)), len(made) * len(work.cases)
        seconds = found.seconds + len(made) * speeds.to_open / 2 + speeds.per_case * asked + speeds.per_search * new
        return found.model_copy(update={"floors": asked, "to_ask": found.to_ask + new, "seconds": seconds})

    def _unasked(
        self, work: _Work, spared: _Spared, bundle: Bundle, search: Search | None, *, retrieval_only: bool
    ) -> list[Case]:
        """Return the cases whose outcome is not remembered, and count on them from here on."""
        scope, limits = self._scope(work, search), self._settings.question
        writer = writer_of(bundle, self._settings)
        keys = [
            asked_key(scope, bundle, limits, case, writer=writer, retrieval_only=retrieval_only) for case in work.cases
        ]
        kind = kind_of(retrieval_only=retrieval_only)
        known = spared.asked | (stage_cache(self._settings).has(kind, keys) if work.found else set())
        spared.asked.update(keys)
        first = dict(zip(reversed(keys), reversed(work.cases), strict=True))  # a question asked twice is asked once
        return [case for key, case in first.items() if key not in known]

    def _scope(self, work: _Work, search: Search | None) -> str:
        """Return the scope of an index that is there, or a name of one that is not."""
        name = (work.home.name, search.name if search else "")
        if not work.found:
            return "/".join(name)
        if name not in self._scopes:
            frozen = frozen_at(self._settings, work.home, work.plan.bundle.index)
            self._scopes[name] = scope_of(work.plan.corpus, frozen, cached_as(work.embedder), search)
        return self._scopes[name]

    def _unembedded_questions(self, work: _Work, spared: _Spared, cases: Sequence[Case]) -> int:
        keys = {key_of(work.embedder.identity, " ".join(case.question.split())) for case in cases}
        new = keys - spared.questions - stage_cache(self._settings).has("embed_questions", list(keys))
        spared.questions |= new
        return len(new)

    def _unread(self, work: _Work, spared: _Spared, asked: int) -> float:
        """Return about how many sentences are encoded for so many answers: those of the chunks that come up."""
        if not asked:
            return 0.0
        texts = work.texts() if work.found else work.sample.texts(work.plan.bundle.index, work.embedder, 0.0)
        known = stage_cache(self._settings).has("embed_sentences", list(texts.sentences))
        new = texts.sentences - spared.sentences - known
        spared.sentences |= new
        scale = work.scale(texts)
        drawn = asked * work.plan.bundle.query.top_k / max(texts.chunks * scale, 1)
        return len(new) * scale * (1 - exp(-drawn))


def _there(work: _Work, found: Forecast, speeds: Speeds) -> Forecast:
    report = orjson.loads((work.home / REPORT).read_bytes())
    there = {"indexed": True, "parsed_before": found.documents, "sampled": found.documents}
    size = bytes_below(work.home)
    return found.model_copy(
        update={
            **there,
            "chunks": report["chunks"],
            "texts": report["chunks"],
            "index_bytes": size,
            "seconds": speeds.to_open,
        }
    )


def _made_by(maker: str, work: _Work, texts: Texts, speeds: Speeds) -> Mapping[str, object]:
    scale = work.scale(texts)
    there = {"same_index_as": maker, "parsed_before": work.sample.files, "sampled": texts.seen}
    counted = {"chunks": round(texts.chunks * scale), "texts": round(len(texts.tokens) * scale)}
    return {**there, **counted, "index_bytes": _index_bytes(work, texts, scale), "seconds": speeds.to_open}


def _index_bytes(work: _Work, texts: Texts, scale: float) -> int:
    tokens = sum(texts.tokens.values()) * scale
    per_token = _TOKEN_BYTES + (_TOKEN_VECTOR_BYTES if work.plan.bundle.index.token_vectors else 0)
    per_chunk = _CHUNK_BYTES + 4 * work.embedder.dim
    return round(_EMPTY_BYTES + texts.chunks * scale * per_chunk + tokens * per_token)
