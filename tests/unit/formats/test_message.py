import datetime

import orjson
import pytest

from indexing.formats.extracted import Extracted, Metadata
from indexing.formats.message import dump
from indexing.formats.receiving import load
from rag.errors import ParseError
from rag.types import Block

GOOD = Extracted(
    "text",
    "One two.\n\nThree.",
    (Block("heading", 0, 8, 1, ("One",)), Block("table_row", 10, 16, 2, ("One",), "a | b")),
    Metadata("T", "policy", "en", datetime.date(2026, 1, 2), "me", ("x", "y")),
    ("a doubt",),
)


def test_a_message_says_what_was_extracted():
    assert load(dump(GOOD), 100) == GOOD


@pytest.mark.parametrize(
    "change",
    [
        {"text": "x" * 200},
        {"text": "One\0two.\n\nThree."},
        {"text": 7},
        {"more": 1},
        {"blocks": [["paragraph", 0, 99, None, 0, 0]]},
        {"blocks": [["paragraph", -1, 3, None, 0, 0]]},
        {"blocks": [["paragraph", 3, 3, None, 0, 0]]},
        {"blocks": [["paragraph", 0, 9, None, 0, 0], ["paragraph", 5, 12, None, 0, 0]]},
        {"blocks": [["poem", 0, 9, None, 0, 0]]},
        {"blocks": [["paragraph", 0, 9, None, 9, 0]]},
        {"blocks": [["paragraph", 0, 9, None, 0, -1]]},
        {"blocks": [["paragraph", "0", 9, None, 0, 0]]},
        {"date": "soon"},
        {"tags": "x"},
    ],
)
def test_what_a_child_must_not_say_is_refused(change):
    with pytest.raises(ParseError):
        load(orjson.dumps(orjson.loads(dump(GOOD)) | change), 100)


@pytest.mark.parametrize("message", [b"", b"{}", b"[]", b"not json", b'{"text": "\\ud800"}'])
def test_nonsense_is_refused(message):
    with pytest.raises(ParseError):
        load(message, 100)
