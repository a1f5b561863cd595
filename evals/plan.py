"""What an experiment is to measure."""

from dataclasses import dataclass, field

from evals.code import code_digest
from evals.corpus import EvalCorpus
from evals.evalset import EvalSet, Split
from evals.lab import Search
from evals.outcome import Scoring
from evals.scoring import BUDGETS, KS, Scale
from evals.stages import key_of
from rag.config import Bundle

TIMEOUT_S = 30.0  # of one question, as the API allows by default
HEADLINES = {"span": "recall@5", "graded": "ndcg@10", "none": ""}

__all__ = ["BUDGETS", "KS", "Plan", "Scale", "Scoring"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One bundle over one eval set."""

    eval_set: EvalSet
    corpus: EvalCorpus
    bundle: Bundle
    name: str = ""  # of the bundle, for people
    split: Split = "all"
    scale: Scale = field(default_factory=Scale)
    limit: int | None = None
    retrieval_only: bool = False
    timeout_s: float = TIMEOUT_S
    search: Search | None = None  # a floor's own search

    @property
    def headline(self) -> str:
        """The metric that is looked at first; empty where the set has no truth for retrieval."""
        return HEADLINES[self.eval_set.truth]

    def key(self, model: str) -> str:
        """Return the digest of all that decides the figures."""
        asked = (self.split, self.scale, self.limit, self.retrieval_only, self.search.name if self.search else "")
        return key_of(self.eval_set.digest, self.corpus.digest, self.bundle.digest, code_digest(), model, *asked).hex()
