"""What every store asks of the shape of vectors."""

import numpy as np

from rag.ports import Row
from rag.types import TokenRows


def require_same(existing: tuple[int, int], wanted: tuple[int, int]) -> None:
    """Raise ValueError unless a build that exists has the wanted dimensions, of vectors and of token vectors."""
    for name, there, asked in zip(("vectors", "token vectors"), existing, wanted, strict=True):
        if there != asked:
            raise ValueError(f"the build has {name} of {there} dimensions, not {asked}")


def require_fitting(row: Row, token_dim: int) -> TokenRows | None:
    """Return the row's token vectors, None in a build without. Raises ValueError where they do not fit the build."""
    tokens = row.token_vectors
    if (tokens is None) != (token_dim == 0):
        raise ValueError("token vectors belong to the rows of a build that was created with their dimension")
    if tokens is not None and (tokens.dtype != np.int8 or tokens.ndim != 2 or tokens.shape[1] != token_dim):
        raise ValueError(f"token vectors must be int8 of shape [tokens, {token_dim}]")
    return tokens
