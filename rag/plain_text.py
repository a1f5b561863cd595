"""Text of a document or a model as plain text: nothing that a renderer would follow, fetch or format."""

import re
import unicodedata

import regex

_ROUNDS = 8  # what is taken away may bring marks together that had been apart
_INVISIBLE = regex.compile(r"[[\p{Cf}\p{Cc}\p{Cs}\p{Co}]--[\t\n\r\u2028\u2029\u200c\u200d]]", flags=regex.V1)
_EMPHASIS = re.compile(r"`+|\*{2,}|~{2,}|(?<![\w*])\*(?=\S)(?=[^*\n]{1,300}\*(?![\w*]))|(?<=[^\s*])\*(?![\w*])")
_IMAGE = re.compile(r"!\[([^\[\]]{0,300})\](?:\([^()\n]{0,2000}\)|\[[^\[\]\n]{0,300}\])?")
_TARGET = r"[^()\s<>]{0,2000}(?:\([^()\s<>]{0,300}\)[^()\s<>]{0,300})?"
_LINK = re.compile(rf"\[([^\[\]]{{0,300}})\]\(\s*<?({_TARGET})>?[^()\n]{{0,300}}\)")
_LINK_LIKE = re.compile(r"\](?=\()")
_REFERENCE = re.compile(r"\[([^\[\]]{0,300}[^\[\]\d][^\[\]]{0,300})\](?:\[[^\[\]\n]{0,300}\]|:(?=\s))")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]{1,2000})>", re.IGNORECASE)
_TAG = re.compile(r"<([A-Za-z/!?][^<>]{0,2000})>")
_TAG_BEGINS = re.compile(r"<(?=[A-Za-z/!?])")
_ON_THE_WEB = re.compile(r"https?://", re.IGNORECASE)
# What stands at a sentence's edge as the mark of a list, quote, heading or table.
_LEADING_MARKS = re.compile(r"^(?:[-*+•>]\s+|#{1,6}\s+|\|\s*)+")
_TRAILING_MARKS = re.compile(r"(?:\s*\|)+\s*$")
_LIKE_MARKER = re.compile(r"\[(\d{1,4})\]")
_CELL_EDGE = re.compile(r"\s*\|\s*")
_MARKUP = (_IMAGE, _LINK_LIKE, _REFERENCE, _AUTOLINK, _TAG_BEGINS, re.compile(r"```|~~~"))
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s<>‹›\"“”]+|\b(?:www\.|mailto:|javascript:|vbscript:|data:)[^\s<>‹›\"“”]+"
    r"|[\w.+-]{1,64}@[\w-]+\.[\w.-]+|\b(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}\b(?:/[^\s<>‹›\"“”]*)?",
    re.IGNORECASE,
)
_UNSEEN_IN_ADDRESS = re.compile("[\u034f\u200c\u200d\ufe00-\ufe0f]")  # an address with them opens as one without
_BEFORE_ADDRESS = r"(?:(?<=://)|(?<![\w.@/%=+-]))"
_AFTER_ADDRESS = r"/?(?![\w@/?#=&%~+-]|[.:]\w)"


def plain_line(text: str) -> str:
    """Return a line of plain text: no links, images, tags, list marks, table borders, or markers but ours.

    An address stays, as text; a tag keeps its words between ‹ and ›.
    """
    for _ in range(_ROUNDS):
        line = _round(text)
        if line == text:
            break
        text = line
    return text


def has_markup(text: str) -> bool:
    """Whether a text holds a link, an image, a tag or a block of code, as Markdown or HTML."""
    return any(pattern.search(text) for pattern in _MARKUP)


def addresses(text: str) -> list[str]:
    """Return what a renderer or a reader may take for a web or mail address."""
    return [match.rstrip(".,;:!?)]}'’/") for match in _ADDRESS.findall(_as_opened(text))]


def holds_address(text: str, address: str) -> bool:
    """Whether one of `addresses` stands in a text whole: `example.co` does not stand in `example.com`."""
    pattern = f"{_BEFORE_ADDRESS}{re.escape(address)}{_AFTER_ADDRESS}"
    return re.search(pattern, _as_opened(text), re.IGNORECASE) is not None


def _as_opened(text: str) -> str:
    return _UNSEEN_IN_ADDRESS.sub("", unicodedata.normalize("NFKC", text))


def _round(text: str) -> str:
    text = _EMPHASIS.sub("", _INVISIBLE.sub("", text))
    text = _LINK.sub(_linked, _IMAGE.sub(r"\1", text))
    text = _LINK_LIKE.sub("] ", _REFERENCE.sub(r"\1", text))
    text = _TAG_BEGINS.sub("‹", _TAG.sub(r"‹\1›", _AUTOLINK.sub(r"\1", text)))
    line = _TRAILING_MARKS.sub("", _LEADING_MARKS.sub("", " ".join(text.split())))
    return _LIKE_MARKER.sub(r"(\1)", _CELL_EDGE.sub(" | ", line)).strip()


def _linked(match: re.Match[str]) -> str:
    text, target = match[1], match[2]
    return f"{text} ({target})" if _ON_THE_WEB.match(target) and target != text else text
