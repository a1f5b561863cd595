"""The span picker in a real browser: by keyboard alone and by mouse, with texts that are meant to break it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from rag.api.view import visible
from rag.settings import Settings
from tests.browser.conftest import workbench_at
from tests.conftest import write
from workbench.span_picker.picker import Picked, picked_of

ASTRAL = "😀 The fee 𠀀𠀁 is e\u0301levé: 480 euro 👩‍👩‍👧 per day.\r\nA second line, a café.\rA third one.\n"
HOSTILE = (
    "Pay <img src=https://evil.example/x onerror=alert(1)> now.\n"
    "Hidden\u200b and \u202ereversed\u202c text.\nEnd 😀 here.\n"
)
PARAGRAPH = "Paragraph {} of the harbour rules says 𝒻ew things about ships and fees.\n"
LONG = "".join(PARAGRAPH.format(number) for number in range(14_000)) + "The needle lies here, after all.\n"
CONTROLS = "".join(character for character in map(chr, range(0x110000)) if visible(character) != character)
DOCUMENTS = {
    "corpus/controls.txt": CONTROLS,
    "corpus/astral.txt": ASTRAL,
    "corpus/hostile.txt": HOSTILE,
    "corpus/long.txt": LONG,
}
CASE = {"id": "q-1", "question": "What is the fee?", "answers": [], "answerable": True, "tags": []}
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


class Desk(NamedTuple):
    """A workbench with one set of one's own."""

    address: str
    settings: Settings
    path: Path


@pytest.fixture(scope="module")
def desk(home_at, tmp_path_factory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("picking")
    settings = home_at(folder / "home")
    for name, text in DOCUMENTS.items():
        place = folder / "harbour" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    write(folder / "harbour", {"questions.jsonl": json.dumps(CASE) + "\n"})
    with workbench_at(settings) as address:
        yield Desk(address, settings, folder / "harbour")


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    """A page on which nothing may go wrong: no error in the console, no word with another host."""
    errors, hosts = list[str](), set[str]()
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: hosts.add(httpx.URL(request.url).host))
    opened.goto(f"{desk.address}/eval_sets?set={quote(str(desk.path))}&case=new")
    idle(opened)
    yield opened
    opened.close()
    assert [each for each in errors if "404" not in each] == []  # Streamlit probes for its health below the page
    assert hosts - {""} == {"127.0.0.1"}


def idle(page: Page) -> None:
    page.wait_for_selector(IDLE, timeout=30_000)
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE, timeout=30_000)


def open_document(page: Page, name: str) -> Locator:
    """Choose a document by keyboard; return its text on the page."""
    field = page.get_by_role("combobox", name="Document")
    field.click()
    field.fill(name)
    field.press("Enter")
    idle(page)
    view = page.get_by_role("region", name="Text of the document")
    view.wait_for()
    return view


def use(page: Page) -> str:
    """Take the selected span; return what the page says of it."""
    page.get_by_role("button", name="Use this span").click()
    return taken(page)


def taken(page: Page) -> str:
    page.get_by_role("button", name="Remove this span").first.wait_for()
    idle(page)
    return page.locator('[class*="_span_0"]').first.inner_text()


def place(text: str, words: str) -> str:
    start = text.index(words)
    return f"characters {start:,} to {start + len(words):,}"


def test_by_keyboard_alone_a_hit_becomes_the_span_and_grows_by_words(page):
    open_document(page, "astral")
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("480 EURO")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    find.press("Control+Enter")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    said = taken(page)
    assert "480 euro 👩‍👩‍👧 per" in said
    assert place(ASTRAL, "480 euro 👩‍👩‍👧 per") in said


def test_the_beginning_moves_with_alt_and_the_end_by_sentence(page):
    open_document(page, "astral")
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("𠀀𠀁 is")
    find.press("Alt+Enter")
    page.keyboard.press("Alt+Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    wanted = "fee 𠀀𠀁 is e\u0301levé: 480 euro 👩‍👩‍👧 per day."
    assert place(ASTRAL, wanted) in taken(page)


def test_line_ends_of_all_kinds_keep_their_places(page):
    open_document(page, "astral")
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("day. a second line")
    find.press("Control+Enter")
    assert place(ASTRAL, "day.\r\nA second line") in use(page)


def test_a_lone_carriage_return_is_shown_by_name_and_counts_as_one(page):
    view = open_document(page, "astral")
    expect(view.locator('[data-name="U+000D"]')).to_have_count(1)
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("third one")
    find.press("Control+Enter")
    assert place(ASTRAL, "third one") in use(page)


def test_by_mouse_a_drag_selects_exactly_what_it_covers(page):
    view = open_document(page, "hostile")
    drag(page, view, "reversed", "End 😀 here")
    said = use(page)
    assert place(HOSTILE, "reversed\u202c text.\nEnd 😀 here") in said


def drag(page: Page, view: Locator, first: str, last: str) -> None:
    """Drag from before a text to behind another, both within one text node."""
    box = """(view, [words, after]) => {
        const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(words);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, after ? at + words.length - 1 : at);
            range.setEnd(walker.currentNode, after ? at + words.length : at + 1);
            const { left, right, top, bottom } = range.getBoundingClientRect();
            return [after ? right - 1 : left + 1, (top + bottom) / 2];
        }
    }"""
    view.scroll_into_view_if_needed()
    start, end = view.evaluate(box, [first, False]), view.evaluate(box, [last, True])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()
    page.get_by_text("Selected").first.wait_for()


def test_markup_stays_text_and_what_hides_text_is_shown_by_name(page):
    view = open_document(page, "hostile")
    assert "<img src=https://evil.example/x onerror=alert(1)>" in view.inner_text()
    assert view.locator("img, script, a").count() == 0
    names = view.locator("[data-name]").evaluate_all("each => each.map((one) => one.dataset.name)")
    assert names == ["U+200B", "U+202E", "U+202C"]
    assert "".join(view.locator(".block").all_text_contents()) == HOSTILE


def test_all_that_hides_text_is_named_as_on_the_page_of_a_source(page):
    view = open_document(page, "controls")
    names = view.locator("[data-name]").evaluate_all("each => each.map((one) => one.dataset.name)")
    assert "".join(f"[{name}]" for name in names) == visible(CONTROLS)
    assert "".join(view.locator(".block").all_text_contents()) == CONTROLS


def test_from_the_question_a_case_is_made_without_the_mouse(page):
    question = page.get_by_label("Question")
    question.focus()
    page.keyboard.type("What is the fee per day?")
    page.keyboard.press("Tab")
    idle(page)
    page.keyboard.type("astral")
    page.keyboard.press("Enter")
    idle(page)
    find = page.get_by_role("searchbox", name="Find in the text")
    find.wait_for()
    page.keyboard.press("Tab")  # to the button that clears the choice
    page.keyboard.press("Tab")
    expect(find).to_be_focused()
    page.keyboard.type("480 euro")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Enter")
    assert place(ASTRAL, "480 euro") in taken(page)
    page.get_by_role("button", name="Keep this case").focus()
    page.keyboard.press("Enter")
    page.get_by_text("1 change not saved").wait_for()


def test_a_text_of_a_million_characters_stays_usable(page):
    view = open_document(page, "long")
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("needle lies")
    find.press("Enter")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    mark = view.locator("mark.hit")
    page.wait_for_timeout(200)
    outer, inner = view.bounding_box(), mark.bounding_box()
    assert outer["y"] <= inner["y"] <= outer["y"] + outer["height"]
    find.press("Control+Enter")
    assert place(LONG, "needle lies") in use(page)


def test_next_and_previous_go_round_and_the_count_is_told(page):
    open_document(page, "long")
    find = page.get_by_role("searchbox", name="Find in the text")
    find.fill("Paragraph 7 ")
    count = page.locator('[role="status"]').filter(has_text=" of ").first
    expect(count).to_have_text("1 of 1")
    find.fill("paragraph 12")
    expect(count).to_have_text("1 of 1,111")
    find.press("Shift+Enter")
    expect(count).to_have_text("1,111 of 1,111")
    find.press("Enter")
    find.press("Enter")
    expect(count).to_have_text("2 of 1,111")
    find.fill("no-such-words. (nor [these])")
    expect(page.get_by_text("No hit")).to_be_visible()
    find.fill("no such words")
    expect(page.get_by_text("No hit")).to_be_visible()


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "0:3",
        {"start": 0},
        {"start": -1, "end": 2},
        {"start": 2, "end": 2},
        {"start": 0, "end": 99},
        {"start": 3, "end": 4},
        {"start": 0.5, "end": 2},
        {"start": True, "end": 2},
    ],
)
def test_what_a_browser_sends_that_is_no_span_is_refused(sent):
    assert picked_of(sent, "one two") is None


def test_a_span_that_lies_in_the_text_is_taken():
    assert picked_of({"start": 4, "end": 7}, "one two") == Picked(4, 7)
