from indexing.formats.rst import parse_rst
from rag.types import Block

PAGE = """\
.. _top:

=====
Guide
=====

Intro with :ref:`a link <x>` and ``code``,
on two lines.

Set :term:`up`
--------------

* First item
  goes on.
* Second item.

.. note::

   Keep it dry.

.. code-block:: python

   def f():
       return 1

.. versionadded:: 3.2
   The new way.

=====  =====
Name   Limit
=====  =====
Oslo   210
Rome   165
=====  =====

.. include:: /etc/passwd
.. raw:: html

   <script>alert(1)</script>
"""


def blocks(text: str) -> list[tuple[str, str, Block]]:
    found = parse_rst(text.encode())
    assert found.text == text
    return [(block.kind, found.text[block.start : block.end], block) for block in found.blocks]


def test_headings_paragraphs_items_code_and_rows_are_spans_of_the_file() -> None:
    found = blocks(PAGE)
    pairs = [(kind, text) for kind, text, _ in found]
    assert ("heading", "=====\nGuide\n=====") in pairs
    assert ("paragraph", "Intro with :ref:`a link <x>` and ``code``,\non two lines.") in pairs
    assert ("list_item", "* First item\n  goes on.") in pairs
    assert ("paragraph", "Keep it dry.") in pairs
    assert ("code", "def f():\n       return 1") in pairs
    assert ("paragraph", "The new way.") in pairs


def test_heading_paths_are_free_of_markup() -> None:
    (item,) = [block for kind, text, block in blocks(PAGE) if text == "* Second item."]
    assert item.heading_path == ("Guide", "Set up")


def test_rows_know_their_header() -> None:
    rows = [(text, block.header) for kind, text, block in blocks(PAGE) if kind == "table_row"]
    assert ("Oslo   210", "Name | Limit") in rows


def test_nothing_is_included() -> None:
    assert "root:" not in parse_rst(PAGE.encode()).text


def test_a_paragraph_that_occurs_twice_is_found_where_it_stands() -> None:
    text = "One\n===\n\nThe same words.\n\nTwo\n===\n\nThe same words.\n"
    paths = [block.heading_path for _, said, block in blocks(text) if said == "The same words."]
    assert paths == [("One",), ("Two",)]


def test_text_with_tabs_windows_newlines_and_unknown_directives_is_covered() -> None:
    text = "Title\r\n=====\r\n\r\n\tquoted\r\n\r\n.. unheard-of:: x\r\n\r\n   inside\r\n\r\n|undefined| `broken\r\n"
    inside = "".join(said for _, said, _ in blocks(text))
    assert "".join(inside.split()) == "".join(text.split())


def test_fields_at_the_top_are_metadata() -> None:
    found = parse_rst(b"Title: Leave\nOwner: People team\nUpdated: 2026-03-04\n\nText\n====\n\nWords.\n")
    assert (found.metadata.title, found.metadata.owner, str(found.metadata.date)) == (
        "Leave",
        "People team",
        "2026-03-04",
    )


def test_a_line_longer_than_docutils_takes_is_read_as_plain_text() -> None:
    text = "Title\n=====\n\n" + "word " * 20_000
    assert blocks(text)[0][0] == "heading"
