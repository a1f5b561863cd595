"""Texts as the built-in model takes them: word pieces, and batches of like length with the mask of their padding."""

import json
from collections.abc import Iterator, Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from rag.adapters.minilm_files import TOKENIZER_SHA256, ModelFiles, require_sha256
from rag.types import Matrix

DIM = 384
MAX_TOKENS = 254  # 256 positions of the model's training, less the two special tokens
MIN_PROBE_COSINE = 0.9999
_CLS, _SEP = 101, 102

Ids = NDArray[np.int64]


def open_tokenizer(files: ModelFiles) -> Tokenizer:
    """Return the model's tokenizer, which neither pads nor cuts. Raises ModelUnavailableError for another file."""
    require_sha256(files.tokenizer, TOKENIZER_SHA256)
    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()  # its file pads and cuts to 128; `batches` cuts, counting must not
    return tokenizer


def encodings(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    """Return the word pieces of each text, uncut, without special tokens."""
    found: list[Encoding] = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return found


def batches(tokenizer: Tokenizer, texts: Sequence[str], size: int) -> Iterator[tuple[list[int], list[Ids]]]:
    """Yield places and word pieces with special tokens, texts of like length together: padding is wasted work."""
    ids = [_with_special_tokens(encoding) for encoding in encodings(tokenizer, texts)]
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        yield places, [ids[place] for place in places]


def model_inputs(ids: Sequence[Ids]) -> dict[str, Ids]:
    """Return a batch padded to its longest text, with the mask that hides the padding."""
    padded = np.zeros((len(ids), max(map(len, ids))), np.int64)
    mask = np.zeros_like(padded)
    for row, text in enumerate(ids):
        padded[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return {"input_ids": padded, "attention_mask": mask, "token_type_ids": np.zeros_like(padded)}


def probes() -> tuple[list[str], Matrix]:
    """Return the texts, and the unit rows that the model must give for them."""
    content = json.loads(resources.files("rag.adapters").joinpath("data", "minilm_probes.json").read_bytes())
    return content["texts"], np.array(content["vectors"], np.float32)


def _with_special_tokens(encoding: Encoding) -> Ids:
    return np.array([_CLS, *encoding.ids[:MAX_TOKENS], _SEP], np.int64)
