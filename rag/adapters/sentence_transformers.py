"""Any other model, by local folder or by a name in the local cache, through sentence-transformers (and torch)."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.adapters.embedder_identity import embedder_identity
from rag.adapters.torch_hashes import tokenizer_hash, weights_hash
from rag.adapters.transformers_output import silence_transformers
from rag.adapters.wordpieces import wordpiece_weights
from rag.errors import ModelUnavailableError, UsageError
from rag.ports import Precision
from rag.types import Encoded, Matrix, TokenRows, Vector

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_NO_PROJECTION = (
    "Token vectors and late interaction need the built-in embedder: leave out `index.embedder`, or set "
    "`index.token_vectors: false` and `query.rerank: none`."
)
_INSTALL = "A model other than the built-in one needs more packages: `pip install 'plumbline[models]'`."


class SentenceTransformersEmbedder:
    """Unit vectors of a sentence-transformers model on the processor; its prompts are not used. Thread-safe."""

    token_dim = 0
    precision: Precision = "float32"

    def __init__(self, name_or_path: str, batch: int = 8) -> None:
        """Load from this machine only. Raises ModelUnavailableError without the extra or the model."""
        self._model = _load(name_or_path)
        self._batch = batch
        self._lock = threading.Lock()  # its tokenizer is changed by every call
        self._special_tokens = int(self._model.tokenizer.num_special_tokens_to_add())
        self._identity = _identity(self._model)

    @property
    def identity(self) -> str:
        return self._identity

    @property
    def dim(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        return _max_length(self._model) - self._special_tokens

    def embed(self, texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.empty((0, self.dim), np.float32)
        with self._lock:
            rows = self._model.encode(
                list(texts), batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(rows, np.float32)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        vectors = self.embed(texts)
        with self._lock:
            tokens = self._model.encode(
                list(texts), batch_size=self._batch, output_value="token_embeddings", show_progress_bar=False
            )
        ids = [self._ids(text) for text in texts]
        return [
            Encoded(vector, kept := each[: self.max_tokens], _inner_unit_rows(np.asarray(rows), len(kept)))
            for vector, each, rows in zip(vectors, ids, tokens, strict=True)
        ]

    def embed_tokens(self, texts: Sequence[str]) -> tuple[Matrix, list[TokenRows]]:  # noqa: ARG002  # as the port has it
        raise UsageError(_NO_PROJECTION)

    def project(self, token_vectors: Matrix) -> Matrix:  # noqa: ARG002  # as the port has it
        raise UsageError(_NO_PROJECTION)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self._ids(text)) for text in texts]

    def token_ends(self, text: str) -> list[int]:
        with self._lock:
            found = self._model.tokenizer(
                text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
            )
        return [int(end) for _, end in found["offset_mapping"]]

    def token_weights(self, token_ids: NDArray[np.int64]) -> Vector:
        """Return idf where the vocabulary is BERT's uncased one, else 1 for every piece."""
        table = wordpiece_weights()
        same = len(self._model.tokenizer) == len(table)
        return table[token_ids] if same else np.ones(len(token_ids), np.float32)

    def _ids(self, text: str) -> NDArray[np.int64]:
        with self._lock:
            found = self._model.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
        return np.array(found["input_ids"], np.int64)


def _load(name_or_path: str) -> "SentenceTransformer":
    try:
        # Here, not at the top: a module that cannot be imported without an extra could not be checked without it.
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    except ImportError as error:
        raise ModelUnavailableError(_INSTALL) from error
    silence_transformers()
    try:
        return SentenceTransformer(name_or_path, device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailableError(
            f"The embedder {name_or_path!r} is neither a model folder nor in the local cache; nothing is downloaded."
        ) from error


def _identity(model: "SentenceTransformer") -> str:
    weights, tokenizer = weights_hash(model), tokenizer_hash(model.tokenizer)
    return embedder_identity(weights, tokenizer, max_length=_max_length(model), pooling=repr(model))


def _max_length(model: "SentenceTransformer") -> int:
    return int(model.max_seq_length or model.tokenizer.model_max_length)


def _inner_unit_rows(rows: Matrix, count: int) -> Matrix:
    """Drop the special tokens: one before (if there are any), the rest after."""
    first = 1 if len(rows) > count else 0
    inner = rows[first : first + count]
    unit: Matrix = (inner / np.maximum(np.linalg.norm(inner, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit
