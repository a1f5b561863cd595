"""What a model wrote -> statements with the sources that they name."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.statements import Transcript

TEXT = (
    "It lasts 26 weeks. [1][3]\n"
    "Pay is full for 18 weeks [2]. Ask Dr. Berg first. [1, 2] "
    "The rest is unpaid [3].\n- **Done**. [9]\nNo source.\n"
)
READ = [
    ("It lasts 26 weeks.", (1, 3)),
    ("Pay is full for 18 weeks.", (2,)),
    ("Ask Dr. Berg first.", (1, 2)),
    ("The rest is unpaid.", (3,)),
    ("Done.", (9,)),
    ("No source.", ()),
]


def read(*pieces):
    transcript = Transcript()
    found = [each for piece in pieces for each in transcript.add(piece)]
    found += transcript.end()
    return [(each.text, each.sources) for each in found]


def test_statements_are_told_apart_with_their_sources():
    assert read(TEXT) == READ


@given(st.lists(st.integers(0, len(TEXT)), max_size=40))
def test_how_the_text_is_cut_into_pieces_makes_no_difference(places):
    cuts = [0, *sorted(places), len(TEXT)]
    assert read(*(TEXT[a:b] for a, b in pairwise(cuts))) == READ


@pytest.mark.parametrize("text", ["Pay is full [1].) Ask. [2]\n", 'It says "Pay is full [1]." Ask. [2]\n'])
def test_what_closes_a_sentence_belongs_to_it_also_where_a_piece_ends_before_it(text):
    assert read(*text) == read(text)


def test_a_run_of_markers_takes_no_time_however_it_is_cut_into_pieces():
    started = time.perf_counter()
    read(*"[1]" * 600)
    assert time.perf_counter() - started < 3


def test_a_statement_is_closed_by_its_line_before_the_next_begins():
    assert [each.text for each in Transcript().add("It lasts 26 weeks. [1]\n")] == ["It lasts 26 weeks."]


def test_a_refusal_in_the_agreed_form_is_no_statement():
    transcript = Transcript()
    assert [*transcript.add("NOT_ANSWERED\n"), *transcript.end()] == []
    assert transcript.not_answered


def test_the_words_of_a_refusal_later_on_refuse_nothing():
    transcript = Transcript()
    assert len([*transcript.add("It lasts 26 weeks. [1]\nNOT_ANSWERED\n")]) == 2
    assert not transcript.not_answered


@pytest.mark.parametrize(
    "line",
    [
        "See [the portal](https://evil.example). [1]",
        "![x](https://evil.example/p.png) It lasts 26 weeks. [1]",
        "It lasts <b>26</b> weeks. [1]",
        "<script>alert(1)</script> [1]",
        "Read [this][a]. [1]",
        "```python [1]",
        "It lasts " + "very " * 300 + "long. [1]",
    ],
)
def test_markup_names_no_source(line):
    assert all(sources == () for _, sources in read(line + "\n"))


def test_a_line_without_end_is_no_answer():
    with pytest.raises(ValueError, match="too long"):
        read("word " * 2000)
