"""What experiments tune: a bundle of index, query and answer configuration, frozen and named by its digest."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Literal, Self, TypeAlias, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from rag.errors import UsageError

# A change of any of these makes other chunks, tokens or vectors from the same bytes, and so another generation.
# The rules of types decide chunks too: their change raises CHUNKER_VERSION, and PARSER_VERSION in indexing/parsing.py.
ANALYSER_VERSION = 1
CHUNKER_VERSION = 2
PROJECTION_VERSION = 1  # counts only where token vectors are kept

BUILT_IN_EMBEDDER = "all-MiniLM-L6-v2"
LLAMA_INDEX = "llama_index"
Strategy: TypeAlias = Literal["auto", "sentences", "recursive", "tokens"]
Ranker: TypeAlias = Literal["none", "late_interaction"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)
RERANKERS: tuple[str, ...] = get_args(Ranker)


class IndexConfig(BaseModel, frozen=True, extra="forbid"):
    """What decides a chunk's text and vector: a change needs a new generation."""

    strategy: Strategy | str = Field(
        default="auto",
        description="How a document is cut into chunks: by its type and headings (auto), at sentences, at "
        "paragraphs before sentences before words (recursive), at words alone (tokens), or by a splitter of LlamaIndex "
        "(llama_index:SentenceSplitter and its like).",
    )
    chunk_tokens: int = Field(
        default=200,
        ge=32,
        le=2048,
        description="The most tokens of a chunk. Small chunks are precise, large ones keep together what belongs "
        "together.",
    )
    overlap_tokens: int = Field(
        default=0, ge=0, le=1024, description="How many tokens a chunk repeats of the one before it."
    )
    context_line: bool = Field(
        default=True,
        description="Whether title, headings and table header stand before a chunk when it is searched and read.",
    )
    embedder: str = Field(
        default=BUILT_IN_EMBEDDER,
        description="The model that turns texts into vectors: the built-in one, or the name or folder of one for "
        "sentence-transformers.",
    )
    token_vectors: bool = Field(
        default=True,
        description="Whether a vector of every word piece is kept, 64 bytes each: late interaction needs them. Only "
        "the built-in embedder has them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_where_there_is_no_projection(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("embedder", BUILT_IN_EMBEDDER) != BUILT_IN_EMBEDDER:
            return {"token_vectors": False, **given}
        return given

    @field_validator("strategy")
    @classmethod
    def _is_a_strategy(cls, name: str) -> str:
        prefix, _, splitter = name.rpartition(":")
        if name not in STRATEGIES and not (prefix == LLAMA_INDEX and splitter.isidentifier()):
            raise ValueError(f"must be {', '.join(STRATEGIES)}, or {LLAMA_INDEX}:NAME of a splitter there")
        return name

    @model_validator(mode="after")
    def _overlap_is_a_part(self) -> Self:
        if self.overlap_tokens >= self.chunk_tokens:
            raise ValueError("overlap_tokens must be less than chunk_tokens")
        return self

    @model_validator(mode="after")
    def _token_vectors_have_a_projection(self) -> Self:
        if self.token_vectors and self.embedder != BUILT_IN_EMBEDDER:
            raise ValueError(
                f"token_vectors needs the built-in embedder: leave out embedder, or say {BUILT_IN_EMBEDDER}"
            )
        return self

    @property
    def splitter(self) -> str:
        """The class of LlamaIndex that cuts; empty where one of our own strategies does."""
        return self.strategy.partition(":")[2]

    @property
    def digest(self) -> str:
        """Name of the generation; equal configs share one."""
        projection = f"/{PROJECTION_VERSION}" if self.token_vectors else ""
        return _digest(f"{self.model_dump_json()}/{ANALYSER_VERSION}/{CHUNKER_VERSION}{projection}")


class QueryConfig(BaseModel, frozen=True, extra="forbid"):
    """What decides which hits a question gets, and in which order."""

    legs: tuple[Literal["dense", "lexical"], ...] = Field(
        default=("dense", "lexical"),
        min_length=1,
        max_length=2,
        description="How chunks are found: by meaning (dense), by words (lexical, BM25), or both.",
    )
    fusion: Literal["weighted", "rrf", "dbsf"] = Field(
        default="weighted",
        description="How the rankings of both legs become one: by weighted scores, by ranks (rrf), or by scores scaled "
        "to three standard deviations (dbsf).",
    )
    dense_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The share of the leg by meaning in the fused score; the rest is the leg by words. Not for rrf.",
    )
    rrf_k: int = Field(
        default=60,
        ge=1,
        le=1000,
        description="How little the first ranks stand out where fusion is rrf: 1 / (k + rank).",
    )
    candidates: int = Field(
        default=50, ge=1, le=1000, description="How many chunks each leg finds before they are fused and reranked."
    )
    k1: float = Field(
        default=1.2, ge=0, le=10, description="BM25: how much a word counts that stands in a chunk again and again."
    )
    b: float = Field(default=0.75, ge=0, le=1, description="BM25: how much long chunks are held back, 0 not at all.")
    rerank: Ranker | str = Field(
        default="late_interaction",
        description="What orders the fused candidates anew: late interaction compares them word piece by word piece. "
        "Without token vectors, or with one leg, nothing does. The folder or name of a cross-encoder, with a slash in "
        "it, lets that model read the best 20.",
    )
    top_k: int = Field(default=5, ge=1, le=100, description="How many chunks an answer is made from, at most.")
    context_tokens: int = Field(
        default=1200, ge=32, le=100_000, description="How many tokens these chunks have together, at most."
    )

    @field_validator("rerank")
    @classmethod
    def _is_a_reranker(cls, name: str) -> str:
        # Without a slash it would be a misspelt name of one of ours.
        if name not in RERANKERS and "/" not in name and "\\" not in name:
            raise ValueError(f"must be {', '.join(RERANKERS)}, or the folder of a cross-encoder, with a slash in it")
        return name

    @property
    def cross_encoder(self) -> str:
        """The folder or name of the model that reranks; empty where none does."""
        return "" if self.rerank in RERANKERS else self.rerank


class AnswerConfig(BaseModel, frozen=True, extra="forbid"):
    """What decides the answer that is made from the hits."""

    answerer: Literal["extractive", "generative"] = Field(
        default="extractive",
        description="How an answer is made: of sentences quoted from the chunks, or written by a language model.",
    )
    max_sentences: int = Field(default=3, ge=1, le=10, description="How many sentences an answer has, at most.")
    min_support: float = Field(
        default=0.5, ge=0, le=1, description="How well the sources must support a sentence, or it is left out."
    )
    min_answerability: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="How sure it must be that the documents answer a question, or none is given.",
    )
    model: str | None = Field(
        default=None,
        description="The one language model whose answers are taken; none: the one that the settings name.",
    )
    prompt: str = Field(
        default="default",
        pattern=r"^[a-z0-9-]{1,64}$",
        description="The name of the prompt that a language model is given.",
    )
    temperature: float = Field(
        default=0.0, ge=0, le=2, description="How freely a language model writes; 0 is as repeatable as it can be."
    )

    @field_validator("prompt")
    @classmethod
    def _exists(cls, name: str) -> str:
        if not resources.files("rag").joinpath("prompts", f"{name}.md").is_file():
            raise ValueError(f"there is no prompt {name!r}")
        return name

    @property
    def text(self) -> str:
        """What a digest is made of; a field that came later counts where it is set."""
        return self.model_dump_json(exclude={"temperature"} if self.temperature == 0 else None)


class Bundle(BaseModel, frozen=True, extra="forbid"):
    """Everything that decides an answer."""

    index: IndexConfig = IndexConfig()
    query: QueryConfig = QueryConfig()
    answer: AnswerConfig = AnswerConfig()

    @model_validator(mode="after")
    def _what_is_compared_is_kept(self) -> Self:
        alone = len(self.query.legs) == 1 or not self.index.token_vectors
        if alone and "rerank" not in self.query.model_fields_set:  # who asks for one leg wants that leg's order
            object.__setattr__(self, "query", self.query.model_copy(update={"rerank": "none"}))
        if self.query.rerank == "late_interaction" and not self.index.token_vectors:
            raise ValueError("query.rerank: late_interaction needs index.token_vectors: true")
        return self

    @property
    def digest(self) -> str:
        return _digest(f"{self.index.digest}/{self.query.model_dump_json()}/{self.answer.text}")


def load_bundle(path: Path) -> Bundle:
    """Read a bundle from YAML; an absent field has its default. Raises UsageError with what is wrong where."""
    try:
        return parse_bundle(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"The bundle {path} cannot be read: {error.strerror}.") from error


def parse_bundle(content: bytes, name: str) -> Bundle:
    """Return the bundle that a file of this name holds. Raises UsageError with what is wrong where."""
    try:
        found = yaml.safe_load(content.decode())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The bundle {name} is not YAML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"The bundle {name} cannot be used: it is nested too deeply.") from error
    try:
        return Bundle.model_validate({} if found is None else _explicit(found, name))
    except ValidationError as error:
        raise UsageError(f"The bundle {name} cannot be used: {validation_message(error)}.") from error


def _explicit(content: object, name: str) -> object:
    """Return the content of a file that names late interaction together with what it needs. Raises UsageError.

    A file that names one setting alone would silently change its meaning with the default of the other.
    """
    index, query = (content.get(part) if isinstance(content, dict) else None for part in ("index", "query"))
    wanted = isinstance(query, dict) and query.get("rerank") == "late_interaction"
    if wanted and not (isinstance(index, dict) and index.get("token_vectors") is True):
        said = "query.rerank: late_interaction needs index.token_vectors: true. Say both, or neither."
        raise UsageError(f"The bundle {name} cannot be used: {said}")
    return content


def as_yaml(bundle: Bundle) -> str:
    """Return a bundle as a file that can be saved, changed and read again, with every default."""
    text: str = yaml.safe_dump(bundle.model_dump(mode="json"), sort_keys=False, default_flow_style=False)
    return f"# bundle {bundle.digest}, generation {bundle.index.digest}\n{text}"


def validation_message(error: ValidationError) -> str:
    """Return "field: what is wrong", joined, without the values."""
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
