"""Dates as people write them -> year-month-day, with parts that are not given left empty."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
_MONTH = rf"(?P<w>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY = r"(?P<d>[0-3]?\d)"
_YEAR = r"(?P<y>[12]\d{3})(?!\d)"
_MONTH_FIRST_FOLLOWS = r"(?!\s+[0-3]?\d(?:st|nd|rd|th)?,?\s+[12]\d{3})"  # "Chapter 2 March 3, 2021"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d)(?P<y>[12]\d{{3}})(?P<mark>[-/.])(?P<m>[01]?\d)(?P=mark){_DAY}(?!\d)",
        rf"(?<!\d){_DAY}(?P<sep>[./])(?P<m>[0-3]?\d)(?P=sep){_YEAR}",
        rf"(?<!\d){_DAY}(?:st|nd|rd|th)?\.?\s+(?:of\s+)?{_MONTH}(?!\w){_MONTH_FIRST_FOLLOWS}(?:,?\s+{_YEAR})?",
        rf"\b(?=[jfmasond]){_MONTH}(?!\w)(?:\s+{_DAY}(?:st|nd|rd|th)?\b(?!\d))?(?:,?\s+(?:of\s+)?{_YEAR})?",
    )
)
_BARE_MONTH = re.compile(rf"\b(?:{'|'.join(name.capitalize() for name in _MONTHS)})\b")


@dataclass(frozen=True, slots=True)
class Date:
    """A date as written, with what it may mean: "2025-03-03", "2025-03-", "-03-03"."""

    values: frozenset[str]
    start: int
    end: int


def find_dates(text: str) -> Iterator[Date]:
    """Yield the dates that do not overlap, by pattern; a month by itself is none."""
    taken = bytearray(len(text))
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            values = frozenset(_readings(match.groupdict("")))
            if values and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                yield Date(values, start, end)


def month_named(word: str) -> str:
    """Return "-03-" of "March" or "Mar", empty where the word names no month."""
    month = _MONTHS.get(word.lower(), 0)
    return f"-{month:02}-" if month else ""


def parts_of(dates: Iterable[Date]) -> frozenset[str]:
    """Return all that dates make known, so that "in March 2025" is known from a day.

    A day or month that is written without a year has "?" for it: a year beside it makes a date of the two.
    """
    known: set[str] = set()
    for value in (value for date in dates for value in date.values):
        year, month, day = value.split("-")
        known |= {value, f"{year}-{month}-", f"-{month}-{day}", f"-{month}-"}
        known |= set() if year else {f"?-{month}-{day}", f"?-{month}-"}
    return frozenset(known)


def bare_months(text: str) -> frozenset[str]:
    """Return "?-03-" and "-03-" for each capitalised month."""
    named = {month_named(each) for each in _BARE_MONTH.findall(text)}
    return frozenset(named | {f"?{each}" for each in named})


def numbers_in(dates: Iterable[Date]) -> frozenset[str]:
    """Return the years and days."""
    parts = (value.split("-") for date in dates for value in date.values)
    return frozenset(number for year, _, day in parts for number in (year, day.lstrip("0")) if number)


def _readings(parts: dict[str, str]) -> Iterator[str]:
    """Yield what a date may be: 03/04/2025 is 3 April or 4 March, 03.04.2025 is 3 April; nothing for a bare month."""
    if not (parts.get("d") or parts.get("y")):
        return
    month = _MONTHS[parts["w"].lower()] if parts.get("w") else int(parts["m"])
    day, year = int(parts.get("d") or 0), str(int(parts["y"])) if parts.get("y") else ""
    swapped = [(day, month)] if parts.get("sep") == "/" or (parts.get("sep") and month > 12) else []
    for m, d in dict.fromkeys([(month, day), *swapped]):
        if 1 <= m <= 12 and d <= 31:
            yield f"{year}-{m:02}-{f'{d:02}' if d else ''}"
