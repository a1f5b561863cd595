"""Write how much each word piece and each word tells: its idf over passages of ordinary text.

    python -m benchmarks.make_token_weights --data DIR

It writes rag/adapters/data/wordpiece_weights.json (answers: idf-weighted MaxSim) and rag/word_weights.json (grounding).
Read are data/docs (handbook, developer guide, security, PEPs), data/chunking, data/legal and data/ir/scifact, each with
the same say; not data/squad, on which answers are measured. Every set is small, so its shares are mixed with what the
vocabulary's own order says: its whole words stand by falling frequency in Wikipedia and books. Only numbers are kept.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.minilm_files import built_in
from rag.analysis import analyse

PASSAGE_TOKENS = 128
PASSAGE_WORDS = 60  # after stop words
MIN_WORD_SHARE = 0.002
RARE = 7.0  # the weight of a word that stands in fewer passages
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


def piece_weights(sets: dict[str, list[str]]) -> list[float]:
    """Return the weight of each word piece, by id."""
    tokenizer = Tokenizer.from_file(str(built_in().tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    measured = np.mean([passage_shares(tokenizer, documents) for documents in sets.values()], axis=0)
    shares = np.clip((1 - PRIOR_SHARE) * measured + PRIOR_SHARE * prior_shares(len(measured)), 1e-5, 1)
    pieces = {number: piece for piece, number in tokenizer.get_vocab().items()}
    tells = [any(map(str.isalnum, pieces[number].removeprefix("##"))) for number in range(len(shares))]
    return [round(float(-np.log(share)), 2) if some else 0.0 for share, some in zip(shares, tells, strict=True)]


def word_weights(sets: dict[str, list[str]]) -> dict[str, float]:
    """Return the weight of each word that at least `MIN_WORD_SHARE` of the passages contain, averaged over the sets."""
    total: Counter[str] = Counter()
    for documents in sets.values():
        words = [analyse(document, "en") for document in documents]
        passages = [set(each[at : at + PASSAGE_WORDS]) for each in words for at in range(0, len(each), PASSAGE_WORDS)]
        counts = Counter(word for passage in passages for word in passage)
        total.update({word: count / len(passages) / len(sets) for word, count in counts.items()})
    kept = {word: share for word, share in total.items() if share >= MIN_WORD_SHARE and word.isalpha()}
    return {word: round(-math.log(share), 1) for word, share in sorted(kept.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    sets = dict(texts(parser.parse_args().data))
    about = f"over {', '.join(sets)}; made by benchmarks/make_token_weights.py"
    pieces = {"about": f"idf per word piece of BERT uncased {about}", "weights": piece_weights(sets)}
    Path("rag/adapters/data/wordpiece_weights.json").write_text(json.dumps(pieces) + "\n", encoding="utf-8")
    words = {"about": f"idf per English stem {about}", "rare": RARE, "weights": word_weights(sets)}
    Path("rag/word_weights.json").write_text(json.dumps(words, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
