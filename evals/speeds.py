"""How fast this machine is: by what earlier runs took here, else by a short measured sample."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from evals.run import Run
from rag.ports import Embedder

CONTEXT_TOKENS = 18  # of a usual context line and the special tokens, which counts of chunks leave out
_LEAST = 20  # things that a stage has done in a run whose speed says something
_RUNS = 5  # latest runs that say how fast a stage is
_SAMPLE_TEXTS = 8
_SAMPLE_CHARS = (60, 800)  # of a question, of a chunk


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds of each step. What no run and no sample tells are figures of a laptop of 2024, all below 20 ms."""

    per_document: float = 0.03  # to parse
    per_chunk: float = 0.0005  # to cut
    per_token: float = 0.0003  # to embed, of indexed texts
    per_question: float = 0.008  # to embed
    per_sentence: float = 0.008  # to encode
    per_search: float = 0.004
    per_answer: float = 0.012  # its sentences apart
    per_case: float = 0.004  # to score and to save
    to_open: float = 1.0  # an experiment: models, caches, what was indexed
    measured: bool = False  # whether runs or a sample say the first of them


def speeds_of(runs: Sequence[Run], model: str) -> Speeds:
    """Return the speeds of earlier runs with this embedder, each the median of the latest five that say it."""
    own = [run for run in runs if run.model == model]
    found = {name: _median(own, rate) for name, rate in _RATES.items()}
    known = {name: value for name, value in found.items() if value is not None}
    return replace(Speeds(), **known, measured="per_token" in known)


def measured(speeds: Speeds, embedder: Embedder) -> Speeds:
    """Return the speeds with those of embedding measured now: eight short texts and eight long ones."""
    short, long = (_timed(embedder, chars) for chars in _SAMPLE_CHARS)
    tokens = embedder.count_tokens([_text(0, _SAMPLE_CHARS[1])])[0]
    return replace(speeds, per_token=long / tokens, per_question=short, per_sentence=short, measured=True)


def _timed(embedder: Embedder, chars: int) -> float:
    """Return the seconds that one text of this length takes, among others."""
    texts = [_text(number, chars) for number in range(_SAMPLE_TEXTS)]
    embed: Callable[[Sequence[str]], object] = embedder.embed_tokens if embedder.token_dim else embedder.embed
    embed(texts[:1])  # what happens once is not counted
    started = time.perf_counter()
    embed(texts)
    return (time.perf_counter() - started) / len(texts)


def _text(number: int, chars: int) -> str:
    return (f"Number {number} of the texts by which a machine is measured says nothing else. " * 20)[:chars]


def _median(runs: Sequence[Run], rate: Callable[[Run], float | None]) -> float | None:
    found = [value for run in runs if (value := rate(run)) is not None]
    return median(found[:_RUNS]) if found else None


def _per(*stages: str) -> Callable[[Run], float | None]:
    """Return the seconds of these stages for each thing that the first of them has done."""

    def rate(run: Run) -> float | None:
        done = run.stages[stages[0]]["computed"] if stages[0] in run.stages else 0
        return sum(run.stages[stage]["seconds"] for stage in stages) / done if done >= _LEAST else None

    return rate


def _per_token(run: Run) -> float | None:
    per_text = _per("embed_chunks")(run)
    tokens = run.index.get("tokens_per_chunk", 0) + CONTEXT_TOKENS * run.bundle_content.index.context_line
    return per_text / tokens if per_text is not None and tokens else None


def _per_search(run: Run) -> float | None:
    """Return the seconds of a search: of a run whose legs were not remembered."""
    asked = run.stages.get("fuse", {}).get("computed", 0)
    legs = max(run.stages.get(leg, {}).get("computed", 0) for leg in ("dense", "lexical"))
    return _per("fuse", "dense", "lexical", "rerank")(run) if asked and legs >= 0.9 * asked else None


def _per_case(run: Run) -> float | None:
    """Return what a question takes that no stage says, where nothing had to be indexed."""
    told = sum(stage["seconds"] for stage in run.stages.values())
    cases = sum(run.coverage.values())
    opened = run.stages.get("embed_chunks", {}).get("computed", 1) == 0
    return max(run.seconds - told, 0.0) / cases if opened and cases >= 5 * _LEAST else None


_RATES: dict[str, Callable[[Run], float | None]] = {
    "per_document": _per("parse"),
    "per_chunk": _per("chunk"),
    "per_token": _per_token,
    "per_question": _per("embed_questions"),
    "per_sentence": _per("embed_sentences"),
    "per_search": _per_search,
    "per_answer": _per("answer", "ground"),
    "per_case": _per_case,
}
