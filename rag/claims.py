"""What a sentence states that can be checked letter by letter: numbers, dates and names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

from rag.dates import bare_months, find_dates, month_named, numbers_in, parts_of
from rag.numerals import find_numbers

ClaimKind: TypeAlias = Literal["number", "date", "name"]

_NAME = re.compile(r"\b[^\W\d_]{0,3}[A-Z\u00c0-\u00de][\w'’-]*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n“\"(|*_#>•-])\s*[\"“'(*_]*$")
_RUN = re.compile(r"\b[A-Z][^\W_]*(?: (?:(?:of|the|and|for) ){0,2}[A-Z][^\W_]*){1,7}")
_DOTTED = re.compile(r"\b(?:[A-Z]\.){1,7}[A-Z]\b")
_ACRONYM = re.compile(r"\b[A-Z]{2,8}\b")
_TWO_LETTERS = {"US", "UK", "EU", "UN"}  # other pairs of capitals stand for too much


@dataclass(frozen=True, slots=True)
class Claim:
    """A number, date or name, as written and in canonical form; two spellings of one value have a value in common."""

    kind: ClaimKind
    text: str
    values: frozenset[str]
    start: int
    end: int
    measures: frozenset[str] = frozenset()  # of a number: "24 month", "24 " where it has no known unit


def claims(text: str) -> list[Claim]:
    """Return the dates, the numbers outside of them, and the names, each in reading order."""
    dates = [Claim("date", text[each.start : each.end], each.values, each.start, each.end) for each in find_dates(text)]
    rest = blanked(text, dates)
    return [*dates, *sorted(_numbers(rest), key=lambda claim: claim.start), *_names(rest)]


def known_values(text: str) -> frozenset[str]:
    """Return all values that a text gives: of dates also their parts, of numbers also with their unit."""
    dates, numbers = list(find_dates(text)), list(find_numbers(text, alone=True))
    bare = numbers_in(dates)
    measures = {f"{value} " for value in bare}.union(*(each.measures for each in numbers))
    values = bare.union(*(each.values for each in numbers))
    return frozenset(values | measures | parts_of(dates) | bare_months(text))


def is_known(claim: Claim, values: frozenset[str]) -> bool:
    """Whether a text's values contain a claim: a number with its unit or without any, a date whole or in two places."""
    if claim.kind == "number":
        bare = {f"{value} " for value in claim.values}
        asked = claim.values if claim.measures == bare else claim.measures | bare
        return not values.isdisjoint(asked)
    return any(value in values or _is_composed(value, values) for value in claim.values)


def expansions(text: str) -> frozenset[str]:
    """Return the initials of the names in a text: "DNC" of "Democratic National Committee"."""
    return frozenset(initials for match in _RUN.finditer(text) for _, initials in _initials(match))


def acronyms(text: str) -> frozenset[str]:
    """Return what is written in capitals alone; "U.S." is "US"."""
    return frozenset(_ACRONYM.findall(text)) | {each.replace(".", "") for each in _DOTTED.findall(text)}


def spelt_out(text: str, known: frozenset[str]) -> frozenset[str]:
    """Return the words of a text's names that stand for a known acronym."""
    runs = (pair for match in _RUN.finditer(text) for pair in _initials(match))
    return frozenset(word for words, initials in runs if initials in known for word in words)


def blanked(text: str, found: Sequence[Claim]) -> str:
    """Return the text with blanks where these claims stand; offsets stay."""
    parts, at = [], 0
    for claim in sorted(found, key=lambda each: each.start):
        parts += [text[at : claim.start], " " * (claim.end - max(at, claim.start))]
        at = max(at, claim.end)
    return "".join([*parts, text[at:]])


def _numbers(text: str) -> Iterator[Claim]:
    for each in find_numbers(text):
        yield Claim("number", text[each.start : each.end].strip(), each.values, each.start, each.end, each.measures)


def _names(text: str) -> Iterator[Claim]:
    """Yield capitalised words that do not begin a sentence."""
    for match in _NAME.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()]
        if len(match[0]) > 1 and not _SENTENCE_START.search(before):
            value = month_named(match[0]) or match[0].lower()
            yield Claim("name", match[0], frozenset({value}), *match.span())


def _is_composed(value: str, values: frozenset[str]) -> bool:
    """Whether a date stands in two places: its day or month without a year, and the year."""
    year, _, rest = value.partition("-")
    return bool(year) and f"?-{rest}" in values and year in values


def _initials(run: re.Match[str]) -> Iterator[tuple[list[str], str]]:
    """Yield each series of words within a name with its initials, with and without small words."""
    words = run[0].split(" ")
    for start, end in combinations(range(len(words) + 1), 2):
        part = words[start:end]
        for kept in (part, [word for word in part if word[0].isupper()]):
            initials = "".join(word[0] for word in kept).upper()
            if len(initials) > 2 or initials in _TWO_LETTERS:
                yield part, initials
