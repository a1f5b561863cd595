"""A cross-encoder as reranker, by local folder or by a name in the local cache, through sentence-transformers."""

import hashlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.adapters.torch_hashes import tokenizer_hash, weights_hash
from rag.adapters.transformers_output import silence_transformers
from rag.errors import ModelUnavailableError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_INSTALL = "A cross-encoder needs more packages: `pip install 'plumbline[models]'`."
_MAX_TOKENS = 512  # of question and text together; what is longer is cut


class CrossEncoderReranker:
    """Implements `ports.Reranker` with a model of one output, on the processor. Thread-safe."""

    def __init__(self, name_or_path: str, batch: int = 8) -> None:
        """Load from this machine only. Raises ModelUnavailableError without the extra or the model, or for another."""
        self._model = _load(name_or_path)
        self._batch = batch
        self._lock = threading.Lock()  # its tokenizer is changed by every call
        self._identity = _identity(self._model)

    @property
    def identity(self) -> str:
        return self._identity

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        from torch.nn import Sigmoid  # noqa: PLC0415  # only with the extra

        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        with self._lock:
            found = self._model.predict(pairs, batch_size=self._batch, activation_fn=Sigmoid(), show_progress_bar=False)
        return [float(score) for score in found]


def _load(name_or_path: str) -> "CrossEncoder":
    try:
        # Here, not at the top: a module that cannot be imported without an extra could not be checked without it.
        from sentence_transformers import CrossEncoder  # noqa: PLC0415
    except ImportError as error:
        raise ModelUnavailableError(_INSTALL) from error
    silence_transformers()
    try:
        model = CrossEncoder(name_or_path, device="cpu", max_length=_MAX_TOKENS, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailableError(
            f"The cross-encoder {name_or_path!r} is neither a model folder nor in the local cache; "
            "nothing is downloaded."
        ) from error
    _require_ranking(model, name_or_path)
    model.max_seq_length = min(_MAX_TOKENS, getattr(model.config, "max_position_embeddings", _MAX_TOKENS))
    return model


def _require_ranking(model: "CrossEncoder", name: str) -> None:
    """Refuse what the library would give a head of chance to, and what has one of another kind."""
    heads = model.config.architectures or []
    if not any("SequenceClassification" in each for each in heads) or model.num_labels != 1:
        found = f"{', '.join(heads) or 'an unknown model'} with outputs: {model.num_labels}"
        raise ModelUnavailableError(
            f"The model {name!r} ({found}) is not a reranker: that is a sequence classification with one output."
        )


def _identity(model: "CrossEncoder") -> str:
    parts = f"{weights_hash(model)}/{tokenizer_hash(model.tokenizer)}/{model.max_seq_length}/sigmoid"
    return hashlib.sha256(parts.encode()).hexdigest()[:16]
