"""The built-in embedder: all-MiniLM-L6-v2 by ONNX Runtime in 32-bit floats, without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.embedder_identity import embedder_identity
from rag.adapters.graph_cache import discard_graph, ensure_graph
from rag.adapters.minilm_files import GRAPH_FILE, TOKENIZER_SHA256, WEIGHTS_SHA256, ModelFiles, built_in
from rag.adapters.minilm_projection import TOKEN_DIM, project, project_to_bytes
from rag.adapters.minilm_texts import (
    DIM,
    MAX_TOKENS,
    MIN_PROBE_COSINE,
    Ids,
    batches,
    encodings,
    model_inputs,
    open_tokenizer,
    probes,
)
from rag.adapters.wordpieces import wordpiece_weights
from rag.errors import ModelUnavailableError
from rag.ports import Precision
from rag.types import Encoded, Matrix, TokenRows, Vector

NAME = "all-MiniLM-L6-v2"
_FAR_FROM_REFERENCE = (
    "The built-in model gives other vectors than it should on this machine (lowest cosine {cosine:.4f}, at least "
    f"{MIN_PROBE_COSINE} is needed). Its files were deleted; if this returns, reinstall `onnxruntime`."
)


class OnnxEmbedder:
    """Unit vectors of 384 numbers; a text of more than 254 word pieces is cut. Thread-safe."""

    dim = DIM
    max_tokens = MAX_TOKENS
    token_dim = TOKEN_DIM
    precision: Precision = "float32"

    def __init__(self, cache: Path, batch: int = 8) -> None:
        """Open the graph under `cache`, built there first where it is absent, and compare it with the references.

        Raises ModelUnavailableError when the model is missing, changed, or gives other vectors here; DiskFullError.
        """
        files = built_in()
        self._batch = batch
        self._tokenizer = open_tokenizer(files)
        self._session = _checked_session(files, cache, self._tokenizer)

    @property
    def identity(self) -> str:
        return embedder_identity(WEIGHTS_SHA256, TOKENIZER_SHA256, max_length=MAX_TOKENS + 2)

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = np.empty((len(texts), DIM), np.float32)
        for places, ids in batches(self._tokenizer, texts, self._batch):
            rows[places] = _run(self._session, ids, "sentence_embedding")
        return rows

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        encoded: dict[int, Encoded] = {}
        for places, ids in batches(self._tokenizer, texts, self._batch):
            vectors, tokens = _run_both(self._session, ids)
            for row, place in enumerate(places):
                inner = slice(1, len(ids[row]) - 1)
                encoded[place] = Encoded(vectors[row], ids[row][inner], _unit_rows(tokens[row, inner]))
        return [encoded[place] for place in range(len(texts))]

    def embed_tokens(self, texts: Sequence[str]) -> tuple[Matrix, list[TokenRows]]:
        rows, found = np.empty((len(texts), DIM), np.float32), dict[int, TokenRows]()
        for places, ids in batches(self._tokenizer, texts, self._batch):
            rows[places], tokens = _run_both(self._session, ids)
            for row, place in enumerate(places):
                found[place] = project_to_bytes(tokens[row, 1 : len(ids[row]) - 1])
        return rows, [found[place] for place in range(len(texts))]

    def project(self, token_vectors: Matrix) -> Matrix:
        return project(token_vectors)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in encodings(self._tokenizer, texts)]

    def token_ends(self, text: str) -> list[int]:
        return [end for _, end in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def token_weights(self, token_ids: Ids) -> Vector:
        return wordpiece_weights()[token_ids]


def _checked_session(files: ModelFiles, cache: Path, tokenizer: Tokenizer) -> onnxruntime.InferenceSession:
    """Open the graph; one that a crash has damaged is built again, once."""
    for attempt in ("cached", "fresh"):
        folder = ensure_graph(files, cache)
        try:
            session = _open(folder / GRAPH_FILE)
            cosine = _lowest_probe_cosine(session, tokenizer)
        except _RUNTIME_ERRORS as error:
            discard_graph(cache)
            if attempt == "fresh":
                raise ModelUnavailableError(f"The built-in model cannot be run: {error}") from error
            continue
        if cosine >= MIN_PROBE_COSINE:
            return session
        discard_graph(cache)
    raise ModelUnavailableError(_FAR_FROM_REFERENCE.format(cosine=cosine))


_RUNTIME_ERRORS = tuple(
    getattr(onnxruntime.capi.onnxruntime_pybind11_state, name)
    for name in ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "RuntimeException")
)


def _open(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what goes wrong is raised
    options.enable_cpu_mem_arena = False  # arena and pattern keep the largest batch for ever: together 100 MB,
    options.enable_mem_pattern = False  # and without them no slower
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _lowest_probe_cosine(session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> float:
    texts, references = probes()
    rows = np.empty_like(references)
    for places, ids in batches(tokenizer, texts, len(texts)):
        rows[places] = _run(session, ids, "sentence_embedding")
    return float((rows * references).sum(axis=1).min())


def _run(session: onnxruntime.InferenceSession, ids: Sequence[Ids], output: str) -> Matrix:
    rows: Matrix = session.run([output], model_inputs(ids))[0]
    return rows


def _run_both(session: onnxruntime.InferenceSession, ids: Sequence[Ids]) -> tuple[Matrix, NDArray[np.float32]]:
    vectors, tokens = session.run(["sentence_embedding", "token_embeddings"], model_inputs(ids))
    return vectors, tokens


def _unit_rows(rows: Matrix) -> Matrix:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Matrix = rows / np.maximum(lengths, np.float32(1e-12))
    return unit
