"""Token vectors of the built-in model in 64 bytes each: what late interaction compares."""

import io
from functools import cache
from importlib import resources

import numpy as np

from rag.types import TOKEN_SCALE, Matrix, TokenRows

TOKEN_DIM = 64


@cache
def _directions() -> Matrix:
    """Return the directions, shape [384, 64]; made by benchmarks/make_projection.py."""
    content = resources.files("rag.adapters").joinpath("data", "minilm_projection.npy").read_bytes()
    directions: Matrix = np.load(io.BytesIO(content)).astype(np.float32)
    directions.flags.writeable = False
    return directions


def project(token_vectors: Matrix) -> Matrix:
    """Return unit rows, shape [tokens, 64], of rows of any length, shape [tokens, 384]."""
    projected = token_vectors @ _directions()
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    unit: Matrix = projected / np.maximum(lengths, np.float32(1e-12))
    return unit


def project_to_bytes(token_vectors: Matrix) -> TokenRows:
    """Return the projected rows as a store keeps them."""
    return np.rint(project(token_vectors) * TOKEN_SCALE).astype(np.int8)
