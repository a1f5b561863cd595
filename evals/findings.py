"""What a comparison of runs found, as it is printed: the contract's fields and more."""

from typing import Literal, TypeAlias

from pydantic import BaseModel

from evals.evalset import Split
from evals.outcome import State
from evals.run import FloorResult, RankedPlace, Summary

SliceKind: TypeAlias = Literal["answerable", "type", "tag", "document", "length"]


class MetricDifference(BaseModel, frozen=True):
    """One metric of a pair, b - a; nulls where fewer than 2 questions have a value on both sides."""

    a: float | None = None  # mean over the questions that have a value on both sides
    b: float | None = None
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    p_holm: float | None = None  # after Holm over all pairs and all named metrics; null for others
    significant: bool | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    n: int = 0
    minimum_detectable: float | None = None
    questions_needed: int | None = None
    left_out: int = 0  # questions that have a value on one side only
    more_questions: int | None = None  # to be asked besides; null where as many were asked
    named: bool = False


class SliceDifference(BaseModel, frozen=True):
    """The headline metric on a part of the questions, b - a."""

    kind: SliceKind
    name: str
    n: int
    a: float
    b: float
    difference: float
    ci_low: float
    ci_high: float
    p: float
    p_holm: float  # after Holm over the slices of the pair
    worse: bool  # significantly


class Flip(BaseModel, frozen=True):
    """A question whose headline metric changed, with the first places of both rankings."""

    id: str
    question: str
    a: float
    b: float
    difference: float
    ranking_a: tuple[RankedPlace, ...]
    ranking_b: tuple[RankedPlace, ...]


class BundleChange(BaseModel, frozen=True):
    """A field in which two bundles differ; `search` where a floor searches instead of the bundle."""

    field: str
    a: str
    b: str


class Pair(BaseModel, frozen=True):
    """A later run against the first, both of one split."""

    a: str  # ids
    b: str
    label_a: str
    label_b: str
    split: Split = "all"
    verdicts: tuple[str, ...]  # one for each named metric
    metrics: dict[str, MetricDifference]
    changes: tuple[BundleChange, ...] = ()
    slices: tuple[SliceDifference, ...] = ()
    slice_notes: tuple[str, ...] = ()
    gains: tuple[Flip, ...] = ()  # the largest first; a gain is what is better, for times what is less
    losses: tuple[Flip, ...] = ()


class Spent(BaseModel, frozen=True):
    """What questions took."""

    mean: float
    p95: float
    n: int


class RunFacts(BaseModel, frozen=True):
    """One run beside the others."""

    id: str
    label: str
    bundle: str
    split: Split
    search: str  # of the floor whose search it is; empty: the bundle's
    coverage: dict[State, int]
    means: dict[str, Summary]  # over all questions of the run
    spent: dict[str, Spent]  # context_tokens, latency_ms.STAGE, cost_usd
    index: dict[str, float]
    stages: dict[str, dict[str, float]]  # what was computed and what reused, by stage
    retrieval_only: bool
    beats_bm25: bool | None
    floors: dict[str, FloorResult]


class SplitFigures(BaseModel, frozen=True):
    """One bundle's own headline metric on both splits; null where it has no run or no value."""

    label: str
    bundle: str
    tune: Summary | None
    holdout: Summary | None


class Comparison(BaseModel, frozen=True):
    """Runs against the first of them, or of their split."""

    comparable: bool
    reason: str = ""  # why not
    pairs: tuple[Pair, ...] = ()
    named: tuple[str, ...] = ()  # metrics that decide
    headline: str = ""  # of them the one that is looked at by slice and by question
    tests: int = 0  # that Holm's correction counts
    set_name: str = ""
    cases: int = 0
    runs: tuple[RunFacts, ...] = ()
    splits: tuple[SplitFigures, ...] = ()  # where runs of both splits were given
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
