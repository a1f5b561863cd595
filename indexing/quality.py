"""Verdicts: is this text there, legible, and what a reader would see?"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from indexing.parsing import Parsed

_SAMPLE_CHARS = 200_000
_ILLEGIBLE, _DOUBTFUL = 0.3, 0.1  # share of characters that no reader can make out
_UNREADABLE = frozenset(("Cc", "Co", "Cn", "Cs"))

# Letters of a language or a number, with the usual marks around them; what a bad OCR layer or a font without a table
# of its letters yields is rarely that. Shares measured on data/docs: real pages 0.80 to 1, spoilt ones below 0.6.
_WORD = re.compile(
    r"""[(\["'“‘«¿¡§$€£#*•-]*(?:[^\W\d_]+(?:['’./&@-]?[^\W\d_]+)*|[\d.,:/%+-]*\d[\d.,:/%-]*)[)\]"'”’».,;:!?…%*-]*$"""
)
_WORD_SHARE = 0.62
# Within words: no vowel, five consonants or three equal letters in a row, a capital after a small letter, a symbol.
# Real pages have up to 0.04 of these, a bad OCR layer 0.12.
_OTHER_SCRIPT = re.compile("[\u0250-\u1fff\u2c00-\ud7ff\uf900-\uffef\U00010000-\U0001ffff]")
_LATIN = re.compile(r"[A-Za-z]{3,}")
_ODD = re.compile(r"[a-z][A-Z]|^[^aeiouyAEIOUY]+$|[^aeiouyAEIOUY]{5}|(.)\1\1")
_SPOILT = re.compile(r"\w[^\w\s'’.,:;/&@%$()\[\]{}+=#|·•…–—-]+\w|[«»^~]\w")
_ODD_SHARE, _LEAST_WORDS = 0.08, 40

_FLAG_EMOJI = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")
_DECEPTIONS = (
    (re.compile("[\U000e0000-\U000e007f]"), "it holds tag characters, which no reader sees"),
    (re.compile("[\u202d\u202e]"), "it holds bidi overrides, which show text in another order than it is read"),
    (
        re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{8}"),
        "it holds runs of variation selectors, which no reader sees",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a document is searchable, and why not or with what doubt."""

    state: Literal["indexed", "flagged", "rejected"]
    reason: str | None = None


def judge(parsed: Parsed) -> Verdict:
    """Return the verdict on one document; a flagged one is searchable, with a reason that people see."""
    if not parsed.text.strip():
        return Verdict("rejected", "it is empty: it has no text")
    unreadable = _unreadable_share(parsed.text)
    if unreadable > _ILLEGIBLE:
        return Verdict("rejected", f"its text is illegible: {unreadable:.0%} of it are no letters of any script")
    doubts = [*parsed.warnings, *(reason for pattern, reason in _DECEPTIONS if pattern.search(_plain(parsed.text)))]
    if unreadable > _DOUBTFUL:
        doubts.append(f"{unreadable:.0%} of its text are no letters of any script")
    if parsed.format == "pdf" and _is_garbled(parsed.text[:_SAMPLE_CHARS]):
        doubts.append("its text looks garbled, as from a bad text recognition or a font without a table of its letters")
    return Verdict("flagged", "; ".join(doubts)) if doubts else Verdict("indexed")


def _plain(text: str) -> str:
    """Return the text without the flags of England, Scotland and Wales, which are made of tag characters."""
    return _FLAG_EMOJI.sub("", text)


def _unreadable_share(text: str) -> float:
    inked = [char for char in text[:_SAMPLE_CHARS] if not char.isspace()]
    return sum(char == "\ufffd" or unicodedata.category(char) in _UNREADABLE for char in inked) / max(1, len(inked))


def _is_garbled(text: str) -> bool:
    """Tell whether a text that is mostly in Latin letters is not made of words."""
    every = [word for word in text.split() if word != "|"]
    words = [word for word in every if not _OTHER_SCRIPT.search(word)]
    if 2 * len(words) < len(every):
        return False
    if sum(bool(_WORD.match(word)) for word in words) < _WORD_SHARE * len(words):
        return True
    odd = sum(bool(_SPOILT.search(word)) for word in words)
    odd += sum(not word.isupper() and bool(_ODD.search(word)) for word in _LATIN.findall(text))
    return len(words) >= _LEAST_WORDS and odd > _ODD_SHARE * len(words)
