"""How much an analysed word tells: a committed table of idf over ordinary English text."""

import json
from functools import cache
from importlib import resources


@cache
def _table() -> tuple[dict[str, float], float]:
    content = json.loads(resources.files("rag").joinpath("word_weights.json").read_bytes())
    return content["weights"], content["rare"]


def word_weight(word: str) -> float:
    """Return the idf of a word as `rag.analysis` gives it in English; one that is not in the table is rare."""
    weights, rare = _table()
    return weights.get(word, rare)
