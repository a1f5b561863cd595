"""What one experiment produced, as it is saved, printed and compared."""

from typing import Literal, TypeAlias

from pydantic import BaseModel

from evals.evalset import Split, Truth
from evals.outcome import Scoring, State
from rag.config import Bundle

RunState: TypeAlias = Literal["running", "done", "interrupted", "failed"]


class Summary(BaseModel, frozen=True):
    """A metric over all cases: mean with its 95 % interval; null where no case has a value."""

    mean: float | None
    ci_low: float | None
    ci_high: float | None
    n: int  # cases with a value
    undefined: int  # cases without


class RankedPlace(BaseModel, frozen=True):
    """One chunk of a case's ranking."""

    id: str
    doc: str
    start: int
    end: int


class CaseResult(BaseModel, frozen=True):
    """What one case got, in numbers; a metric that has no value is null."""

    id: str
    state: State
    metrics: dict[str, float | None]
    question: str = ""
    error: str = ""
    tags: tuple[str, ...] = ()
    type: str = ""  # of its document
    docs: tuple[str, ...] = ()
    answerable: bool = True
    ranking: tuple[RankedPlace, ...] = ()  # the first of it
    status: str = ""  # of its answer
    answerability: float | None = None
    quotes: tuple[RankedPlace, ...] = ()


class FloorResult(BaseModel, frozen=True):
    """A floor's headline metric, and how far the run is ahead of it; null where it has no value."""

    run: str  # id
    mean: float | None = None
    difference: float | None = None  # run - floor
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None


class Determinism(BaseModel, frozen=True):
    """How far the figures of a run would be the same again."""

    search: Literal["exact"] = "exact"  # experiments search their own index, which compares every vector
    ties_at_cut: int = 0  # questions of which the last chunk used and the first not used had the same score
    repeats: int = 1  # times that it was run again without any cache; 1: it was not
    rankings_changed: int = 0  # questions whose ranking, as far as it is kept, differed between these runs
    spread: float | None = None  # of the headline metric's mean over these runs; null where it was not measured


class Run(BaseModel, frozen=True):
    """One bundle over one eval set. Texts of documents are not part of it."""

    id: str
    set: str  # digest of its cases
    corpus: str  # digest of the documents
    bundle: str  # digest
    metrics: dict[str, Summary]
    coverage: dict[State, int]
    stages: dict[str, dict[str, float]]
    cases: tuple[CaseResult, ...] = ()
    set_name: str = ""
    set_path: str = ""
    name: str = ""  # of what was compared: the bundle's file, or a floor
    code: str = ""  # digest
    model: str = ""  # identity of the embedder
    precision: str = "float32"  # that the chunks were embedded in
    reranker: str = ""  # identity of the cross-encoder; empty where none read the candidates
    split: Split = "all"
    scoring: Scoring = "strict"
    limit: int | None = None
    retrieval_only: bool = False
    timeout_s: float | None = None  # of one question; null in runs that do not say
    search: str = ""  # a floor's own; empty: the bundle's
    parent: str = ""  # id of the run that this one was made for, as a floor or a repeat
    truth: Truth = "none"
    state: RunState = "done"
    headline: str = ""  # the metric that is looked at first
    bundle_content: Bundle = Bundle()
    started_at: float = 0.0
    seconds: float = 0.0
    determinism: Determinism = Determinism()
    index: dict[str, float] = {}  # chunks, documents, rejected
    notes: tuple[str, ...] = ()
    floors: dict[str, FloorResult] = {}  # by name
    beats_bm25: bool | None = None  # whether the interval is above 0; null where no floor was run

    def as_json(self, *, cases: bool) -> dict[str, object]:
        """Return the run as the contract names its fields."""
        return self.model_dump(mode="json", exclude=set() if cases else {"cases"})
