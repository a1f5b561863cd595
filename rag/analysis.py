"""Text to search tokens: the same for documents and questions, and for every store.

Accents are folded before stemming, so that a text is found with and without them. Scripts without blanks between
words give overlapping pairs of characters. A change here needs another `ANALYSER_VERSION` in `rag/config.py`.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import regex
import Stemmer

from rag.stop_words import STOP_WORDS

MAX_TOKEN_CHARS = 64  # a longer one is data, not a word: its beginning stands for it
CACHED_RUNS = 32_768  # about 10 MB; the words of a large corpus that come again and again

_SCRIPTS = "".join(
    rf"\p{{Script={name}}}" for name in ("Han", "Hiragana", "Katakana", "Hangul", "Thai", "Lao", "Khmer", "Myanmar")
)
_UNSPACED = rf"[[{_SCRIPTS}ー]&&[\p{{L}}\p{{Nl}}\p{{M}}]]"
_WORD = rf"[[\p{{L}}\p{{N}}]--{_UNSPACED}][[\p{{L}}\p{{N}}\p{{M}}]--{_UNSPACED}]*+"
_RUNS = regex.compile(rf"({_WORD}(?:[-‐–./,_]{_WORD})*+)|([{_UNSPACED}--\p{{M}}]{_UNSPACED}*+)", regex.V1)
_CHARACTER = regex.compile(r"\P{M}?\p{M}*", regex.V1)
_LETTER_OR_DIGIT = regex.compile(r"[\p{L}\p{N}]")  # knows a newer Unicode than `str.isalnum`
_CONNECTOR = re.compile(r"[-‐–./,_]")
_NUMBER = re.compile(r"([1-9]\d{0,2}(?:([.,])\d{3}(?:\2\d{3})*)|\d+)(?:[.,](\d+))?")
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d]\D*")

# What Unicode does not decompose; the Arabic stretcher and the soft hyphen are no letters.
_FOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ـ": "", "\u00ad": ""})
# Endings that the stemmer knows with their accent only: without it, singular and plural would part.
_ACCENTED_ENDINGS = {
    "es": (("cion", "ción"), ("sion", "sión")),
    "pt": (("cao", "ção"), ("coes", "ções"), ("sao", "são"), ("soes", "sões")),
}
_stemmers = threading.local()  # a stemmer is not thread-safe


def analyse(text: str, language: str) -> list[str]:
    """Return the tokens of a text in reading order, with repeats.

    language: ISO 639-1; an unknown or empty one means no stop words and no stems.
    """
    canonical = unicodedata.normalize("NFKC", text).casefold()
    tokens: list[str] = []
    for word, unspaced in _RUNS.findall(canonical.replace("\u00ad", "")):
        tokens += _tokens(word, language) if word else _pairs(unspaced)
    return tokens


def analyse_query(text: str, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the set of tokens that any of the index's languages gives, sorted."""
    return tuple(sorted({token for language in languages or ("",) for token in analyse(text, language)}))


def _pairs(run: str) -> list[str]:
    characters = [each[: MAX_TOKEN_CHARS // 2] for each in _CHARACTER.findall(run) if each]
    return [first + second for first, second in pairwise(characters)] or characters


@lru_cache(CACHED_RUNS)
def _tokens(run: str, language: str) -> tuple[str, ...]:
    """Return the tokens of words without a blank between them: "1,200" is 1200, "hv-210" is hv, 210 and hv210."""
    folded = _fold(run)
    if number := _number(folded):
        return (number,)
    if "," in folded:  # a row of comma-separated values: only within a number does a comma join
        return tuple(token for part in folded.split(",") for token in _tokens(part, language))
    words = [word for word in _CONNECTOR.split(folded) if _LETTER_OR_DIGIT.search(word)]
    tokens = tuple(token for word in words for token in _word(word, language))
    if len(words) > 1 and any(map(str.isdigit, folded)):
        return (*tokens, "".join(words)[:MAX_TOKEN_CHARS])
    return tokens


def _number(text: str) -> str:
    """Return a number without thousands separators and with a decimal point; empty where it is none."""
    match = _NUMBER.fullmatch(text)
    if not match:
        return ""
    whole = re.sub("[.,]", "", match[1])
    return (f"{whole}.{match[3]}" if match[3] else whole)[:MAX_TOKEN_CHARS]


def _word(word: str, language: str) -> Iterator[str]:
    if word in STOP_WORDS.get(language, ()):
        return
    if not any(map(str.isdigit, word)):
        yield _stem(word, language)[:MAX_TOKEN_CHARS]
        return
    yield word[:MAX_TOKEN_CHARS]
    parts = _LETTERS_OR_DIGITS.findall(word)
    if 1 < len(parts) <= 3:  # more of them is a hash, not a name
        yield from (part[:MAX_TOKEN_CHARS] for part in parts if part not in STOP_WORDS.get(language, ()))


def _stem(word: str, language: str) -> str:
    stemmer = _stemmer(language)
    if stemmer is None:
        return word
    for plain, accented in _ACCENTED_ENDINGS.get(language, ()):
        if word.endswith(plain):
            word = word.removesuffix(plain) + accented
    return _fold(stemmer.stemWord(word)) or word


def _stemmer(language: str) -> Stemmer.Stemmer | None:
    try:
        return getattr(_stemmers, language)
    except AttributeError:
        stemmer = _new_stemmer(language)
        setattr(_stemmers, language, stemmer)
        return stemmer


def _new_stemmer(language: str) -> Stemmer.Stemmer | None:
    try:
        return Stemmer.Stemmer(language, 0) if len(language) == 2 else None  # ours is the only cache
    except KeyError:
        return None


def _fold(text: str) -> str:
    """Return the text without accents and with ASCII digits; marks that are letters of their own stay."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text.translate(_FOLDED)).replace("и\u0306", "й")
    kept = "".join(_plain_digit(char) for char in apart if not _is_accent(char))
    return unicodedata.normalize("NFC", kept)


def _is_accent(char: str) -> bool:
    """Whether it stands above or below a letter, or is a Hebrew or Arabic vowel point."""
    return (place := unicodedata.combining(char)) >= 200 or 10 <= place <= 35


def _plain_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char
