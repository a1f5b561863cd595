"""Write the 64 directions in which token vectors of ordinary text differ most.

    python -m benchmarks.make_projection --data DIR

It writes rag/adapters/data/minilm_projection.npy, 384 x 64 in half precision: the right singular vectors of token
vectors, uncentred, for late interaction multiplies them as they are. The texts are those of make_token_weights.py, each
set with the same say. Only the directions are kept. A new file needs a new PROJECTION_VERSION in rag/config.py.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.make_token_weights import texts
from rag.adapters.onnx import OnnxEmbedder

DIM = 64
PASSAGES = 400  # per set: 60,000 tokens or so, encoded in seconds
PASSAGE_CHARS = 700  # about as long as a chunk
AT_ONCE = 64


def passages(documents: Sequence[str]) -> list[str]:
    """Return passages from all over a set, the same ones every time."""
    found = [each[at : at + PASSAGE_CHARS] for each in documents for at in range(0, len(each), PASSAGE_CHARS)]
    return [each for each in found[:: max(1, len(found) // PASSAGES)] if each.strip()][:PASSAGES]


def token_vectors(texts_of_set: Sequence[str], embedder: OnnxEmbedder) -> Iterator[NDArray[np.float64]]:
    """Yield unit vectors, shape [tokens, 384]."""
    for start in range(0, len(texts_of_set), AT_ONCE):
        for each in embedder.encode(texts_of_set[start : start + AT_ONCE]):
            yield each.token_vectors.astype(np.float64)


def second_moment(texts_of_set: Sequence[str], embedder: OnnxEmbedder) -> NDArray[np.float64]:
    """Return the mean of x x^T over the token vectors x, shape [384, 384]."""
    total, count = np.zeros((embedder.dim, embedder.dim)), 0
    for rows in token_vectors(texts_of_set, embedder):
        total += rows.T @ rows
        count += len(rows)
    return total / count


def directions(moment: NDArray[np.float64]) -> tuple[NDArray[np.float16], float]:
    """Return the first right singular vectors as columns, and the share of squared length that they hold."""
    values, vectors = np.linalg.eigh(moment)
    first = vectors[:, ::-1][:, :DIM]
    signs = np.sign(first[np.abs(first).argmax(axis=0), range(DIM)])  # a singular vector has none of its own
    return (first * signs).astype(np.float16), float(values[::-1][:DIM].sum() / values.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".plumbline/cache/models"))
    options = parser.parse_args()
    embedder = OnnxEmbedder(options.models)
    moments = [second_moment(passages(documents), embedder) for _, documents in texts(options.data)]
    matrix, share = directions(np.mean(moments, axis=0))
    np.save("rag/adapters/data/minilm_projection.npy", matrix)
    print(f"{DIM} directions hold {share:.3f} of the squared length of a token vector")


if __name__ == "__main__":
    main()
