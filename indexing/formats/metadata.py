"""`Title: ...` in its many spellings -> Metadata."""

import datetime
import re
from collections.abc import Mapping

from indexing.formats.extracted import Metadata, clean

_KEYS: dict[str, tuple[str, ...]] = {
    "title": ("title", "subject"),
    "type": ("type", "document type", "doc type", "kind", "category"),
    "language": ("language", "lang"),
    "date": (
        *("date", "effective", "effective date", "effective from", "valid from", "as of"),
        *("last updated", "updated", "last modified", "modified", "published", "publication date", "created"),
    ),
    "owner": ("owner", "document owner", "maintainer", "responsible", "author", "authors", "creator", "from"),
    "tags": ("tags", "tag", "keywords", "labels"),
}
_MAX_CHARS = 300
_MAX_TAGS = 50
_DATE_FORMATS = ("%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%Y/%m/%d", "%d. %B %Y")
_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:$|[T ])")
_COMPACT_DATE = re.compile(r"(?:D:)?((?:19|20)\d\d)(\d\d)(\d\d)")
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?$", re.IGNORECASE)


def read_metadata(found: Mapping[str, object]) -> Metadata:
    """Return what these keys and values say; unknown keys are left out. Case and `_` or `-` in keys do not count."""
    known = {re.sub(r"[\s_-]+", " ", str(key)).strip().lower(): value for key, value in found.items()}
    return Metadata(
        title=_line(_first(known, "title")),
        type=_line(_first(known, "type")).lower(),
        language=language_code(_line(_first(known, "language"))),
        date=read_date(_first(known, "date")),
        owner=_line(_first(known, "owner")),
        tags=_tags(_first(known, "tags")),
    )


def is_known_key(key: str) -> bool:
    """Tell whether a key says something of a document."""
    return any(key.strip().lower() in names for names in _KEYS.values())


def read_date(value: object) -> datetime.date | None:
    """Return the day, where it can be told for certain: 03/04/2024 cannot."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    line = _line(value)
    match = _ISO_DATE.match(line) or _COMPACT_DATE.match(line)
    return _day(*match.groups()) if match else _spelled(line) if line else None


def language_code(value: str) -> str:
    """Return the ISO 639-1 code of a language tag; empty where it is none."""
    match = _LANGUAGE.match(value)
    return match[1].lower() if match else ""


def _day(year: str, month: str, day: str) -> datetime.date | None:
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _spelled(line: str) -> datetime.date | None:
    for each in _DATE_FORMATS:
        try:
            return datetime.datetime.strptime(line[:40], each).date()
        except ValueError:
            continue
    return None


def _first(known: Mapping[str, object], field: str) -> object:
    return next((known[name] for name in _KEYS[field] if known.get(name) not in (None, "")), "")


def _line(value: object) -> str:
    """Return the value as one line; lists joined by commas, anything nested left out."""
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_line, value)))[:_MAX_CHARS]
    return "" if isinstance(value, dict) else " ".join(clean(str(value)).split())[:_MAX_CHARS]


def _tags(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else re.split(r"[,;]", _line(value))
    return tuple(dict.fromkeys(filter(None, map(_line, parts))))[:_MAX_TAGS]
