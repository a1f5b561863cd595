import pytest

from indexing.formats.numbering import Counters, Level, spelled

OUTLINE = {0: Level("%1"), 1: Level("%1.%2"), 2: Level("(%3)", "letter")}


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (7, "decimal", "7"),
        (7, "padded", "07"),
        (3, "ordinal", "3rd"),
        (12, "ordinal", "12th"),
        (21, "ordinal", "21st"),
        (2, "letter", "b"),
        (28, "LETTER", "BB"),
        (14, "roman", "xiv"),
        (1999, "ROMAN", "MCMXCIX"),
        (0, "roman", "0"),
        (100_000, "letter", "100000"),
        (5, "none", ""),
    ],
)
def test_a_number_is_spelled_in_its_style(number, style, text):
    assert spelled(number, style) == text


def test_items_further_in_begin_anew_below_the_next_item():
    counters = Counters()
    depths = [0, 1, 1, 2, 2, 0, 1, 2]
    labels = [counters.advance(depth, OUTLINE) for depth in depths]
    assert labels == ["1", "1.1", "1.2", "(a)", "(b)", "2", "2.1", "(a)"]


def test_an_item_without_one_above_it_counts_below_the_first():
    assert Counters().advance(1, {0: Level("%1", start=4), 1: Level("%1.%2")}) == "4.1"


def test_a_level_that_never_begins_anew_counts_on():
    levels = {0: Level("%1"), 1: Level("§ %2", restarts_after=-1)}
    counters = Counters()
    assert [counters.advance(depth, levels) for depth in (0, 1, 0, 1)] == ["1", "§ 1", "2", "§ 2"]


def test_a_legal_level_writes_the_numbers_above_it_in_digits():
    levels = {0: Level("%1", "ROMAN"), 1: Level("%1.%2", all_decimal=True)}
    counters = Counters()
    assert [counters.advance(depth, levels) for depth in (0, 1)] == ["I", "1.1"]
