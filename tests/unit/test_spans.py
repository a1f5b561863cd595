"""Intervals against sets of characters, and copies against a plain search."""

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.copies import find_copies, span_truths
from evals.outcome import Place
from evals.spans import (
    Interval,
    PlaceIndex,
    SpanTruth,
    TrueSpan,
    add,
    covers,
    difference,
    intersection_length,
    length,
    overlap,
    union,
)

INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda each: (each[0], sum(each))))
SENTENCE = "The supplier shall deliver all goods within thirty days."


def chars(intervals: list[Interval]) -> set[int]:
    return {at for start, end in intervals for at in range(start, end)}


@given(INTERVALS)
def test_a_union_has_the_same_characters_in_sorted_stretches_with_gaps(intervals: list[Interval]) -> None:
    merged = union(intervals)
    assert chars(merged) == chars(intervals)
    assert length(merged) == len(chars(intervals))
    assert all(left[1] < right[0] for left, right in pairwise(merged))


@given(INTERVALS, INTERVALS)
def test_difference_and_intersection_are_those_of_sets(left: list[Interval], right: list[Interval]) -> None:
    left, right = union(left), union(right)
    assert chars(difference(left, right)) == chars(left) - chars(right)
    assert intersection_length(left, right) == len(chars(left) & chars(right))


@given(INTERVALS)
def test_adding_stretches_one_by_one_gives_their_union(intervals: list[Interval]) -> None:
    added: list[Interval] = []
    for start, end in (each for each in intervals if each[0] < each[1]):
        before = chars(added)
        assert add(added, start, end) == len(set(range(start, end)) - before)
    assert added == union(intervals)


def test_half_of_the_shorter_is_enough_to_cover() -> None:
    assert covers(Place("a", 0, 100), Place("a", 95, 105))
    assert not covers(Place("a", 0, 100), Place("a", 96, 106))
    assert covers(Place("a", 10, 20), Place("a", 0, 1000))


def test_places_of_two_documents_share_nothing() -> None:
    assert overlap(Place("a", 0, 9), Place("b", 0, 9)) == 0
    assert not covers(Place("a", 0, 9), Place("b", 0, 9))


def test_what_touches_is_near_and_does_not_overlap() -> None:
    index = PlaceIndex([(Place("a", 0, 10), "x"), (Place("a", 10, 20), "y"), (Place("b", 0, 90), "z")])
    assert [item for _, item in index.near(Place("a", 10, 12))] == ["x", "y"]
    assert [item for _, item in index.overlapping(Place("a", 10, 12))] == ["y"]
    assert list(index.near(Place("c", 0, 5))) == []


@given(INTERVALS, st.integers(0, 50), st.integers(1, 20))
def test_an_index_finds_what_a_scan_finds(intervals: list[Interval], start: int, size: int) -> None:
    places = [Place("a", *each) for each in intervals]
    asked = Place("a", start, start + size)
    index = PlaceIndex((place, number) for number, place in enumerate(places))
    found = {number for _, number in index.near(asked)}
    assert found == {n for n, each in enumerate(places) if each.start <= asked.end and each.end >= asked.start}


def test_a_truth_needs_a_reference_with_text() -> None:
    with pytest.raises(ValueError, match="without references"):
        SpanTruth(())
    with pytest.raises(ValueError, match="at least one character"):
        SpanTruth((TrueSpan(Place("a", 3, 3)),))


def test_a_verbatim_copy_is_found_in_every_document() -> None:
    texts = {"a": f"One. {SENTENCE} Two.", "b": f"{SENTENCE}{SENTENCE}", "c": SENTENCE.upper()}
    reference = Place("a", 5, 5 + len(SENTENCE))
    copies = find_copies([reference], texts)
    assert copies[reference] == (Place("b", 0, len(SENTENCE)), Place("b", len(SENTENCE), 2 * len(SENTENCE)))


@pytest.mark.parametrize("phrase", ["University of California", "to be or not to be", "Bezirkshauptmannschaften " * 3])
def test_a_phrase_standing_elsewhere_is_no_copy(phrase: str) -> None:
    texts = {"a": phrase, "b": phrase}
    assert find_copies([Place("a", 0, len(phrase))], texts) == {}


def test_copies_are_those_of_a_plain_search_in_any_script() -> None:
    source = random.Random(7)
    words = ["alpha", "βήτα", "гамма", "dëlta", "𝛆psilon", "\ud800"]
    texts = {f"{n}": " ".join(source.choices(words, k=2500)) for n in range(8)} | {"short": "alpha"}
    texts["long"] = "\n".join(texts.values()) * 3
    references = [Place("1", start, start + 26) for start in range(200, 3000, 40)]
    references = [each for each in references if len(texts["1"][each.start : each.end].split()) >= 4]
    copies = find_copies(references, texts)
    assert len(copies) > 30
    for each in references:
        assert set(copies[each]) == plainly_found(each, texts) - {each}
        assert len(copies[each]) > 2


def plainly_found(reference: Place, texts: dict[str, str]) -> set[Place]:
    wanted = texts[reference.doc][reference.start : reference.end]
    everywhere = re.compile(f"(?={re.escape(wanted)})")
    starts = ((doc, found.start()) for doc, text in texts.items() for found in everywhere.finditer(text))
    return {Place(doc, at, at + len(wanted)) for doc, at in starts}


def test_a_listed_alternative_counts_where_its_text_is_the_same_but_for_white_space() -> None:
    texts = {"a": "in 1066 AD", "b": "in 1066\nAD or 1067 AD"}
    given = {"q": [Place("b", 3, 10), Place("b", 14, 21), Place("a", 3, 10)]}
    truth = span_truths({"q": [Place("a", 3, 10)]}, given, texts)["q"]
    assert truth.spans == (TrueSpan(Place("a", 3, 10), (Place("b", 3, 10),)),)


def test_an_alternative_of_another_question_does_not_count() -> None:
    texts = {"a": "in 1066", "b": "in 1066"}
    truths = span_truths({"q": [Place("a", 3, 7)], "r": []}, {"r": [Place("b", 3, 7)]}, texts)
    assert truths == {"q": SpanTruth((TrueSpan(Place("a", 3, 7)),))}


def test_a_reference_whose_document_was_lost_still_is_truth() -> None:
    assert span_truths({"q": [Place("lost", 0, 50)]}, {}, {})["q"].chars == 50


def test_a_copy_of_other_length_stands_for_the_whole_reference() -> None:
    span = TrueSpan(Place("a", 100, 110), (Place("b", 0, 20),))
    assert span.original(Place("b", 0, 20), 0, 20) == (100, 110)
    assert span.original(Place("b", 0, 20), 10, 20) == (105, 110)


def test_characters_of_overlapping_references_count_once() -> None:
    truth = SpanTruth((TrueSpan(Place("a", 0, 10)), TrueSpan(Place("a", 5, 20)), TrueSpan(Place("b", 0, 5))))
    assert truth.references == {"a": [(0, 20)], "b": [(0, 5)]}
    assert truth.chars == 25
