"""What of a sentence its sources contain: words, wording, numbers, dates and names."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from rag.analysis import analyse
from rag.claims import Claim, acronyms, claims, expansions, is_known, known_values, spelt_out
from rag.sentences import split_sentences
from rag.word_weights import word_weight

MAX_SOURCE_CHARS = 1_000_000  # of all sources together; what is beyond supports nothing
MAX_SENTENCE_CHARS = 20_000  # a longer one is no sentence, and is not supported
_QUOTE_CHARS = 5000
_REACH = 2  # sentences before and after, which with the sentence itself make a passage
_ALIGNED_CHARS = 1000  # of a sentence: alignment takes the product of both lengths
_ALIGNED_SENTENCES = 3  # the best by words
_SHORT_WORDS = 4  # up to here wording counts in full: alignment of long sentences finds chance
_VERBATIM_WORDS = 4  # fewer words in a row may be chance
_STEM_CHARS = 5  # of a name, so that "Libyan" is known from "Libya"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in one of the sources."""

    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """What the sources have of one sentence."""

    covered: float  # share of the words, weighted by idf, that the best passage of five sentences contains
    wording: float  # RapidFuzz's partial ratio with the best sentence; the longer, the more its covered words instead
    missing_figures: float  # natural logarithm of 1 + the numbers and dates that no source contains
    missing_names: float  # the same of names
    missing: tuple[str, ...]
    best: Span | None
    words: int  # analysed; 0 where there is nothing to check
    verbatim: bool  # stands in a source word for word, at `best`


_NO_SUPPORT = Support(0.0, 0.0, 0.0, 0.0, (), None, 1, verbatim=False)


class Sources:
    """Texts to check sentences against, indexed by word."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(_bounded(texts))
        self._rows: list[Span | None] = []  # in reading order, with gaps that no passage crosses
        self._holders: dict[str, NDArray[np.int64]] = {}
        self._index()
        self._values = list(map(known_values, self._texts))
        self._names = {word for text in self._texts for word in _WORD.findall(text.lower())}
        self._name_stems = {word[:_STEM_CHARS] for word in self._names if len(word) >= _STEM_CHARS}

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        return frozenset().union(*map(acronyms, self._texts))

    @cached_property
    def _expansions(self) -> frozenset[str]:
        return frozenset().union(*map(expansions, self._texts))

    def support(self, sentence: str) -> Support:
        """Return what the sources have of a sentence."""
        if len(sentence) > MAX_SENTENCE_CHARS:
            return _NO_SUPPORT
        words = analyse(sentence, "en")
        by_sentence, by_passage = self._coverage(sorted(set(words)))
        ranked = np.argsort(-by_sentence, kind="stable")[:_ALIGNED_SENTENCES].tolist()
        best = self._rows[ranked[0]] if ranked and by_sentence[ranked[0]] > 0 else None
        quote = self._quote(sentence) if words and by_passage.max(initial=0) > 0.999 else None
        missing = [] if quote else self._missing(sentence)
        names = sum(claim.kind == "name" for claim in missing)
        return Support(
            covered=float(by_passage.max(initial=0)),
            wording=self._wording(sentence, len(words), ranked, float(by_sentence.max(initial=0))),
            missing_figures=math.log1p(len(missing) - names),
            missing_names=math.log1p(names),
            missing=tuple(dict.fromkeys(claim.text for claim in missing)),
            best=quote or best,
            words=len(words),
            verbatim=quote is not None,
        )

    def _index(self) -> None:
        holders: dict[str, list[int]] = defaultdict(list)
        for source, text in enumerate(self._texts):
            for start, end in split_sentences(text):
                for word in set(analyse(text[start:end], "en")):
                    holders[word].append(len(self._rows))
                self._rows.append(Span(source, start, end))
            self._rows += [None] * _REACH
        self._holders = {word: np.array(rows) for word, rows in holders.items()}

    def _coverage(self, words: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weighted share of the words in each source sentence, and in the passage around it.

        words: without repeats, sorted: sums in another order differ in their last digit, and so may the best sentence.
        """
        by_sentence, by_passage = np.zeros(len(self._rows)), np.zeros(len(self._rows))
        total = sum(map(word_weight, words))
        for word in filter(self._holders.__contains__, words):
            rows, weight = self._holders[word], word_weight(word) / total
            by_sentence[rows] += weight
            near = np.zeros(len(self._rows), bool)
            for step in range(-_REACH, _REACH + 1):
                near[np.maximum(rows + step, 0)] = True
            by_passage[near] += weight
        return by_sentence, by_passage

    def _wording(self, sentence: str, words: int, rows: Sequence[int], covered: float) -> float:
        aligned = max((self._alignment(sentence, place) for row in rows if (place := self._rows[row])), default=0.0)
        share = min(1.0, _SHORT_WORDS / max(words, 1))
        return share * aligned + (1 - share) * covered

    def _alignment(self, sentence: str, place: Span) -> float:
        text = self._texts[place.source][place.start : place.end][:_ALIGNED_CHARS]
        return fuzz.partial_ratio(sentence[:_ALIGNED_CHARS].lower(), text.lower()) / 100

    def _quote(self, sentence: str) -> Span | None:
        """Return where the sentence stands word for word; white space, case and quotation marks do not matter."""
        words = sentence.strip(" \t\n\"'“”‘’«»").split()
        if len(sentence) > _QUOTE_CHARS or len(_WORD.findall(sentence)) < _VERBATIM_WORDS:
            return None
        pattern = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)", re.IGNORECASE)
        for source, text in enumerate(self._texts):
            if match := pattern.search(text):
                return Span(source, match.start(), match.end())
        return None

    def _missing(self, sentence: str) -> list[Claim]:
        missing = [claim for claim in claims(sentence) if not self._knows(claim)]
        names = [claim for claim in missing if claim.kind == "name"]
        spelt = spelt_out(sentence, self._acronyms) if names else frozenset()
        return [claim for claim in missing if claim.text not in spelt]

    def _knows(self, claim: Claim) -> bool:
        if any(is_known(claim, values) for values in self._values):
            return True
        if claim.kind != "name":
            return False
        return self._knows_name(claim.text) or (claim.text.isupper() and claim.text in self._expansions)

    def _knows_name(self, name: str) -> bool:
        words = _WORD.findall(re.sub(r"['’]s?$", "", name.lower()))
        return all(word in self._names or word[:_STEM_CHARS] in self._name_stems for word in words)


def _bounded(texts: Sequence[str]) -> Iterator[str]:
    left = MAX_SOURCE_CHARS
    for text in texts:
        yield text[:left]
        left -= min(left, len(text))
