"""The name of all that decides a vector."""

import hashlib
import json


def embedder_identity(
    weights: str, tokenizer: str, *, max_length: int, pooling: str = "mean", prefixes: tuple[str, str] = ("", "")
) -> str:
    """Return a hash of 16 hex digits; back end, version and precision are recorded elsewhere, not hashed.

    weights, tokenizer: SHA-256 of their files. max_length counts special tokens. prefixes: of query and passage.
    """
    parts = {
        "weights": weights,
        "tokenizer": tokenizer,
        "pooling": pooling,
        "normalised": True,
        "max_length": max_length,
        "prefixes": prefixes,
        "numeric_class": "float",
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
