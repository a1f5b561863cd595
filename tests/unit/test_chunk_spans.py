"""Which spans of an eval set a chunking keeps whole, and which it splits."""

import pytest

from evals.chunk_spans import coverage

TEXT = "Leave is 26 weeks. Docking costs 480 euro. 🐟🐟 swim.  "
HALVES = [(0, 18), (19, 42), (43, 51)]  # a chunk per sentence


def test_a_span_inside_one_chunk_is_whole():
    found = coverage(TEXT, (9, 17), HALVES)
    assert (found.chunks, found.share, found.whole, found.split) == (1, 1.0, True, False)


def test_a_span_across_two_chunks_is_split_and_has_its_largest_share():
    found = coverage(TEXT, (13, 26), HALVES)  # five characters, a blank between, seven
    assert (found.chunks, found.whole, found.split) == (2, False, True)
    assert found.share == pytest.approx(7 / 13)


def test_with_overlap_a_span_that_was_split_is_whole_again():
    found = coverage(TEXT, (13, 27), [(0, 27), (13, 42)])
    assert (found.chunks, found.whole, found.split) == (2, True, False)


@pytest.mark.parametrize("span", [(0, 18), (19, 42), (0, 1), (17, 18), (41, 42)])
def test_a_span_at_the_very_edges_of_a_chunk_is_whole(span):
    found = coverage(TEXT, span, HALVES)
    assert (found.chunks, found.whole) == (1, True)


def test_a_neighbour_that_only_touches_a_span_does_not_hold_it():
    assert coverage(TEXT, (18, 43), [(0, 18), (18, 43), (43, 51)]).chunks == 1


def test_blanks_at_the_ends_of_a_span_do_not_split_it():
    found = coverage(TEXT, (18, 43), HALVES)  # a blank before the sentence and one after
    assert (found.chunks, found.whole) == (1, True)


def test_a_span_in_no_chunk_is_neither_whole_nor_split():
    found = coverage(TEXT, (43, 51), HALVES[:2])
    assert (found.chunks, found.share, found.whole, found.split) == (0, 0.0, False, False)


def test_offsets_are_code_points_also_beyond_the_basic_plane():
    assert coverage(TEXT, (44, 45), HALVES).whole
    assert coverage(TEXT, (43, 45), [(0, 44), (44, 51)]).share == pytest.approx(1 / 2)


@pytest.mark.parametrize("span", [(5, 5), (18, 19), (51, 53)])
def test_a_span_without_text_cannot_be_judged(span):
    with pytest.raises(ValueError, match="needs text"):
        coverage(TEXT, span, HALVES)
