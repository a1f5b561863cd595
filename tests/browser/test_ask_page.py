"""The ask page: over the pipeline that serves, in Streamlit's own harness and in a real browser."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from rag.api.app import create_app
from tests.browser.conftest import texts, workbench_at
from tests.conftest import build, write
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


def test_the_home_page_shows_what_is_indexed(page_of, indexed_home):
    page = page_of(indexed_home, "home")
    assert not page.exception
    metrics = {metric.label: metric.value for metric in page.metric}
    assert int(metrics["Documents"]) >= 10
    assert int(metrics["Chunks"]) > 50


def test_a_question_gets_an_answer_with_its_sources_and_every_stage(page_of, indexed_home):
    page = page_of(indexed_home, "ask")
    page.text_input(key="q").set_value(QUESTION).run()
    assert not page.exception
    shown = texts(page)
    assert "26 weeks" in shown
    assert "[1]" in shown
    labels = " ".join(tab.label for tab in page.tabs)
    assert all(name in labels for name in ("Times", "By meaning", "By words", "Fused", "Sentences"))
    columns = [set(frame.value.columns) for frame in page.dataframe]
    assert {"stage", "ms"} <= columns[0]
    assert any({"fate", "dense", "lexical"} <= each for each in columns)
    assert any({"support", "fate", "text"} <= each for each in columns)


def test_a_question_without_an_answer_gets_the_reason(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q="Which planet did the Voyager probe visit in 1989?")
    assert not page.exception
    assert page.warning[0].value
    assert page.text_input(key="q").value == "Which planet did the Voyager probe visit in 1989?"


def test_a_question_that_cannot_be_used_gets_the_reason(page_of, indexed_home):
    page = page_of(indexed_home, "ask", q="\u200b")
    assert not page.exception
    assert "empty" in texts(page)


def open_page(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """Open an address; return the page and the hosts that it speaks to."""
    page, hosts = browser.new_page(viewport={"width": 1200, "height": 1400}), []
    page.on("request", lambda request: hosts.append(httpx.URL(request.url).host))
    page.goto(address)
    return page, hosts


def test_in_a_browser_an_answer_opens_its_source_at_the_span(browser, pages):
    page, hosts = open_page(browser, f"{pages.workbench}/ask?q={quote(LEAVE_QUESTION)}")
    page.get_by_text("How this came about").wait_for()
    page.get_by_text("Source 1 around the quote").click()
    assert "26 weeks" in page.locator("mark").first.inner_text()
    source = opened_by(page, "Open the whole document")
    source.locator("mark#span").wait_for()
    top = source.evaluate("document.getElementById('span').getBoundingClientRect().top")
    assert 0 <= top <= source.evaluate("window.innerHeight")
    assert source.evaluate("window.scrollY") > 0
    assert {host for host in hosts if host} == {"127.0.0.1"}


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
    page.get_by_text("How this came about").wait_for()
    page.get_by_text("Source 1 around the quote").click()
    page.locator("mark").first.wait_for()
    assert "480 euro" in page.inner_text("body")
    assert page.locator("[href*=evil], [src*=evil]").count() == 0
    document = pages.api.post("/v1/search", json={"question": "docking fee"}).json()["hits"][0]["document_id"]
    source, more_hosts = open_page(browser, f"{pages.api.base_url}/v1/documents/{document}/view")
    assert "<script>alert(2)</script>" in source.inner_text("main")
    assert source.locator("script, img, a").count() == 0
    assert {host for host in [*hosts, *more_hosts] if host} == {"127.0.0.1"}


def test_in_a_browser_the_first_page_is_home_and_leads_to_ask_with_the_question_in_the_address(browser, pages):
    page, hosts = open_page(browser, pages.workbench)
    page.get_by_text("Ask a question").click()
    page.get_by_label("Question").fill(LEAVE_QUESTION)
    page.get_by_label("Question").press("Enter")
    page.get_by_text("How this came about").wait_for()
    assert httpx.URL(page.url).path == "/ask"
    assert httpx.URL(page.url).params["q"] == LEAVE_QUESTION
    assert {host for host in hosts if host} == {"127.0.0.1"}
