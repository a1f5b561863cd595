"""Bytes -> text, whatever their encoding."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

from rag.errors import ParseError

# The longer marks first: that of UTF-32 LE begins with that of UTF-16 LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MULTI_BYTE = ("cp932", "gb18030", "big5", "euc_jp", "cp949")
_LIKELY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1255", "cp1256", "koi8_r", "iso8859_5", "iso8859_6", *_MULTI_BYTE]
_READ_BYTES = 4096  # enough to see by reading whether a wide encoding makes sense
_BLANKS = re.compile(r"[ \n、。，,.]")  # some stand in text of any script
_SENSELESS = frozenset(("Cn", "Co", "Cs", "Cc"))
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH = re.compile(r"[\x80-\uffff]")
_SYMBOL_IN_WORD = re.compile(
    r"(?<=[^\W\d_])[¡-¿](?=[^\W\d_])|[^\W\d_][¹³¿±¶](?=[\s.,;])"
)  # Central European read as Western
_SAMPLE_BYTES = 200_000
_LEAST_BYTES = 64  # a shorter text without a zero byte says too little of its width


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text without a byte order mark, newlines as they are.

    A mark wins over the declared encoding, and valid UTF-8 over a guess. Raises ParseError for binary data.
    """
    decoded = _decoded(data, declared)
    _refuse_binary(decoded.text)
    return decoded


def looks_binary(data: bytes) -> bool:
    """Tell whether the first bytes cannot be text in any encoding that `decode` knows."""
    sample = data[: 8192 & ~3]
    marked = any(data.startswith(mark) for mark, _ in _MARKS)
    return not marked and b"\0" in sample and not _wide_encoding(sample)


def is_utf8(data: bytes) -> bool:
    """Tell whether all bytes are text in UTF-8, or in a Unicode encoding whose mark they begin with."""
    marked = any(data.startswith(mark) for mark, _ in _MARKS)
    text = None if marked else _strict(data, "utf-8")
    return marked or (text is not None and not _CONTROL.search(text))


def _decoded(data: bytes, declared: str) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], encoding)
    if wide := _wide_encoding(data):
        return _lenient(data, wide)
    if b"\x1b$" in data[:_SAMPLE_BYTES] and (text := _strict(data, "iso2022_jp")) is not None:
        return Decoded(text)
    for encoding in ("utf-8", declared):
        if (text := _strict(data, encoding)) is not None:
            return Decoded(text)
    return _damaged_utf8(data) or _guessed(data)


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    spoiled = "\ufffd" in text and _strict(data, encoding) is None
    return Decoded(text, (f"some bytes are not {encoding.upper()}",) if spoiled else ())


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding) if encoding else None
    except (UnicodeDecodeError, LookupError):
        return None


def _wide_encoding(data: bytes) -> str:
    """Return the UTF-16 or UTF-32 without a mark that the zero bytes, or a look at the text, betray."""
    sample = data[: _SAMPLE_BYTES & ~1]
    if len(data) % 2 or not sample or (0 not in sample and (is_utf8(sample) or len(sample) < _LEAST_BYTES)):
        return ""
    if narrow := next((each for each in ("utf-32-le", "utf-32-be") if 0 in sample and _strict(data, each)), ""):
        return narrow
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.4 * half and even < 0.02 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.02 * half else _by_reading(sample[:_READ_BYTES])


def _by_reading(sample: bytes) -> str:
    """Return the UTF-16 in which a sample has blanks and stops, and no character that is none."""
    read = {each: _strict(sample, each) or "" for each in ("utf-16-le", "utf-16-be")}
    blanks = {each: len(_BLANKS.findall(text)) for each, text in read.items() if text and not _is_senseless(text)}
    best = max(blanks, key=lambda each: blanks[each], default="")
    return best if best and blanks[best] * 40 >= len(read[best]) else ""


def _is_senseless(text: str) -> bool:
    return any(unicodedata.category(char) in _SENSELESS and char not in "\t\n\r\f" for char in text)


def _damaged_utf8(data: bytes) -> Decoded | None:
    """Return UTF-8 with a few bad bytes among many good sequences."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(not char.isascii() for char in text[:_SAMPLE_BYTES]) - bad
    return Decoded(text, ("some bytes are not UTF-8",)) if good > 10 * bad else None


def _guessed(data: bytes) -> Decoded:
    """Return the text in the encoding that the bytes look like.

    The detector takes short Western texts for many things, so its word counts only where other scripts are likely.
    """
    for encoding in (_detected(data[:_SAMPLE_BYTES]), "cp1252"):
        if (text := _strict(data, encoding)) is not None:
            spoiled = encoding == "cp1252" and len(_SYMBOL_IN_WORD.findall(text)) > 0.05 * len(_HIGH.findall(text))
            return Decoded(_central_european(data) if spoiled else text)
    return Decoded(data.decode("latin-1"))


def _central_european(data: bytes) -> str:
    """Return the text in that of the two encodings in which fewer symbols stand within words."""
    read = [data.decode(each, "replace") for each in ("cp1250", "iso8859_2")]
    return min(read, key=lambda text: len(_SYMBOL_IN_WORD.findall(text)) + text.count("\ufffd"))


def _detected(sample: bytes) -> str:
    best = from_bytes(sample, cp_isolation=_LIKELY).best()
    high = sum(byte > 127 for byte in sample)
    foreign = high > 0.4 * len(sample.replace(b" ", b""))
    return best.encoding if best and (foreign or best.encoding in _MULTI_BYTE) else ""


def _refuse_binary(text: str) -> None:
    if "\0" in text:
        raise ParseError("its content is binary, not text: it holds NUL bytes")
    if len(_CONTROL.findall(text[:_SAMPLE_BYTES])) > 0.05 * min(len(text), _SAMPLE_BYTES):
        raise ParseError("its content is binary, not text: it is full of control characters")
