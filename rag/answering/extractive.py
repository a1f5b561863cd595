"""Answers without a model: the sentences of the hits that come closest to the question, word for word."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.answering.answerability import features, fitted
from rag.answering.interaction import Closeness, Weights, closeness, weights
from rag.answering.reading import ReadSentence, read
from rag.answering.sentence_cache import SentenceCache
from rag.answers import Draft, Found, Quote, Sentence, TracedSentence
from rag.config import AnswerConfig
from rag.conflicts import newer_counterparts
from rag.ports import Embedder
from rag.types import Hit

__all__ = ["SentenceCache", "closeness_of", "draft_extractive"]

# A sentence further than this from the best is left out: for most factual questions one or two sentences stay.
_CLOSE_TO_BEST = 0.18
_RANK_SHARE = 0.05  # what the first hit has ahead of the last
_FIGURE_SHARE = 0.03  # what a figure has ahead where the question asks for one
_SAME_WORDS = 0.8  # Jaccard, from which a sentence only repeats another
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(
    r"\d[\d.,:]*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|million|billion|half|third|quarter|dozen|twice|once|percent|daily|weekly"
    r"|monthly|yearly|annually)\b",
    re.IGNORECASE,
)
_ASKS_FIGURE = re.compile(
    r"\b(?:when|how (?:many|much|long|often|old|far|soon|high|large|big|tall|fast)"
    r"|(?:what|which) (?:year|date|day|time|month|century|percentage|percent|number|amount|price|share))\b",
    re.IGNORECASE,
)


def draft_extractive(found: Found, embedder: Embedder, sentences: SentenceCache, config: AnswerConfig) -> Draft:
    """Return the best sentence first, then the others in reading order, none twice, and how likely they answer.

    Raises ModelUnavailableError.
    """
    reading = read(found.hits)
    if not any(each.quotable for each in reading) or not len(found.encoded.token_ids):
        return Draft((), 0.0)
    close, importance = closeness_of(found, embedder, sentences, reading)
    scores = _scores(found, reading, close, importance)
    quoted, fates = _choose(reading, scores, found.hits, config.max_sentences)
    return Draft(
        sentences=tuple(_sentence(reading[place], float(scores[place])) for place in quoted),
        answerability=fitted().probability(features(close, importance)),
        considered=_considered(reading, scores, fates, found.hits),
    )


def closeness_of(
    found: Found, embedder: Embedder, sentences: SentenceCache, reading: Sequence[ReadSentence] | None = None
) -> tuple[Closeness, Weights]:
    """Return how close the sentences of the hits come to the question, and what its word pieces weigh."""
    reading = read(found.hits) if reading is None else reading
    encoded = sentences.encode([each.text for each in reading] + [hit.chunk.context for hit in found.hits], embedder)
    importance = weights(embedder.token_weights(found.encoded.token_ids))
    return closeness(found.encoded, reading, encoded[: len(reading)], encoded[len(reading) :]), importance


def _scores(
    found: Found, reading: Sequence[ReadSentence], close: Closeness, importance: Weights
) -> NDArray[np.float32]:
    question = found.request.question
    by_rank = np.array([1 - each.hit / len(found.hits) for each in reading], np.float32)
    figures = np.array([_gives_figure(question, each.text) for each in reading], np.float32)
    scores: NDArray[np.float32] = close.placed @ importance.pieces + _RANK_SHARE * by_rank + _FIGURE_SHARE * figures
    return scores


def _gives_figure(question: str, sentence: str) -> bool:
    if not _ASKS_FIGURE.search(question):
        return False
    asked = {figure.lower() for figure in _FIGURE.findall(question)}
    return any(figure.lower() not in asked for figure in _FIGURE.findall(sentence))


def _choose(
    reading: Sequence[ReadSentence], scores: NDArray[np.float32], hits: Sequence[Hit], limit: int
) -> tuple[list[int], dict[int, str]]:
    """Return the places of the quoted sentences, and what became of every sentence."""
    fates = {place: "further from the question" if each.quotable else "a heading" for place, each in enumerate(reading)}
    scores = scores.copy()
    older = newer_counterparts([(each.text, each.hit) for each in reading], hits)
    for old, new in older.items():
        fates[old] = "a newer version says otherwise"
        scores[new] = max(scores[new], scores[old])
    order = [place for place in np.argsort(-scores, kind="stable").tolist() if reading[place].quotable]
    order = [place for place in order if place not in older]
    near = [place for place in order if scores[place] >= scores[order[0]] - _CLOSE_TO_BEST]
    chosen: list[int] = []
    for place in near:
        if any(_repeats(reading[place].text, reading[other].text) for other in chosen):
            fates[place] = "repeats another sentence"
        elif len(chosen) < limit:
            chosen.append(place)
            fates[place] = "quoted"
        else:
            fates[place] = f"beyond {limit} sentences"
    return chosen[:1] + sorted(chosen[1:], key=lambda place: _reading_order(reading[place], hits)), fates


def _reading_order(each: ReadSentence, hits: Sequence[Hit]) -> tuple[int, int]:
    """Documents in the order of their best hit, each from its beginning."""
    document = hits[each.hit].document.id
    return next(place for place, hit in enumerate(hits) if hit.document.id == document), each.start


def _repeats(text: str, other: str) -> bool:
    words, known = set(_WORD.findall(text.lower())), set(_WORD.findall(other.lower()))
    return len(words & known) >= _SAME_WORDS * len(words | known)


def _sentence(each: ReadSentence, score: float) -> Sentence:
    return Sentence(each.text, (Quote(each.text, each.hit, each.start, each.end),), round(score, 6))


def _considered(
    reading: Sequence[ReadSentence], scores: NDArray[np.float32], fates: dict[int, str], hits: Sequence[Hit]
) -> tuple[TracedSentence, ...]:
    return tuple(
        TracedSentence(
            each.text, hits[each.hit].chunk.id, each.start, each.end, round(float(scores[place]), 4), None, fates[place]
        )
        for place, each in enumerate(reading)
    )
