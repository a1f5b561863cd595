"""How close sentences come to a question, word piece by word piece: idf-weighted MaxSim (Khattab & Zaharia, 2020)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.answering.reading import ReadSentence
from rag.answering.sentence_cache import TokenVectors
from rag.types import Encoded, Vector

# Chosen on data/squad as a whole: a rare word must not decide alone, and a common one still says something.
_WEIGHT_CAP, _WEIGHT_POWER = 5.0, 0.7
_TEXTS_AT_ONCE = 64  # bounds the memory of long sentences in full precision
_CONTENT_WEIGHT = 3.0  # from here on a word piece is content, not grammar
_CARRIED, _CARRIED_BY_PRONOUN = (
    0.2,
    0.8,
)  # how much of the sentence before counts, the more where a pronoun refers to it
_PRONOUN = re.compile(
    r"\W*(?:\w+\W+){0,2}?(?:it|he|she|they|this|these|that|those|such|his|her|their|its|them|him|both|latter|former"
    r"|another|others|one|er|sie|es|diese[rsmn]?|il|elle|ils|elles|cela|cette|ello|esto|estos|estas)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each word piece of a question counts; each sums to 1."""

    pieces: Vector
    content: Vector


@dataclass(frozen=True, slots=True)
class Closeness:
    """Cosine of each question piece (columns) to its nearest in each sentence (rows)."""

    own: NDArray[np.float32]  # in the sentence, and part of what is nearest in the one before
    placed: NDArray[np.float32]  # as well as in its headings and context line
    chunks: NDArray[np.float32]  # rows are hits: in the whole chunk and its context line


def weights(idf: Vector) -> Weights:
    """Return the weights of a question's word pieces; where none tells anything, all count alike."""
    pieces = _shares(np.power(np.minimum(idf, _WEIGHT_CAP), _WEIGHT_POWER, dtype=np.float32))
    content = np.where(idf >= _CONTENT_WEIGHT, idf, np.float32(0))
    return Weights(pieces, _shares(content) if content.any() else pieces)


def closeness(
    question: Encoded,
    sentences: Sequence[ReadSentence],
    encoded: Sequence[TokenVectors],
    contexts: Sequence[TokenVectors],
) -> Closeness:
    """Return how close each sentence comes to each piece of the question. contexts: by hit."""
    raw = _nearest(question, encoded)
    context = _nearest(question, contexts)
    own = _with_carried(raw, sentences)
    placed = np.maximum(own, context[[each.hit for each in sentences]])
    for row, each in enumerate(sentences):
        for above in each.under:
            placed[row] = np.maximum(placed[row], raw[above])
    chunks = context.copy()
    np.maximum.at(chunks, [each.hit for each in sentences], raw)
    return Closeness(own, placed, chunks)


def _shares(values: Vector) -> Vector:
    total = float(values.sum())
    return (values / total if total else np.full(len(values), 1 / max(len(values), 1))).astype(np.float32)


def _nearest(question: Encoded, texts: Sequence[TokenVectors]) -> NDArray[np.float32]:
    """Return MaxSim's inner maxima, shape [texts, question pieces]; a text without word pieces has zeros."""
    found = np.zeros((len(texts), len(question.token_ids)), np.float32)
    filled = [place for place, text in enumerate(texts) if len(text.ids)]  # `reduceat` has no empty slices
    for first in range(0, len(filled), _TEXTS_AT_ONCE):
        places = filled[first : first + _TEXTS_AT_ONCE]
        stacked = np.concatenate([texts[place].vectors for place in places]).astype(np.float32)
        cuts = np.cumsum([0] + [len(texts[place].ids) for place in places[:-1]])
        found[places] = np.maximum.reduceat(stacked @ question.token_vectors.T, cuts, axis=0)
    return found


def _with_carried(raw: NDArray[np.float32], sentences: Sequence[ReadSentence]) -> NDArray[np.float32]:
    carried = raw.copy()
    for row, each in enumerate(sentences):
        if each.before is not None:
            share = _CARRIED_BY_PRONOUN if _PRONOUN.match(each.text) else _CARRIED
            carried[row] = np.maximum(raw[row], share * raw[each.before] + (1 - share) * raw[row])
    return carried
