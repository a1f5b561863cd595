"""The ask page: over the pipeline that serves, in Streamlit's own harness and in a real browser."""

import json
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from indexing.build import SourceRequest
from rag.api.app import create_app
from rag.config import Bundle, IndexConfig
from tests.browser.conftest import texts, workbench_at
from tests.conftest import build, indexing, refresh, write
from tests.integration.serving import served

QUESTION = "How many weeks of parental leave do birth parents receive?"
HOSTILE = (
    "# Docking fees\n\n"
    "The docking fee is 480 euro per day, see https://evil.example/pay and [pay here](https://evil.example/pay) "
    "or ![fee](https://evil.example/fee.png) <img src=https://evil.example/x onerror=alert(1)> "
    "<script>alert(2)</script>.\n"
)
LEAVE_QUESTION = "How many weeks of parental leave are there?"
PADDING = "\n\n".join(f"Paragraph {number} says nothing of note about the harbour." for number in range(80))
LEAVE = f"# Leave\n\n{PADDING}\n\n## Parental leave\n\nBirth parents receive 26 weeks of parental leave.\n\n{PADDING}\n"
DOCUMENTS = {"leave.md": LEAVE, "fees ![x](https://evil.example/n.png).md": HOSTILE}


class Pages(NamedTuple):
    """Where API and workbench run."""

    api: httpx.Client
    workbench: str


@pytest.fixture(scope="module")
def pages(home_at, tmp_path_factory) -> Iterator[Pages]:
    """API and workbench as `plumbline up` runs them, over a document that is friendly and one that is not."""
    folder = tmp_path_factory.mktemp("pages")
    settings = home_at(folder / "home")
    build(settings, write(folder / "harbour", DOCUMENTS))
    with served(create_app(settings)) as api, workbench_at(settings, str(api.base_url)) as address:
        yield Pages(api, address)


def test_without_an_index_both_pages_say_what_to_do(page_of, settings):
    for view in ("home", "ask"):
        page = page_of(settings, view)
        assert not page.exception
        assert "Nothing is indexed" in page.info[0].value
        assert "plumbline index build PATH" in [code.value for code in page.code]


def test_a_question_gets_an_answer_with_its_sources_and_every_stage(page_of, indexed_home):
    page = page_of(indexed_home, "ask")
    page.text_input(key="q").set_value(QUESTION).run()
    assert not page.exception
    answer, source = drawn(page)
    assert "26 weeks" in answer["sentences"][0]["text"]
    assert answer["sentences"][0]["markers"] == [1]
    assert [each["marker"] for each in answer["citations"]] == [1, 2, 3]
    assert any("26 weeks" in piece["inside"] for piece in source["pieces"])
    labels = [tab.label.partition(" (")[0] for tab in page.tabs]
    assert labels == ["Times", "By meaning", "By words", "Fused", "Reranked", "Context", "Sentences"]


def test_every_stage_is_shown_with_what_it_gave_and_what_it_dropped(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q=QUESTION)
    times, meaning, words, fused, reranked, context, sentences = [frame.value for frame in page.dataframe]
    assert {"retrieve", "fuse", "rerank", "ground"} <= set(times["stage"])
    assert list(meaning["rank"]) == list(range(1, len(meaning) + 1))
    assert {"rank", "score", "document", "text"} <= set(words.columns)
    both = fused.dropna(subset=["meaning", "words"])
    assert (both["meaning"] + both["words"] - both["fused"]).abs().max() < 1e-4
    assert {"rank", "moved", "score", "fused", "word_by_word"} <= set(reranked.columns)
    assert list(context["fate"][:6]) == ["kept"] * 5 + ["below the first 5"]
    assert list(context["tokens_so_far"][:5]) == list(context["tokens"][:5].cumsum())
    assert "quoted" in set(sentences["fate"])
    assert len(set(sentences["fate"])) > 1


def drawn(page):
    """Return what the page's own components are given."""
    return [json.loads(each.proto.json) for each in page.get("bidi_component")]


def test_a_question_without_an_answer_gets_the_reason(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q="Which planet did the Voyager probe visit in 1989?")
    assert not page.exception
    assert page.warning[0].value
    assert page.text_input(key="q").value == "Which planet did the Voyager probe visit in 1989?"
    assert drawn(page) == []
    assert page.tabs


def test_a_question_that_cannot_be_used_gets_the_reason(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q="\u200b")
    assert not page.exception
    assert "empty" in texts(page)


def test_a_question_is_answered_once_however_often_the_page_is_drawn(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q=QUESTION)
    before = facts(page)
    page.run()
    assert facts(page) == before


def facts(page) -> list[str]:
    """Return the captions that tell how long answers took."""
    return [caption.value for caption in page.caption if caption.value.startswith("answerability")]


def test_filters_and_roles_come_from_the_address_and_narrow_the_answer(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q=QUESTION, type="manual")
    assert not page.exception
    assert page.multiselect(key="type").value == ["manual"]
    assert all(uri.startswith("handbook/products/") for uri in page.dataframe[1].value["uri"])
    page = page_of(indexed_home, "ask", q=QUESTION, role="public", after="2020-01-01")
    assert page.date_input(key="after").value == date(2020, 1, 1)
    assert page.multiselect(key="role").options == ["hr", "public"]
    assert not any("/hr/" in uri for uri in page.dataframe[1].value["uri"])


def test_two_bundles_beside_each_other_show_what_moved(page_of, indexed_home):
    serving = Bundle().digest
    page = page_of(indexed_home, "ask", q=QUESTION, b=f"{serving};top_k=2;fusion=rrf;rerank=none")
    assert not page.exception
    assert len(facts(page)) == 2
    moves = page.dataframe[0].value
    assert {"rank_a", "rank_b", "change", "kept"} <= set(moves.columns)
    assert sorted(set(moves["kept"]) - {""}) == ["A", "both"]
    assert page.selectbox(key="ask_fusion").value == "rrf"
    assert page.number_input(key="ask_top_k").value == 2


def test_changed_settings_are_tried_from_the_form_and_stand_in_the_address(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q=QUESTION)
    page.selectbox(key="ask_b").set_value("changed").run()
    page.number_input(key="ask_top_k").set_value(8)
    page.button(key="ask_changed_apply").click().run()
    assert not page.exception
    assert page.query_params["b"] in (name := f"{Bundle().digest};top_k=8", [name])
    assert "5 chunks are in both contexts, 0 in that of A alone, 3 in that of B alone" in texts(page)


@pytest.mark.parametrize("name", ["000000000000", f"{Bundle().digest};top_k=0"])
def test_a_side_that_cannot_answer_says_why_and_the_other_one_answers(page_of, indexed_home, name):
    page = page_of(indexed_home, "ask", q=QUESTION, b=name)
    assert not page.exception
    assert len(page.error) == 1
    assert len(facts(page)) == 1


def test_a_long_source_is_shown_around_the_quote_and_whole_at_a_click(page_of, home_at, tmp_path):
    settings = home_at(tmp_path / "home")
    build(settings, write(tmp_path / "harbour", DOCUMENTS))
    page = page_of(settings, "ask", q=LEAVE_QUESTION)
    _, source = drawn(page)
    assert source["more_before"]
    assert source["more_after"]
    next(each for each in page.toggle if each.label == "Show the whole document").set_value(True).run()
    _, source = drawn(page)
    assert (source["more_before"], source["more_after"]) == (False, False)
    assert source["pieces"][0]["before"] == "# Leave"


def test_what_was_removed_is_not_shown_from_an_earlier_answer(page_of, home_at, tmp_path):
    settings = home_at(tmp_path / "home")
    build(settings, write(tmp_path / "harbour", DOCUMENTS))
    build(settings, write(tmp_path / "other", {"other.md": "# Other\n\nNothing of note.\n"}))
    page = page_of(settings, "ask", q=LEAVE_QUESTION)
    assert "26 weeks" in json.dumps(drawn(page))
    with indexing(settings) as index:
        index.remove("harbour")
    page.run()
    assert not page.exception
    assert "26 weeks" not in json.dumps(drawn(page)) + texts(page)


def test_an_answer_says_that_the_index_is_behind_only_as_long_as_it_is(page_of, home_at, tmp_path):
    settings = home_at(tmp_path / "home")
    folder = write(tmp_path / "harbour", DOCUMENTS)
    build(settings, folder)
    with indexing(settings) as index:
        index.build(SourceRequest(), Bundle(index=IndexConfig(chunk_tokens=64)), serve=True)
    write(folder, {"parking.md": "# Parking\n\nParking costs nothing.\n"})
    refresh(settings)
    with indexing(settings) as index:
        index.roll_back(now=True)
    page = page_of(settings, "ask", q=LEAVE_QUESTION)
    assert "newer documents are missing" in texts(page)
    refresh(settings)
    page.run()
    assert not page.exception
    assert "newer documents are missing" not in texts(page)


def open_page(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """Open an address; return the page and the hosts that it speaks to."""
    page, hosts = browser.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("request", lambda request: hosts.append(httpx.URL(request.url).host))
    page.goto(address)
    return page, hosts


def idle(page: Page) -> None:
    """Wait until the page is drawn: a click that falls into Streamlit drawing it again is lost."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def in_sight(page: Page) -> bool:
    """Whether the mark lies within the visible part of its pane."""
    mark, pane = page.locator(".pane mark").first.bounding_box(), page.locator(".pane").bounding_box()
    assert mark is not None
    assert pane is not None
    return pane["y"] <= mark["y"] and mark["y"] + mark["height"] <= pane["y"] + pane["height"]


def test_in_a_browser_a_marker_opens_its_source_scrolled_to_the_span(browser, pages):
    page, hosts = open_page(browser, f"{pages.workbench}/ask?q={quote(LEAVE_QUESTION)}")
    page.get_by_text("Why this answer").wait_for()
    idle(page)
    pane = page.locator(".pane")
    page.wait_for_function("pane => pane.scrollTop > 0", arg=pane.element_handle())
    pane.evaluate("pane => { pane.scrollTop = 0 }")
    assert not in_sight(page)
    page.get_by_role("button", name="Show source 1").first.click()
    page.wait_for_function("pane => pane.scrollTop > 0", arg=pane.element_handle())
    assert in_sight(page)
    assert "26 weeks" in page.locator(".pane mark").first.inner_text()
    assert {host for host in hosts if host} == {"127.0.0.1"}


def test_in_a_browser_the_source_opens_by_itself_at_the_span(browser, pages):
    page, _ = open_page(browser, f"{pages.workbench}/ask?q={quote(LEAVE_QUESTION)}")
    page.get_by_text("Why this answer").wait_for()
    idle(page)
    source = opened_by(page, "Open the document by itself")
    source.locator("mark#span").wait_for()
    top = source.evaluate("document.getElementById('span').getBoundingClientRect().top")
    assert 0 <= top <= source.evaluate("window.innerHeight")
    assert source.evaluate("window.scrollY") > 0


def opened_by(page, link):
    """Click until a page opens: a click that falls into Streamlit drawing the page again is lost."""
    for _ in range(5):
        try:
            with page.context.expect_page(timeout=5000) as opened:
                page.get_by_text(link).first.click()
        except PlaywrightTimeoutError:
            continue
        return opened.value
    return pytest.fail(f"{link!r} opened nothing")


def test_in_a_browser_markup_of_a_document_stays_text_and_nothing_is_fetched(browser, pages):
    page, hosts = open_page(browser, f"{pages.workbench}/ask?q={quote('What is the docking fee per day?')}")
    page.get_by_text("Why this answer").wait_for()
    page.locator(".pane mark").first.wait_for()
    assert "480 euro" in page.locator(".answer").inner_text()
    assert "<script>alert(2)</script>" in page.locator(".pane").inner_text()
    assert page.locator("[href*=evil], [src*=evil]").count() == 0
    assert page.locator(":is(.pane, .answer, .cards) :is(script, img, a)").count() == 0
    document = pages.api.post("/v1/search", json={"question": "docking fee"}).json()["hits"][0]["document_id"]
    source, more_hosts = open_page(browser, f"{pages.api.base_url}/v1/documents/{document}/view")
    assert "<script>alert(2)</script>" in source.inner_text("main")
    assert source.locator("script, img, a").count() == 0
    assert {host for host in [*hosts, *more_hosts] if host} == {"127.0.0.1"}


def test_in_a_browser_the_first_page_is_home_and_leads_to_ask_with_the_question_in_the_address(browser, pages):
    page, hosts = open_page(browser, pages.workbench)
    page.get_by_text("Last runs").wait_for()
    idle(page)
    page.get_by_text("Ask a question", exact=True).click()
    page.get_by_label("Question", exact=True).fill(LEAVE_QUESTION)
    page.get_by_label("Question", exact=True).press("Enter")
    page.get_by_text("Why this answer").wait_for()
    assert httpx.URL(page.url).path == "/ask"
    assert httpx.URL(page.url).params["q"] == LEAVE_QUESTION
    assert {host for host in hosts if host} == {"127.0.0.1"}


def test_in_a_browser_two_bundles_stand_side_by_side_without_an_error_on_the_console(browser, pages):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{pages.workbench}/ask?q={quote(LEAVE_QUESTION)}&b={quote(f'{Bundle().digest};top_k=2')}")
    page.get_by_text("What moved").wait_for()
    page.locator(".answer").nth(1).wait_for()
    left, right = (page.locator(".answer").nth(at).bounding_box() for at in (0, 1))
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert [line for line in said if "404" not in line] == []  # of addresses that Streamlit itself looks for
