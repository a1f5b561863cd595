"""What a line says by its form: a numbered clause, a question, a version. Shared by detection and chunking."""

import regex

from rag.types import Block

_MAX_CHARS = 300  # a mark stands at the beginning of a block; what is longer is read no further
_ORNAMENT = "#*_>-•· \t"

_NUMBERED = regex.compile(r"(\d{1,2}(?:\.\d{1,3}){0,4})([.)]?)\s+[\"“”'(\[*_]*\p{L}")
_LETTERED = regex.compile(r"\((?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})\)\s")
_NAMED = regex.compile(
    r"(article|section|clause|part|schedule|exhibit|annex|appendix)\s+([\divxlc]+(?:\.\d+)*|[a-z])\b"
)
_DEEPEST = 9

_QUESTION_CHARS = 200
_ASKED = regex.compile(r"(?:q|question)\s*\d*\s*[.:)]\s*\S", regex.IGNORECASE)
_QUESTION_MARKS = ("?", "\uff1f", "\u061f")

# A product's name may stand before the number; behind it a date, brackets or what a dash begins: "3.1 Fees" is none.
_VERSION = regex.compile(
    r"(?:[\p{L}_-]+\s){0,2}\[?v?\d{1,4}(?:\.\d+){1,3}(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)[-.]?\d*)?\]?(?:\(.*\))?"
    r"(?:\s*$|\s*[-\u2013\u2014(,:/]|\s+\d{4}|\s+\d{1,2}\s+\p{L}+\s+\d{4})|\[?unreleased\]?\s*$",
    regex.IGNORECASE,
)

_MESSAGE = regex.compile(
    r"(?:from|von|de|da|van):\s*\S|-{2,}\s*(?:original message|forwarded message)|on .{6,120} wrote:", regex.IGNORECASE
)


def first_words(text: str, block: Block) -> str:
    """Return the beginning of a block, at most 300 characters, without what sets it off."""
    if block.kind == "heading" and block.heading_path:
        return block.heading_path[-1][:_MAX_CHARS].strip(_ORNAMENT)
    return text[block.start : min(block.end, block.start + _MAX_CHARS)].strip(_ORNAMENT)


def clause_level(line: str, *, heading: bool = False) -> int | None:
    """Return how deep a numbered clause lies: 1 for "4. Term" and "Article IV", 2 for "4.1", 9 for "(a)".

    A number alone, as in "3 days", counts in a heading only.
    """
    if found := _NAMED.match(line.lower()):
        return 1 + str(found[2]).count(".")
    if found := _NUMBERED.match(line):
        level = 1 + str(found[1]).count(".")
        return level if level > 1 or found[2] or heading else None
    return _DEEPEST if _LETTERED.match(line) else None


def is_question(text: str, block: Block) -> bool:
    """Tell whether a block is nothing but a question, or begins with "Q:"."""
    if block.kind in {"table_row", "code"}:
        return False
    line = first_words(text, block)
    short = block.end - block.start <= _QUESTION_CHARS
    return bool(_ASKED.match(line)) or (short and line.rstrip("*_\"'”’) ").endswith(_QUESTION_MARKS))


def is_version(line: str) -> bool:
    """Tell whether a heading names a version: "1.4.2", "[2.0.0] - 2025-03-01", "Release 3.1 (May 2026)"."""
    return bool(_VERSION.match(line))


def begins_message(text: str, block: Block) -> bool:
    """Tell whether a block begins with the lines that stand over a mail, or over one that is quoted."""
    return block.kind != "heading" and bool(_MESSAGE.match(first_words(text, block)))
