"""What the pipeline and the indexer need of the outside, as protocols. One file in `adapters/` per implementation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.config import Bundle
from rag.types import Chunk, ChunkId, DocumentInfo, Encoded, Filter, Matrix, Scored, TokenRows, Vector

Precision: TypeAlias = Literal["float32", "bfloat16"]


class Embedder(Protocol):
    """Texts to unit vectors. Thread-safe."""

    @property
    def identity(self) -> str:
        """Hash of all that decides a vector; rows of two identities never share an index."""

    @property
    def precision(self) -> Precision:
        """What `embed` and `embed_tokens` compute in. Not part of the identity: both may stand in one index."""

    @property
    def dim(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """Word pieces of one text, without special tokens; longer text is cut."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return unit rows, in the order of `texts`. Raises ModelUnavailableError."""

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return sentence and token vectors, in the order of `texts`. Raises ModelUnavailableError."""

    @property
    def token_dim(self) -> int:
        """Numbers of a projected token vector; 0 where the embedder has no projection."""

    def embed_tokens(self, texts: Sequence[str]) -> tuple[Matrix, list[TokenRows]]:
        """Return unit rows and each text's projected token vectors, of one pass, in the order of `texts`.

        Raises ModelUnavailableError; UsageError where there is no projection.
        """

    def project(self, token_vectors: Matrix) -> Matrix:
        """Return unit rows of `token_dim` numbers, to be compared with what `embed_tokens` gives.

        Raises UsageError where there is no projection.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of word pieces of each text, uncut, without special tokens."""

    def token_ends(self, text: str) -> list[int]:
        """Return the offset at which each word piece ends, uncut; for cutting a text at a token."""

    def token_weights(self, token_ids: NDArray[np.int64]) -> Vector:
        """Return how much each word piece tells (idf over ordinary text), 0 or more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One chunk as the store keeps it: no text."""

    id: ChunkId
    document_id: str
    vector: Vector
    tokens: tuple[str, ...]  # analysed, with repeats
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # roles, source, type, language, tag, owner
    day: date | None = None
    token_vectors: TokenRows | None = None  # of the indexed text, in a build that keeps them


@dataclass(frozen=True, slots=True)
class BuildStats:
    """Rows of a build, the dead that are still on disk among them, and bytes on disk."""

    rows: int
    dead: int
    size_bytes: int


class StoreWriter(Protocol):
    """One transaction on a build; every step can be repeated."""

    def upsert(self, rows: Sequence[Row], born: int) -> None:
        """Add rows that are visible from revision `born` on; one alive under the same id ends at `born`."""

    def retire(self, ids: Iterable[ChunkId], died: int) -> None:
        """End rows: they are visible before revision `died` only. Unknown ids are skipped."""

    def clean_up(self, published: int) -> None:
        """Undo what a killed run left beyond this build's published revision."""

    def purge(self, revision: int) -> None:
        """Take away what died at or before `revision`; snapshots from before that are refused from now on."""


class Snapshot(Protocol):
    """Both legs at one revision."""

    def dense(self, vector: Vector, allowed: Filter, limit: int) -> list[Scored]:
        """Return at most `limit` chunk ids with their cosine, best first, ties by id."""

    def lexical(
        self, tokens: Sequence[str], allowed: Filter, limit: int, *, k1: float = 1.2, b: float = 0.75
    ) -> list[Scored]:
        """Return at most `limit` chunk ids with their BM25 score, above 0, best first, ties by id.

        Robertson & Zaragoza (2009), with idf = ln(1 + (N - n + 0.5) / (n + 0.5)) over the rows visible at the
        revision that have a token. `tokens` count as a set.
        """

    def late_interaction(self, ids: Sequence[ChunkId], question: Matrix, weights: Vector) -> list[Scored]:
        """Return how close each of these chunks comes to a question, best first, ties by id.

        A chunk's score is the sum over the question's word pieces of weight times cosine to the nearest of its token
        vectors (MaxSim; Khattab & Zaharia, 2020). Absent are ids that are not visible, and chunks without word pieces.
        question: unit rows, shape [pieces, token dim]. weights: 0 or more, shape [pieces].
        Raises ValueError on a build without token vectors.
        """

    def count(self, allowed: Filter) -> int: ...

    def scroll_ids(self) -> Iterator[ChunkId]:
        """Yield the id of every visible row, in no order."""


class Snapshots(Protocol):
    """What a search needs of a store."""

    def snapshot(self, build: str, revision: int) -> AbstractContextManager[Snapshot]:
        """Open both legs at a revision. Raises SnapshotGoneError, StoreUnavailableError, DamagedError."""


class Store(Snapshots, Protocol):
    """Which chunk ids match? A cache of the truth that can be deleted and rebuilt. Thread-safe."""

    def create(self, build: str, dim: int, token_dim: int = 0) -> None:
        """Create an empty build; one that exists stays as it is. token_dim: 0 for one without token vectors.

        Raises ValueError when it exists with other dimensions.
        """

    def writer(self, build: str) -> AbstractContextManager[StoreWriter]:
        """Open one transaction: committed at the end of the block, undone by an error in it."""

    def compact(self, build: str, target: str) -> None:
        """Fill the new build `target` with the living rows of `build`."""

    def stats(self, build: str) -> BuildStats: ...

    def builds(self) -> list[str]:
        """Return the names of all builds that exist, also those that nothing points at."""

    def drop(self, build: str) -> None:
        """Delete a build; one that does not exist is no error."""

    def check(self) -> None:
        """Raise StoreUnavailableError when the store does not answer."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What serves at one moment."""

    revision: int
    bundle: Bundle
    build: str
    build_revision: int  # that the build was last published at: behind `revision` only where `stale` says so
    embedder_id: str  # that made its vectors
    languages: tuple[str, ...]  # present in the index, for analysing a query
    stale: str = ""  # why the index is behind its sources; empty where it is not


class Reading(Protocol):
    """One read transaction in the truth: a real snapshot."""

    @property
    def pointer(self) -> Pointer: ...

    def documents(self, ids: Sequence[ChunkId], roles: frozenset[str]) -> dict[ChunkId, DocumentInfo]:
        """Return the documents of those chunks that these roles may read now; the others are absent."""

    def chunks(self, ids: Sequence[ChunkId]) -> dict[ChunkId, Chunk]:
        """Return chunks with their texts."""


class Corpus(Protocol):
    """What may this caller read?"""

    def reading(self, bundle: str | Bundle | None = None) -> AbstractContextManager[Reading]:
        """Open a read transaction on what serves, or on this bundle, or the one with this digest.

        Raises NoIndexError, NotReadyError when the bundle's generation is not whole, DatabaseUnavailableError.
        """


class Reranker(Protocol):
    """A model that reads a question together with a text. Thread-safe."""

    @property
    def identity(self) -> str:
        """Hash of all that decides a score."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text answers the question, above 0 and below 1, in the order of `texts`.

        A text that is too long for the model is cut. Raises ModelUnavailableError.
        """


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is told: what it is for, and what it is asked."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What bounds one call of a language model."""

    model: str
    until: float  # time.monotonic() by which its last word is of use
    max_tokens: int
    temperature: float = 0.0
    pinned: bool = False  # an answer of a model that names itself otherwise is none
    cancelled: Event = field(default_factory=Event)


Finish: TypeAlias = Literal["whole", "cut", "refused"]


@dataclass(frozen=True, slots=True)
class Completed:
    """How a call ended; what the provider did not say is None."""

    finish: Finish
    model: str | None = None  # that answered, as it names itself: text from outside
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: str | None = None  # None where the price is unknown


class Completion(Protocol):
    """What a model writes: text in pieces as they come, then how it ended."""

    def __iter__(self) -> Iterator[str | Completed]: ...

    def close(self) -> None:
        """End the provider's call, where it has not ended."""


class LanguageModel(Protocol):
    """Text in, text out. Thread-safe."""

    def complete(self, prompt: Prompt, call: ModelCall) -> Completion:
        """Ask at once, and return what is written; it must be closed, and raises as it is read.

        Nothing of it is to be trusted, length apart: that is bounded by `max_tokens`.
        Raises ModelUnavailableError, also in the middle; CancelledError soon after `cancelled` is set.
        """

    def close(self) -> None:
        """End what is under way, and close its connections."""
