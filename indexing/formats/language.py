"""Text -> the language that it is written in."""

import io
import lzma
import re
from array import array
from copy import copy
from functools import cache

import numpy as np
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAMPLE_CHARS = 800  # costs half a millisecond; more does not change the verdict on prose
_LEAST_LETTERS = 12
_SHORT_LETTERS = 200
_SURE = 0.5
# A short text is one of these, or of unknown language: among a hundred, chance wins.
_COMMON = _words(
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk vi zh"
)
_TABLES, _TYPECODES = ("nextmove", "nextmove_row"), {2: "H", 4: "I"}
_WORD = re.compile(r"[^\W\d_]+")
# Words that are English only: with enough of them the model, which takes half a second to load, is not needed.
_ENGLISH = _words("the and of to is that with are this not be by from have it")
_ENGLISH_SHARE = 0.12


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code; empty where the text does not say."""
    sample = _sample(text)
    words = _WORD.findall(sample.lower())
    letters = sum(map(len, words))
    if letters < _LEAST_LETTERS:
        return ""
    known = [word for word in words if word in _ENGLISH]
    if len(set(known)) >= 4 and len(known) > _ENGLISH_SHARE * len(words):
        return "en"
    language, probability = _identifier(short=letters < _SHORT_LETTERS).classify(sample)
    if probability < _SURE and letters >= _SHORT_LETTERS:
        language, probability = _identifier(short=True).classify(sample)
    return str(language) if len(language) == 2 and probability >= _SURE else ""


def _sample(text: str) -> str:
    """Return the start of the text; of a long one its middle, past titles and tables of contents."""
    if len(text) <= _SAMPLE_CHARS:
        return text
    begin = min(len(text) // 3, 4000)
    return text[begin : begin + _SAMPLE_CHARS]


@cache
def _identifier(*, short: bool) -> LanguageIdentifier:
    if not short:
        return _loaded()
    identifier = copy(_identifier(short=False))  # shares the tables
    identifier.set_languages(_COMMON)
    return identifier


def _loaded() -> LanguageIdentifier:
    """Load the model in memory: the library's own way goes through a temporary file, which a sandbox has not."""
    with lzma.open(MODEL_DIR / MODEL_FILE) as packed, np.load(io.BytesIO(packed.read())) as model:
        moves, rows = (array(_TYPECODES[each.dtype.itemsize], each.tobytes()) for each in map(model.get, _TABLES))
        tables = (model["ptc"], model["pc"], model["classes"].tolist(), moves, model["out_feat"].tolist())
    return LanguageIdentifier(*tables, norm_probs=True, tk_row=rows)
