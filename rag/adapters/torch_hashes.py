"""What a model of torch and its tokenizer are, as hashes: for models that come without a published one."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedTokenizerBase


def weights_hash(model: "Module") -> str:
    """Return the SHA-256 of all weights in 32-bit floats, by name."""
    found = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        found.update(name.encode() + np.ascontiguousarray(tensor.float().numpy()).tobytes())
    return found.hexdigest()


def tokenizer_hash(tokenizer: "PreTrainedTokenizerBase") -> str:
    """Return the SHA-256 of the vocabulary."""
    return hashlib.sha256(repr(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()
