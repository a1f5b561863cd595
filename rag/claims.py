"""What a sentence states that can be checked letter by letter: numbers, dates and names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

ClaimKind: TypeAlias = Literal["number", "date", "name"]

MAX_DIGITS = 30

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        1,
    )
    for name in names.split()
}
_MONTH = rf"(?P<{{}}>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>[12]\d{3})-(?P<m>[01]?\d)-(?P<d>[0-3]?\d)\b",
        r"\b(?P<d>[0-3]?\d)(?P<sep>[./])(?P<m>[0-3]?\d)(?P=sep)(?P<y>[12]\d{3})\b",
        rf"\b(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\.?\s+(?:of\s+)?{_MONTH.format('w')},?\s+(?P<y>[12]\d{{3}})\b",
        rf"\b{_MONTH.format('w')}\s+(?P<d>[0-3]?\d)(?:st|nd|rd|th)?,?\s+(?P<y>[12]\d{{3}})\b",
        rf"\b(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\.?\s+(?:of\s+)?{_MONTH.format('w')}\b",
        rf"\b{_MONTH.format('w')}\s+(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\b(?!\d)",
        rf"\b{_MONTH.format('w')},?\s+(?P<y>[12]\d{{3}})\b",
    )
)
_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SPELT = "|".join([*_UNITS, *_TENS, *_SCALES])
_WORDS = re.compile(rf"\b(?:{_SPELT})(?:(?:[\s-]+and)?[\s-]+(?:{_SPELT}))*\b", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?<![\w.,])[^\S\n]?(?P<n>\d{1,2}:\d{2}|\d+(?:\.\d+){2,}|\d{1,3}(?:[,'\u00a0\u202f]\d{3})+(?:\.\d+)?"
    rf"|\d+(?:[.,]\d+)?)(?:(?:st|nd|rd|th)\b)?(?:\s*(?P<s>{'|'.join(list(_SCALES)[1:])}|[mk]|bn)\b)?",
    re.IGNORECASE,
)
_SHORT_SCALES = {"k": 1000, "m": 10**6, "bn": 10**9}
_NAME = re.compile(r"\b[^\W\d_]{0,3}[A-Z\u00c0-\u00de][\w'’-]*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n“\"(|*_#>•-])\s*[\"“'(*_]*$")


@dataclass(frozen=True, slots=True)
class Claim:
    """A number, date or name, as written and in canonical form; two spellings of one value have a value in common."""

    kind: ClaimKind
    text: str
    values: frozenset[str]
    start: int
    end: int


def claims(text: str) -> list[Claim]:
    """Return the dates, the numbers outside of them, and the names, each in reading order."""
    dates = list(_dates(text))
    rest = blanked(text, dates)
    numbers = [*_digits(rest), *_spelt(rest)]
    return [*dates, *sorted(numbers, key=lambda claim: claim.start), *_names(rest)]


def known_values(text: str) -> frozenset[str]:
    """Return all values that a text gives: dates also by their parts, so that "in March 2025" is known from a day."""
    dates = list(_dates(text))
    numbers = [*_digits(text), *_spelt(text, alone=True)]
    known = {value for claim in [*dates, *numbers] for value in claim.values}
    for date in (value for claim in dates for value in claim.values):
        year, month, day = date.split("-")
        known |= {f"{year}-{month}-", f"-{month}-{day}", year, day.lstrip("0")}
    return frozenset(known - {""})


def _dates(text: str) -> Iterator[Claim]:
    taken = bytearray(len(text))
    for pattern in _DATES:
        for match in pattern.finditer(text):
            start, end = match.span()
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield Claim("date", match[0], frozenset(_days(match.groupdict(""))), start, end)


def _days(parts: dict[str, str]) -> Iterator[str]:
    """Yield year-month-day with parts left empty; 03/04/2025 is both 3 April and 4 March."""
    month = _MONTHS[parts["w"].lower()] if parts.get("w") else int(parts["m"])
    day = int(parts.get("d") or 0)
    for m, d in {(month, day), (day, month) if parts.get("sep") else (month, day)}:
        if m <= 12:
            yield f"{parts.get('y', '')}-{m:02}-{f'{d:02}' if d else ''}"


def blanked(text: str, found: Sequence[Claim]) -> str:
    """Return the text with blanks where these claims stand; offsets stay."""
    parts, at = [], 0
    for claim in sorted(found, key=lambda each: each.start):
        parts += [text[at : claim.start], " " * (claim.end - max(at, claim.start))]
        at = max(at, claim.end)
    return "".join([*parts, text[at:]])


def _digits(text: str) -> Iterator[Claim]:
    for match in _DIGITS.finditer(text):
        written = match["n"]
        if len(written) <= MAX_DIGITS:
            scale = (match["s"] or "").lower()
            values = frozenset(_scaled(each, _SCALES.get(scale) or _SHORT_SCALES.get(scale)) for each in _read(written))
            yield Claim("number", match[0].strip(), values, match.start("n"), match.end())


def _read(written: str) -> list[str]:
    """Return what digits may mean: "1.200" is 1.2 to some and 1200 to others."""
    if ":" in written or written.count(".") > 1:
        return [written.lstrip("0") or "0"]
    plain = re.sub(r"[,'\u00a0\u202f](?=\d{3}(?!\d))", "", written).replace(",", ".")
    readings = [plain]
    if re.fullmatch(r"\d{1,3}\.\d{3}", written):
        readings.append(written.replace(".", ""))
    return readings


def _scaled(number: str, scale: int | None) -> str:
    """Return a canonical decimal: no leading or trailing zeros."""
    if ":" in number or number.count(".") > 1:
        return number
    whole, _, fraction = number.partition(".")
    if scale:
        digits = len(str(scale)) - 1
        fraction = fraction.ljust(digits, "0")
        whole, fraction = whole + fraction[:digits], fraction[digits:]
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _spelt(text: str, *, alone: bool = False) -> Iterator[Claim]:
    """Yield numbers in words. alone: also "one" by itself, which is mostly a pronoun."""
    for match in _WORDS.finditer(text):
        words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word != "and"]
        if not _SCALES.keys() >= set(words) and (alone or words != ["one"]):
            yield Claim("number", match[0], frozenset({str(_value(words))}), *match.span())


def _value(words: list[str]) -> int:
    total = current = 0
    for word in words[:20]:
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
        else:
            current += _UNITS.get(word, 0) or _TENS.get(word, 0)
    return total + current


def _names(text: str) -> Iterator[Claim]:
    """Yield capitalised words that do not begin a sentence."""
    for match in _NAME.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()]
        if len(match[0]) > 1 and not _SENTENCE_START.search(before):
            yield Claim("name", match[0], frozenset({match[0].lower()}), *match.span())
