"""Text as plain text: nothing to follow, fetch or format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.plain_text import addresses, has_markup, holds_address, plain_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('See [the portal](https://hr.example.com/a "now").', "See the portal (https://hr.example.com/a)."),
        ("![tracker](https://evil.example/x.png) Leave is paid.", "tracker Leave is paid."),
        ("Press [here](javascript:alert(1)) now.", "Press here now."),
        ("[a](b(c(d)e)f)", "[a] (b(c(d)e)f)"),
        ("Read [the rules][1] and [more][ref].", "Read the rules and more."),
        ("<img src=x onerror=alert(1)> Leave", "‹img src=x onerror=alert(1)› Leave"),
        ("<script", "‹script"),
        ("See <https://a.example> today.", "See https://a.example today."),
        ("**Bold** and `code` and ~~old~~ and *soft*.", "Bold and code and old and soft."),
        ("2 * 3 = 6 and 4*5", "2 * 3 = 6 and 4*5"),
        ("### - A heading", "A heading"),
        ("| Own wedding | 2 |", "Own wedding | 2"),
        ("a\u202eb\u200bc\U000e0041\x07d", "abcd"),
        ("one\ud800two", "onetwo"),
        ("Footnote [12] stays readable.", "Footnote (12) stays readable."),
        ("a < b and b > c", "a < b and b > c"),
        ("snake_case and __init__", "snake_case and __init__"),
    ],
)
def test_markup_becomes_plain_text(text, shown):
    assert plain_line(text) == shown


@given(st.text(alphabet="[]()!<>*`~#|- a1\n\u202e", max_size=60))
def test_plain_text_stays_as_it_is_and_has_no_markup(text):
    shown = plain_line(text)
    assert plain_line(shown) == shown
    assert not has_markup(shown)


def test_addresses_are_found_in_every_dress():
    text = "Go to https://a.example/x, www.b.example, evil.io/y, mailto:c@d.example or data:text/html;base64,AA."
    assert len(addresses(text)) == 5
    assert addresses("It lasts 26 weeks, e.g. 3.5 months at 1.200 euro.") == []


@pytest.mark.parametrize("text", ["see evil.рф", "see evil.c\u200dom", "see evil.c\ufe0fom", "see ｅｖｉｌ．ｃｏｍ"])
def test_an_address_is_found_also_where_it_is_spelt_to_be_overlooked(text):
    assert addresses(text)


@pytest.mark.parametrize(
    ("text", "address", "held"),
    [
        ("Ask at https://hr.example.com/leave.", "https://hr.example.com/leave", True),
        ("Ask at https://hr.example.com.", "hr.example.com", True),
        ("| https://hr.example.com/a|b", "https://hr.example.com/a", True),
        ("Ask hr@example.com.", "hr@example.com", True),
        ("Ask at hr.example.com.", "hr.example.co", False),
        ("Ask at hr.example.com.", "example.com", False),
        ("Ask hr@example.com.", "example.com", False),
        ("Ask at example.community.", "example.com", False),
        ("Ask at https://hr.example.com/leave.", "https://hr.example.com/lea", False),
        ("Ask at https://hr.example.com/evil.io/x.", "evil.io", False),
    ],
)
def test_an_address_stands_in_a_text_whole_or_not_at_all(text, address, held):
    assert holds_address(text, address) == held
