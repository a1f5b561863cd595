import datetime

import pytest

from indexing.formats.markdown import parse_markdown

PAGE = """---
title: "Leave policy"
owner: [Ann, Bob]
date: 2024-05-01
tags: [hr, leave]
lang: en-GB
---

# Top **bold** `code`

Para one
wrapped.

- a
  - b

    more
- c

| A | *B* |
|---|---|
| 1 | 2 |
| 3 | 4 |

```py
x = 1

# no heading
```

Set
---

[ref]: http://example.org

<div>
raw
</div>

> quote

***
end"""


def blocks(found):
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_blocks_are_spans_of_the_files_own_text(newline):
    text = PAGE.replace("\n", newline)
    found = parse_markdown(text.encode())
    assert found.text == text
    assert [(kind, body.replace("\r\n", "\n")) for kind, body in blocks(found)] == [
        ("heading", "# Top **bold** `code`"),
        ("paragraph", "Para one\nwrapped."),
        ("list_item", "- a"),
        ("list_item", "- b"),
        ("list_item", "more"),
        ("list_item", "- c"),
        ("table_row", "| A | *B* |\n|---|---|"),
        ("table_row", "| 1 | 2 |"),
        ("table_row", "| 3 | 4 |"),
        ("code", "```py\nx = 1\n\n# no heading\n```"),
        ("heading", "Set\n---"),
        ("paragraph", "[ref]: http://example.org"),
        ("paragraph", "<div>\nraw\n</div>"),
        ("paragraph", "> quote"),
        ("paragraph", "***"),
        ("paragraph", "end"),
    ]


def test_front_matter_is_metadata_and_in_no_block():
    found = parse_markdown(PAGE.encode())
    stated = found.metadata
    assert (stated.title, stated.owner, stated.tags, stated.language) == (
        "Leave policy",
        "Ann, Bob",
        ("hr", "leave"),
        "en",
    )
    assert stated.date == datetime.date(2024, 5, 1)
    assert found.text[found.blocks[0].start :].startswith("# Top")


def test_a_block_knows_its_headings_without_their_markup():
    found = parse_markdown(PAGE.encode())
    assert found.blocks[0].heading_path == ("Top bold code",)
    assert found.blocks[-1].heading_path == ("Top bold code", "Set")


def test_rows_carry_the_header_and_the_header_does_not():
    rows = [block for block in parse_markdown(PAGE.encode()).blocks if block.kind == "table_row"]
    assert [row.header for row in rows] == ["", "A | B", "A | B"]


@pytest.mark.parametrize(
    "text", ["---\nno mapping\n---\n\nBody.", "---\n\nBody.\n\n---\n", "Text\n\n---\ntitle: x\n---\n"]
)
def test_rules_between_text_are_no_front_matter(text):
    assert parse_markdown(text.encode()).blocks[0].start == 0


def test_front_matter_that_is_no_yaml_is_read_line_by_line():
    found = parse_markdown(b"---\ntitle: A: B\nowner: {{ site.owner }\n---\nBody.")
    assert found.metadata.title == "A: B"
    assert found.text[found.blocks[0].start :] == "Body."


def test_the_first_heading_is_the_title():
    assert parse_markdown(b"Intro.\n\n## [Leave](x.md) policy\n\nText").metadata.title == "Leave policy"


def test_a_byte_order_mark_is_dropped():
    assert parse_markdown(b"\xef\xbb\xbf# A").text == "# A"
