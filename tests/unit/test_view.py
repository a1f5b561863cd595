"""The page of a document: inert, faithful, and with its span marked."""

import datetime
import html
import re
from html.parser import HTMLParser

import pytest

from rag.api.view import POLICY, render_view
from rag.errors import UsageError
from rag.types import Block, BlockKind, Document

HOSTILE = (
    "# Rates <script>alert(1)</script>\n\n"
    'Read <a href="https://evil.example">this</a> and ![x](https://evil.example/x.png).\n\n'
    "<img src=x onerror=alert(2)> &lt;b&gt; \u202etxt.exe\u202c \U000e0041hidden\x00\n\n"
    "| Grade | Weeks |\n| 4 | 26 |\n"
)


def document(text: str, blocks: tuple[Block, ...] = (), title: str = "Rates") -> Document:
    return Document(
        "d1", "v1", "handbook/rates.md", title, "policy", text, blocks, "en", datetime.date(2026, 3, 1), "people"
    )


def blocks_of(text: str, kind: BlockKind = "paragraph") -> tuple[Block, ...]:
    return tuple(
        Block("heading" if each[0].startswith("#") else kind, each.start(), each.end(), 2, ("Rates", "Pay"))
        for each in re.finditer(r"\S.*", text)
    )


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked, self._in_mark = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_mark = self._in_mark or tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = self._in_mark and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.marked += data if self._in_mark else ""

    def named(self, *names: str) -> list[tuple[str, dict[str, str | None]]]:
        return [tag for tag in self.tags if tag[0] in names]


def test_markup_of_a_document_is_shown_as_text():
    page = render_view(document(HOSTILE, blocks_of(HOSTILE), title="<script>alert(3)</script>"))
    found = Elements(page)
    assert found.named("script", "img", "a", "iframe", "form", "object", "link", "base") == []
    assert not any(name.startswith("on") for _, attributes in found.tags for name in attributes)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&amp;lt;b&amp;gt;" in page


def test_characters_that_hide_or_reorder_text_are_named():
    page = render_view(document(HOSTILE))
    assert not re.search("[\u202e\u202c\U000e0041\x00]", page)
    assert all(f"U+{name}" in page for name in ("202E", "202C", "E0041", "0000"))


def test_letters_of_right_to_left_scripts_and_joined_emoji_are_left_alone():
    text = "\u0645\u0631\u062d\u0628\u0627 \u200f(26) \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 👩\u200d🚒"
    assert html.escape(text) in render_view(document(text))


def test_the_page_may_load_nothing_and_run_nothing():
    assert POLICY.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in POLICY
    assert "script-src" not in POLICY


@pytest.mark.parametrize("blocks", [(), blocks_of(HOSTILE)], ids=["without blocks", "with blocks"])
def test_exactly_the_span_is_marked(blocks):
    start, end = HOSTILE.index("this</a>"), HOSTILE.index("| 4 | 26")
    found = Elements(render_view(document(HOSTILE, blocks), start, end))
    words = re.sub(r"\s+", "", found.marked)
    expected = re.sub(r"[\u202e\u202c\U000e0041\x00]", lambda each: f"U+{ord(each[0]):04X}", HOSTILE[start:end])
    assert words == re.sub(r"\s+", "", expected)


def test_one_place_is_scrolled_to_and_named_with_its_page_and_headings():
    found = render_view(document(HOSTILE, blocks_of(HOSTILE)), 0, len(HOSTILE))
    assert found.count('id="span"') == 1
    assert "Page 2 › <bdi>Rates</bdi> › <bdi>Pay</bdi>" in found


def test_all_text_is_shown_once_and_in_order():
    text = "\n\n".join(f"Paragraph {number} of the text." for number in range(500))
    some = tuple(block for number, block in enumerate(blocks_of(text)) if number % 3)
    page = render_view(document(text, some), 100, 200)
    body = page[page.index("<main") :]
    assert re.findall(r"Paragraph (\d+) of", re.sub(r"<[^>]+>", "", body)) == [str(number) for number in range(500)]


@pytest.mark.parametrize(("start", "end"), [(5, None), (None, 5), (5, 5), (6, 5), (0, len(HOSTILE) + 1)])
def test_a_span_that_does_not_lie_in_the_text_is_refused(start, end):
    with pytest.raises(UsageError):
        render_view(document(HOSTILE), start, end)
