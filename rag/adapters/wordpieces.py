"""How much each word piece of BERT's uncased vocabulary tells: a committed table of idf over ordinary text."""

import json
from functools import cache
from importlib import resources

import numpy as np

from rag.types import Vector


@cache
def wordpiece_weights() -> Vector:
    """Return the idf by word piece id, 0 or more; made by benchmarks/make_token_weights.py."""
    content = resources.files("rag.adapters").joinpath("data", "wordpiece_weights.json").read_bytes()
    weights = np.array(json.loads(content)["weights"], np.float32)
    weights.flags.writeable = False
    return weights
