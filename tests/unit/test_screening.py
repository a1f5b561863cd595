"""Which questions are read, and in which form."""

import pytest

from rag.errors import QuestionRejectedError
from rag.screening import is_clear, screen
from rag.settings import QuestionLimits
from rag.types import Caller, Request


def asked(question: str) -> Request:
    return screen(Request("1", question, Caller(frozenset({"public"}))), QuestionLimits())


@pytest.mark.parametrize("question", ["", "   ", " " * 1_000_000, "\u200b\u2060", "a\0b", "\ud800", "x" * 1_000_000])
def test_what_is_no_question_is_refused_with_advice(question: str) -> None:
    with pytest.raises(QuestionRejectedError, match="question"):
        asked(question)


def test_blanks_are_folded_and_unicode_is_composed() -> None:
    assert asked("  Wie\n viele   Tage\t Ru\u0308ckgabe?").question == "Wie viele Tage R\u00fcckgabe?"


def test_hidden_characters_are_dropped_and_raise_the_risk_tier() -> None:
    screened = asked("What is \u202ethe limit\U000e0041?")
    assert screened.question == "What is the limit?"
    assert screened.risk_tier == "high"
    assert asked("What is the limit?").risk_tier == "low"


@pytest.mark.parametrize(("question", "clear"), [("???", False), ("…", False), ("7?", True), ("何?", True)])
def test_a_question_needs_a_letter_or_a_digit(question: str, clear: bool) -> None:
    assert is_clear(question) == clear
