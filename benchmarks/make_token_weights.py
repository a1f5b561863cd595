"""Write how much each word piece tells: its idf over passages of ordinary text, for the idf-weighted MaxSim.

    python benchmarks/make_token_weights.py --data DIR rag/adapters/data/wordpiece_weights.json

Read are data/docs (handbook, developer guide, security, PEPs), data/chunking, data/legal and data/ir/scifact, each with
the same say; not data/squad, on which answers are measured. Every set is small, so its shares are mixed with what the
vocabulary's own order says: its whole words stand by falling frequency in Wikipedia and books. Only numbers are kept.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.minilm_files import built_in

PASSAGE_TOKENS = 128
PRIOR_SHARE = 0.3
MAX_PASSAGES = 4000  # per set
FIRST_WORD = 1996  # "the"; before it stand special tokens and single characters
ZIPF_OFFSET = 12  # so that the commonest words' share of passages is near 1


def texts(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each set's name and texts."""
    for name, folders in {"docs": ("handbook", "devguide", "security", "peps")}.items():
        paths = [path for folder in folders for path in sorted((data / name / "corpus" / folder).rglob("*"))]
        yield name, [path.read_text("utf-8", "replace") for path in paths if path.suffix in {".md", ".rst", ".txt"}]
    for name in ("chunking", "legal"):
        yield name, [path.read_text("utf-8") for path in sorted((data / name / "corpus").iterdir())]
    lines = [
        line for path in sorted((data / "ir/scifact").glob("corpus*.jsonl")) for line in path.open(encoding="utf-8")
    ]
    yield "scifact", [f"{row['title']}. {row['text']}" for row in map(json.loads, lines)]


def passage_shares(tokenizer: Tokenizer, documents: list[str]) -> NDArray[np.float64]:
    """Return the share of passages that contain each word piece."""
    counts = np.zeros(tokenizer.get_vocab_size())
    passages: list[list[int]] = []
    for encoding in tokenizer.encode_batch(documents, add_special_tokens=False):
        starts = range(0, len(encoding.ids), PASSAGE_TOKENS)
        passages.extend(encoding.ids[start : start + PASSAGE_TOKENS] for start in starts)
    stride = max(1, len(passages) // MAX_PASSAGES)
    for passage in passages[::stride]:
        counts[np.unique(passage)] += 1
    return counts / len(passages[::stride])


def prior_shares(size: int) -> NDArray[np.float64]:
    """Return what Zipf's law says of a vocabulary in order of frequency."""
    shares = np.full(size, 1e-5)
    ranks = np.arange(size - FIRST_WORD)
    shares[FIRST_WORD:] = 1 - np.exp(-PASSAGE_TOKENS * 0.1 / (ranks + ZIPF_OFFSET) * 1.2)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(built_in().tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    sets = dict(texts(arguments.data))
    measured = np.mean([passage_shares(tokenizer, documents) for documents in sets.values()], axis=0)
    shares = (1 - PRIOR_SHARE) * measured + PRIOR_SHARE * prior_shares(len(measured))
    weights = [round(float(weight), 2) for weight in -np.log(np.clip(shares, 1e-5, 1))]
    about = f"idf per word piece of BERT uncased over {', '.join(sets)}; made by benchmarks/make_token_weights.py"
    arguments.target.write_text(json.dumps({"about": about, "weights": weights}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
