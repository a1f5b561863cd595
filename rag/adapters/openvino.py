"""The built-in model for many texts at once by OpenVINO: in bfloat16 where the processor lists it, else in 32-bit."""

import threading
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.graph_cache import ensure_graph
from rag.adapters.minilm_files import GRAPH_FILE, built_in
from rag.adapters.minilm_projection import project_to_bytes
from rag.adapters.minilm_texts import (
    DIM,
    MIN_PROBE_COSINE,
    Ids,
    batches,
    model_inputs,
    open_tokenizer,
    probes,
)
from rag.errors import ModelUnavailableError
from rag.ports import Embedder, Precision
from rag.types import Encoded, Matrix, TokenRows, Vector

if TYPE_CHECKING:
    from openvino import InferRequest

_BATCH = 8
_HINTS: dict[Precision, str] = {"float32": "f32", "bfloat16": "bf16"}
_Batch: TypeAlias = tuple[list[int], list[Ids], Matrix, NDArray[np.float32]]  # places, word pieces, vectors, tokens
_INSTALL = (
    "PLUMBLINE_ACCELERATOR=openvino needs one more package: `pip install 'plumbline[fast]'`. Without the setting all "
    "is embedded by ONNX Runtime."
)
_FAR_FROM_REFERENCE = (
    "OpenVINO gives other vectors than it should on this machine (lowest cosine {cosine:.5f}, at least "
    f"{MIN_PROBE_COSINE} is needed). Nothing was embedded: leave out PLUMBLINE_ACCELERATOR."
)


class OpenVinoEmbedder:
    """Implements `ports.Embedder`: many texts by OpenVINO, all else by the embedder for questions. Thread-safe.

    Identity and numeric class are those of ONNX Runtime: rows of both may stand in one index.
    """

    def __init__(self, questions: Embedder, cache: Path) -> None:
        """questions: the built-in embedder. cache: where its graph lies, or will.

        Raises ModelUnavailableError without the extra.
        """
        try:
            import openvino  # noqa: F401, PLC0415  # said now rather than in the middle of an index
        except ImportError as error:
            raise ModelUnavailableError(_INSTALL) from error
        self._questions, self._cache, self._lock = questions, cache, threading.Lock()

    @property
    def identity(self) -> str:
        return self._questions.identity

    @property
    def precision(self) -> Precision:
        return native_precision()

    @property
    def dim(self) -> int:
        return DIM

    @property
    def max_tokens(self) -> int:
        return self._questions.max_tokens

    @property
    def token_dim(self) -> int:
        return self._questions.token_dim

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = np.empty((len(texts), DIM), np.float32)
        for places, _, vectors, _ in self._run(texts):
            rows[places] = vectors
        return rows

    def embed_tokens(self, texts: Sequence[str]) -> tuple[Matrix, list[TokenRows]]:
        rows, found = np.empty((len(texts), DIM), np.float32), dict[int, TokenRows]()
        for places, ids, vectors, tokens in self._run(texts):
            rows[places] = vectors
            for row, place in enumerate(places):
                found[place] = project_to_bytes(tokens[row, 1 : len(ids[row]) - 1])
        return rows, [found[place] for place in range(len(texts))]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        return self._questions.encode(texts)

    def project(self, token_vectors: Matrix) -> Matrix:
        return self._questions.project(token_vectors)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._questions.count_tokens(texts)

    def token_ends(self, text: str) -> list[int]:
        return self._questions.token_ends(text)

    def token_weights(self, token_ids: Ids) -> Vector:
        return self._questions.token_weights(token_ids)

    def _run(self, texts: Sequence[str]) -> Iterator[_Batch]:
        """Yield what the graph gives for each batch. Raises ModelUnavailableError, DiskFullError."""
        if texts:
            with self._lock:
                yield from _run(self._compiled, self._tokenizer, texts)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return open_tokenizer(built_in())

    @cached_property
    def _compiled(self) -> "InferRequest":
        """The graph, compiled when something is embedded for the first time: who only answers never needs it."""
        request = _compiled(ensure_graph(built_in(), self._cache) / GRAPH_FILE)
        texts, references = probes()
        found = np.empty_like(references)
        for places, _, vectors, _ in _run(request, self._tokenizer, texts):
            found[places] = vectors
        cosine = float((found * references).sum(axis=1).min())
        if cosine < MIN_PROBE_COSINE:
            raise ModelUnavailableError(_FAR_FROM_REFERENCE.format(cosine=cosine))
        return request


@cache
def native_precision() -> Precision:
    """Return what this processor computes fastest without leaving the numeric class `float`."""
    import openvino  # noqa: PLC0415  # the extra may be absent: only who uses it imports it

    listed = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bfloat16" if "BF16" in listed else "float32"


def _compiled(graph: Path) -> "InferRequest":
    import openvino  # noqa: PLC0415  # as above

    # The precision is always said: the library's own choice differs between machines.
    hints = {"INFERENCE_PRECISION_HINT": _HINTS[native_precision()], "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1"}
    core = openvino.Core()
    try:
        return core.compile_model(core.read_model(graph), "CPU", hints).create_infer_request()
    except RuntimeError as error:
        raise ModelUnavailableError(f"OpenVINO cannot run the built-in model: {error}") from error


def _run(request: "InferRequest", tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[_Batch]:
    for places, ids in batches(tokenizer, texts, _BATCH):
        found = request.infer(model_inputs(ids))
        # Copied: the request writes its next results into the same memory.
        yield places, ids, np.array(found["sentence_embedding"]), np.array(found["token_embeddings"])
