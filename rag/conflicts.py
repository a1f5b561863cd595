"""An old and a new version of the same thing: which of two sentences is of the newer, and what a reader is told."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from rag.analysis import analyse
from rag.answers import Notice
from rag.claims import Claim, blanked, claims
from rag.sentences import split_sentences
from rag.types import DocumentInfo, Hit
from rag.word_weights import word_weight

Placed = tuple[str, int]  # a sentence and the index of its hit

# What tells versions of one document apart in its title or file name, and not the documents.
_VERSION_WORDS = frozenset(
    [
        "version",
        "edition",
        "revision",
        "rev",
        "draft",
        "final",
        "old",
        "new",
        "current",
        "former",
        "previous",
        "superseded",
        "archived",
        "archive",
        "copy",
        "update",
        "updated",
        "v",
        "alt",
        "neu",
        "fassung",
        "stand",
    ]
)
# Each of these is about a time of its own: other figures in the next one contradict nothing.
_PERIODIC = frozenset(
    [
        "minutes",
        "report",
        "reports",
        "review",
        "newsletter",
        "meeting",
        "log",
        "diary",
        "results",
        "statement",
        "bulletin",
        "protokoll",
        "bericht",
        "weekly",
        "monthly",
        "quarterly",
        "q1",
        "q2",
        "q3",
        "q4",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)
_TITLE_WORD = re.compile(r"[^\W_]+")
_VERSION_NUMBER = re.compile(r"v?\d+(?:st|nd|rd|th)?")
_ENUMERATOR = re.compile(r"^\W*\d{1,2}(?:\.\d+)*[.)]?\s+(?=[A-Z])|^#+\s+[\d.]*")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_MIN_SHARE, _MIN_CONTAINED = 0.45, 0.6  # of all words of both sentences, of those of the shorter one
_MIN_WEIGHT = 6.0  # of the words in common: less is a coincidence


@dataclass(frozen=True, slots=True)
class _Statement:
    words: frozenset[str]
    figures: tuple[Claim, ...]


def newer_counterparts(sentences: Sequence[Placed], hits: Sequence[Hit]) -> dict[int, int]:
    """Return, for each sentence of an older version that a newer one contradicts, the newer sentence; by index."""
    found: dict[int, int] = {}
    for old, new in permutations(range(len(hits)), 2):
        if versions_of_one(hits[old].document, hits[new].document) and _date(hits[old].document) < _date(
            hits[new].document
        ):
            candidates = [(index, _statement(text)) for index, (text, place) in enumerate(sentences) if place == new]
            for index, (text, place) in enumerate(sentences):
                if place == old and (newer := _contradicting(_statement(text), candidates)) is not None:
                    found.setdefault(index, newer)
    return found


def conflict_notices(cited: Sequence[Placed], hits: Sequence[Hit]) -> tuple[Notice, ...]:
    """Return a notice per pair of documents of which a hit says otherwise than what is cited."""
    found: dict[tuple[str, str], Notice] = {}
    for text, place in cited:
        mine = hits[place].document
        for hit in hits:
            if (mine.id, hit.document.id) in found or not versions_of_one(mine, hit.document):
                continue
            spans = split_sentences(hit.chunk.text, hit.document.language)
            others = [_statement(hit.chunk.text[start:end]) for start, end in spans]
            contradicting = _contradicting(_statement(text), list(enumerate(others)))
            if contradicting is not None:
                said = _statement(text)
                found[mine.id, hit.document.id] = _notice(said, others[contradicting], mine, hit.document)
    return tuple(found.values())


def versions_of_one(first: DocumentInfo, second: DocumentInfo) -> bool:
    """Whether two documents of different dates have the same title or file name, but for years and version words."""
    if first.id == second.id or _date(first) == _date(second) or None in (_known_date(first), _known_date(second)):
        return False
    titles = [_core(document.title) for document in (first, second)]
    names = [_core(document.uri.rsplit("/", 1)[-1].rsplit(".", 1)[0]) for document in (first, second)]
    return any(a == b and a and not a & _PERIODIC for a, b in (titles, names))


def _contradicting(statement: _Statement, others: Sequence[tuple[int, _Statement]]) -> int | None:
    """Return the index of the sentence that says the same, if it says it with other figures."""
    alike = [(share, index, other) for index, other in others if (share := _alike(statement, other)) > 0]
    if not alike:
        return None
    _, index, nearest = max(alike, key=lambda each: each[0])
    return index if _figures_differ(statement, nearest) else None


def _alike(a: _Statement, b: _Statement) -> float:
    """Return the share of words in common, figures left out, or 0 where two sentences are not about the same."""
    common = a.words & b.words
    if not common or not a.figures or not b.figures or sum(map(word_weight, common)) < _MIN_WEIGHT:
        return 0
    share = len(common) / len(a.words | b.words)
    contained = len(common) / min(len(a.words), len(b.words))
    return share if share >= _MIN_SHARE and contained >= _MIN_CONTAINED else 0


def _figures_differ(a: _Statement, b: _Statement) -> bool:
    """Whether the first figures differ, or each sentence has one that the other lacks."""
    return a.figures[0].values.isdisjoint(b.figures[0].values) or bool(_only_in(a, b) and _only_in(b, a))


def _only_in(a: _Statement, b: _Statement) -> list[Claim]:
    known = {value for claim in b.figures for value in claim.values}
    return [claim for claim in a.figures if claim.values.isdisjoint(known)]


def _statement(text: str) -> _Statement:
    rest = _ENUMERATOR.sub("", text)
    stated = [claim for claim in claims(rest) if claim.kind != "name"]
    in_order = sorted(stated, key=lambda claim: claim.start)
    return _Statement(
        frozenset(word for word in analyse(blanked(rest, stated), "en") if not word.isdigit()), tuple(in_order)
    )


def _core(title: str) -> frozenset[str]:
    words = [word.lower() for word in _TITLE_WORD.findall(title)]
    return frozenset(word for word in words if not _VERSION_NUMBER.fullmatch(word)) - _VERSION_WORDS


def _known_date(document: DocumentInfo) -> datetime.date | None:
    """The document's date, else the year in its title or file name."""
    if document.date:
        return document.date
    years = _YEAR.findall(document.title) or _YEAR.findall(document.uri)
    return datetime.date(int(years[-1]), 1, 1) if years else None


def _date(document: DocumentInfo) -> datetime.date:
    return _known_date(document) or datetime.date.min


def _notice(said: _Statement, other: _Statement, mine: DocumentInfo, theirs: DocumentInfo) -> Notice:
    relation = "the older" if _date(theirs) < _date(mine) else "the newer"
    return Notice(
        "conflict",
        f"{_named(mine)} is cited: {_figures(said, other)}. "
        f"In {relation} {_named(theirs)} it is {_figures(other, said)}.",
    )


def _named(document: DocumentInfo) -> str:
    return f"“{document.title or document.uri}” of {_date(document).isoformat()}"


def _figures(a: _Statement, b: _Statement) -> str:
    return ", ".join(claim.text for claim in _only_in(a, b) or a.figures)
