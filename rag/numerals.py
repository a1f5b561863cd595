"""Numbers as people write them, in digits or English words -> canonical decimals, with their unit."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_DIGITS = 30  # more of them are data, not a number

_UNDER_TWENTY = [
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
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_CARDINALS = {word: number for number, word in enumerate(_UNDER_TWENTY)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_IRREGULAR |= {"twelve": "twelfth"} | {word: f"{word[:-1]}ieth" for word in _TENS}
_ORDINALS = {_IRREGULAR.get(word, f"{word}th"): number for word, number in _CARDINALS.items() if number}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT_SCALES = {"k": 1000, "m": 10**6, "mn": 10**6, "mio": 10**6, "bn": 10**9, "mrd": 10**9}
_LETTER_SCALES = {"k", "m"}  # "5 m" is five million or five metres

_UNITS = {
    "%": "%|percent|per cent|pct|prozent",
    "€": "€|euros?|eur",
    "$": r"\$|us\$|dollars?|usd",
    "£": "£|pounds? sterling|gbp",
    "minute": "minutes?|mins?",
    "hour": "hours?|hrs?",
    "day": "days?",
    "week": "weeks?",
    "month": "months?",
    "year": "years?|yrs?",
}
_LARGER = {"year": ("month", 12), "week": ("day", 7), "hour": ("minute", 60)}
_AFTER = re.compile(
    rf"[)\s-]{{0,3}}(?:{'|'.join(f'(?P<u{place}>{names})' for place, names in enumerate(_UNITS.values()))})(?!\w)",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"[€$£](?=\s?$)")

_SPELT = "|".join([*_CARDINALS, *_SCALES, *_ORDINALS])
_FIRST = "".join(sorted({word[0] for word in _SPELT.split("|")}))
_WORDS = re.compile(rf"\b(?=[{_FIRST}])(?:{_SPELT})(?:(?:[\s-]+and)?[\s-]+(?:{_SPELT}))*\b", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?=\d)(?<![\w.,])(?P<n>\d{1,2}:\d{2}|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:\.\d+){2,}"
    r"|\d{1,3}(?:[,'’\u00a0\u202f\u2009]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?:(?:st|nd|rd|th)\b)?"
    rf"(?:[\s-]?(?P<s>{'|'.join([*list(_SCALES)[1:], *_SHORT_SCALES])})\b)?",
    re.IGNORECASE,
)
_GROUP = re.compile(r"[,'’\u00a0\u202f\u2009](?=\d{3}(?!\d))")
_YEAR_BEFORE = re.compile(r"(?<!\d)([12]\d)\d\d[-–/]$")
_NOT_A_NUMBER = {"one", "first", "second"}  # by themselves: a pronoun, an adverb, a measure of time


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as written. values: what it may mean; measures: the same with the unit, also in a smaller one."""

    values: frozenset[str]
    measures: frozenset[str]
    start: int
    end: int


def find_numbers(text: str, *, alone: bool = False) -> Iterator[Numeral]:
    """Yield numbers in digits, then those in words. alone: also "one", "first", "second" and "a third"."""
    for match in _DIGITS.finditer(text):
        if len(match["n"]) <= MAX_DIGITS:
            yield _numeral(text, _readings(text, match), match.start("n"), match.end())
    for match in _WORDS.finditer(text):
        words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word != "and"]
        if not _SCALES.keys() >= set(words) and (alone or not _is_idle(words, text, match.start())):
            yield _numeral(text, {str(_value(words))}, *match.span())


def _numeral(text: str, values: set[str], start: int, end: int) -> Numeral:
    unit = _unit(text, start, end)
    measures = {f"{value} {unit}" for value in values}
    if unit in _LARGER:
        smaller, times = _LARGER[unit]
        measures |= {f"{int(value) * times} {smaller}" for value in values if value.isdecimal()}
    return Numeral(frozenset(values), frozenset(measures), start, end)


def _unit(text: str, start: int, end: int) -> str:
    """Return the name of the unit before or after a number, empty where none is known."""
    if match := _AFTER.match(text, end):
        return list(_UNITS)[int((match.lastgroup or "u0")[1:])]
    before = _BEFORE.search(text[max(0, start - 2) : start])
    return before[0] if before else ""


def _is_idle(words: list[str], text: str, start: int) -> bool:
    before = text[max(0, start - 2) : start].lower()
    return len(words) == 1 and (words[0] in _NOT_A_NUMBER or (words[0] in _ORDINALS and before == "a "))


def _readings(text: str, match: re.Match[str]) -> set[str]:
    written = "".join(str(unicodedata.decimal(char, char)) for char in match["n"])
    scale = (match["s"] or "").lower()
    readings = {_scaled(each, _SCALES.get(scale) or _SHORT_SCALES.get(scale)) for each in _read(written)}
    if scale in _LETTER_SCALES:
        readings |= {_scaled(each, None) for each in _read(written)}
    century = _YEAR_BEFORE.search(text[max(0, match.start("n") - 6) : match.start("n")])
    return readings | ({f"{century[1]}{written}"} if century and len(written) == 2 else set())


def _read(written: str) -> list[str]:
    """Return what digits may mean: "1.200" is 1.2 to some and 1200 to others."""
    if ":" in written:
        return [written.lstrip("0") or "0"]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+", written):
        return [written.replace(".", "").replace(",", ".")]
    if written.count(".") > 1:
        whole = re.fullmatch(r"\d{1,3}(?:\.\d{3})+", written)
        return [written.lstrip("0") or "0", *([written.replace(".", "")] if whole else [])]
    readings = [_GROUP.sub("", written).replace(",", ".")]
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


def _value(words: list[str]) -> int:
    """Return the number that words give; of a fraction ("two third") what stands above the line."""
    if len(words) == 2 and _CARDINALS.get(words[0], 20) < 20 and words[1] in _ORDINALS:
        words = words[:1]
    total = current = 0
    for word in words[:20]:
        if word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
        else:
            current += _CARDINALS.get(word, 0) or _ORDINALS.get(word, 0)
    return total + current
