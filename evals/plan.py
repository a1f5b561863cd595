"""What an experiment is to measure."""

from dataclasses import dataclass, field

from evals.code import code_digest
from evals.corpus import EvalCorpus
from evals.evalset import EvalSet, Split
from evals.lab import Search
from evals.scoring import Scale
from evals.stages import key_of
from rag.config import Bundle
from rag.settings import QuestionLimits

TIMEOUT_S = 30.0  # of one question, as the API allows by default
HEADLINES = {"span": "recall@5", "graded": "ndcg@10", "none": ""}


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
    parent: str = ""  # id of the run that this one is made for, as a floor or a repeat

    @property
    def headline(self) -> str:
        """The metric that is looked at first; empty where the set has no truth for retrieval."""
        return HEADLINES[self.eval_set.truth]

    @property
    def search_name(self) -> str:
        """The name of a floor's own search; empty where the bundle's is used."""
        return self.search.name if self.search else ""

    def key(self, model: str, limits: QuestionLimits) -> str:
        """Return the digest of all that decides the figures."""
        given = (self.eval_set.digest, self.corpus.digest, self.bundle.digest, code_digest(), model)
        asked = (self.split, self.scale, self.limit, self.retrieval_only, self.search_name)
        return key_of(*given, *asked, self.timeout_s, limits.model_dump_json()).hex()
