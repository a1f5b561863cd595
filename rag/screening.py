"""The canonical form of a question, its limits and its risk tier."""

import unicodedata
from dataclasses import replace

import regex

from rag.errors import QuestionRejectedError
from rag.settings import QuestionLimits
from rag.types import Request

# Tag characters, zero-width and bidirectional controls: seen by a model, not by a reader.
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}--[\t\n\r\u200c\u200d]]", flags=regex.V1)
_WORD = regex.compile(r"[\p{L}\p{N}]")


def screen(request: Request, limits: QuestionLimits) -> Request:
    """Return the request with its question in NFC, without control characters, blanks folded.

    Raises QuestionRejectedError for a question that is empty, too long, or no text.
    """
    _check_text(request.question)
    question = " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", request.question)).split())
    if not question:
        raise QuestionRejectedError("The question is empty. Ask something in a sentence or a few words.")
    if len(question) > limits.max_chars:
        raise QuestionRejectedError(
            f"The question has {len(question):,} characters; at most {limits.max_chars:,} are read. Shorten it."
        )
    hidden = len(_INVISIBLE.findall(request.question)) > 0
    return replace(request, question=question, risk_tier="high" if hidden else request.risk_tier)


def is_clear(question: str) -> bool:
    """Whether the question has a letter or digit of any script."""
    return bool(_WORD.search(question))


def _check_text(question: str) -> None:
    if "\0" in question:
        raise QuestionRejectedError("The question contains a NUL character. Remove it.")
    if any("\ud800" <= character <= "\udfff" for character in question):
        raise QuestionRejectedError("The question contains half of a surrogate pair, so it is no valid text.")
