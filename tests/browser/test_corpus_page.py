"""The corpus page: all documents in one table, one of them with what was made of it, and taking one out and back."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from benchmarks.workbench_corpus import fill
from indexing.identity import document_id
from rag.settings import Settings
from tests.browser.conftest import texts, workbench_at
from tests.conftest import build, indexing, refresh, write

HOSTILE = "# <b>Fees</b> ![x](https://evil.example/x.png)\n\n<script>alert(1)</script> The docking fee is 480 euro.\n"
LONG = "\n\n".join(f"Paragraph {number} says that the tide waits for nobody." for number in range(900))
DOCUMENTS = {
    "leave.md": "# Leave\n\nBirth parents receive 26 weeks of parental leave.\n\n## Notice\n\nTell us in time.\n",
    "tides.txt": LONG,
    "fees.md": HOSTILE,
    "empty.txt": "",
}
IDS = {name: document_id("harbour", name) for name in DOCUMENTS}
QUESTION = "How many weeks of parental leave do birth parents receive?"


@pytest.fixture(scope="module")
def harbour(home_at, tmp_path_factory) -> Settings:
    """A home with four documents, of which one is rejected; tests only read it."""
    folder = tmp_path_factory.mktemp("harbour")
    settings = home_at(folder / "home")
    build(settings, write(folder / "harbour", DOCUMENTS))
    return settings


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Settings:
    """A home with 400 documents, as rows alone."""
    folder = tmp_path_factory.mktemp("many")
    settings = Settings.load(home=folder / "home", sets=folder / "sets")
    fill(settings, 400)
    return settings


def table(page):
    assert not page.exception
    return page.dataframe[0].value


def test_without_an_index_the_page_says_what_to_do(page_of, settings):
    page = page_of(settings, "corpus")
    assert not page.exception
    assert "Nothing is indexed" in page.info[0].value


def test_without_a_document_the_page_says_what_to_do(page_of, settings, tmp_path):
    (tmp_path / "docs").mkdir()
    build(settings, tmp_path / "docs")
    page = page_of(settings, "corpus")
    assert not page.exception
    assert "No document" in page.info[0].value
    assert "plumbline index build PATH" in page.code[0].value


def test_every_document_is_listed_the_rejected_with_the_reason(page_of, harbour):
    page = page_of(harbour, "corpus")
    rows = table(page).set_index("uri")
    assert len(rows) == 4
    assert (rows.loc["harbour/empty.txt", "state"], bool(rows.loc["harbour/empty.txt", "reason"])) == ("rejected", True)
    assert rows.loc["harbour/leave.md", ["title", "state", "type", "roles"]].to_list() == [
        "Leave",
        "indexed",
        "plain",
        "public",
    ]
    assert rows.loc["harbour/tides.txt", "chunks"] > 1
    assert rows.loc["harbour/tides.txt", "bytes"] == len(LONG)
    assert "4 of 4 documents" in texts(page)


def test_a_search_looks_through_titles_uris_and_reasons_of_all_rows(page_of, harbour):
    for text, uris in {"LEAVE": {"leave.md"}, "tides.t": {"tides.txt"}, "it is EMPTY": {"empty.txt"}}.items():
        page = page_of(harbour, "corpus", find=text)
        assert set(table(page)["uri"]) == {f"harbour/{uri}" for uri in uris}
        assert f"{len(uris)} of 4 documents" in texts(page)


def test_filters_stand_in_the_address_and_narrow_each_other(page_of, many):
    page = page_of(many, "corpus", state="rejected")
    rejected = table(page)
    assert set(rejected["state"]) == {"rejected"}
    assert f"{len(rejected)} of 400 documents" in texts(page)
    page.multiselect(key="source").set_value(["source2"]).run()
    both = table(page)
    assert 0 < len(both) < len(rejected)
    page = page_of(many, "corpus", role="hr", type="pdf", after="2016-01-01", before="2016-02-01")
    rows = table(page)
    assert len(rows)
    assert (set(rows["roles"]), set(rows["type"])) == ({"hr"}, {"pdf"})
    assert all(str(day).startswith("2016-01") for day in rows["date"])


def test_where_nothing_meets_the_filters_one_click_shows_all(page_of, many):
    page = page_of(many, "corpus", find="no such document", state="indexed")
    assert "None of 400" in texts(page)
    page.button(key="corpus_clear").click().run()
    assert len(table(page)) == 400


def test_one_document_shows_what_is_known_its_text_its_blocks_and_its_chunks(page_of, harbour):
    page = page_of(harbour, "corpus", document=IDS["leave.md"])
    assert not page.exception
    shown = texts(page)
    assert all(part in shown for part in ("Leave", "harbour/leave.md", "plain", "No other rule holds.", "26 weeks"))
    outline, chunks = (frame.value for frame in page.dataframe)
    assert outline["kind"].to_list() == ["heading", "paragraph", "heading", "paragraph"]
    assert outline["heading_path"].to_list()[-1] == "Leave › Notice"
    text = DOCUMENTS["leave.md"]
    assert [text[row.start : row.end] for row in chunks.itertuples()] == chunks["text"].to_list()
    assert {"tokens", "context"} <= set(chunks.columns)


def test_a_long_text_is_shown_in_parts(page_of, harbour):
    page = page_of(harbour, "corpus", document=IDS["tides.txt"])
    assert "Paragraph 0 " in texts(page)
    assert "Paragraph 899 " not in texts(page)
    page.number_input(key="part").set_value(3).run()
    assert "Paragraph 899 " in texts(page)


def test_a_rejected_document_says_why_it_has_no_text_and_what_to_do(page_of, harbour):
    page = page_of(harbour, "corpus", document=IDS["empty.txt"])
    assert not page.exception
    assert "Mend the file" in texts(page)
    assert page.button(key="corpus_reindex")
    assert not page.dataframe


def test_an_unknown_document_and_one_that_may_not_be_read_look_the_same(page_of, indexed_home, monkeypatch):
    said = []
    monkeypatch.setenv("PLUMBLINE_WORKBENCH__ROLES", "public")
    for each in ("nothing", document_id("handbook", "hr/salary-bands.md")):
        page = page_of(indexed_home, "corpus", document=each)
        assert not page.exception
        said.append(([error.value for error in page.error], texts(page)))
    assert said[0] == said[1]
    assert "may not read it" in said[0][1]
    assert not any("hr" in roles for roles in table(page_of(indexed_home, "corpus"))["roles"])


def test_the_table_follows_every_change_of_the_ledger(page_of, settings, tmp_path):
    folder = write(tmp_path / "harbour", DOCUMENTS)
    build(settings, folder)
    page = page_of(settings, "corpus")
    assert len(table(page)) == 4
    with indexing(settings) as index:
        index.exclude(IDS["leave.md"], "replaced in May")
    rows = table(page.run()).set_index("uri")
    assert rows.loc["harbour/leave.md", ["state", "reason"]].to_list() == ["excluded", "replaced in May"]
    (folder / "empty.txt").write_bytes(b"%PDF-1.7 nothing")
    refresh(settings)
    changed = table(page.run()).set_index("uri")
    assert changed.loc["harbour/empty.txt", "bytes"] == len(b"%PDF-1.7 nothing")
    page = page_of(settings, "corpus", document=IDS["leave.md"])
    assert "replaced in May" in texts(page)
    assert page.button(key="corpus_include")


class Opened(NamedTuple):
    """A page, the address of the workbench, and what the browser complained of."""

    page: Page
    address: str
    complaints: list[str]


@pytest.fixture
def opened(browser, home_at, tmp_path: Path) -> Iterator[Opened]:
    settings = home_at(tmp_path / "home")
    build(settings, write(tmp_path / "harbour", DOCUMENTS))
    with workbench_at(settings) as address:
        page, complaints = browser.new_page(viewport={"width": 1280, "height": 800}), []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if "127.0.0.1" not in request.url else None)
        yield Opened(page, address, complaints)
        page.close()


def settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def click_until(page: Page, name: str, then: str) -> None:
    """Click a button until what it leads to is there: a click that falls into Streamlit drawing is lost."""
    led = page.get_by_text(then).first
    for _ in range(5):
        settled(page)
        with suppress(PlaywrightTimeoutError):  # it is disabled while the job goes, or gone with it
            page.get_by_role("button", name=name, exact=True).click(timeout=2000)
        try:
            led.wait_for(timeout=20_000)
        except PlaywrightTimeoutError:
            continue
        return
    pytest.fail(f"{name!r} did not lead to {then!r}")


def ask(opened: Opened) -> str:
    opened.page.goto(f"{opened.address}/ask?q={quote(QUESTION)}")
    opened.page.get_by_text("Why this answer").wait_for()
    settled(opened.page)
    if not opened.page.get_by_text("Answered", exact=True).count():
        return ""
    return opened.page.locator(".answer").inner_text()  # a component's own tree, which the page's text leaves out


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_in_a_browser_a_document_is_found_opened_excluded_gone_from_answers_and_taken_back(opened):
    page = opened.page
    assert "26 weeks" in ask(opened)
    page.get_by_role("link", name="Corpus").click()
    search = page.get_by_role("textbox", name="Search")
    search.wait_for()
    settled(page)
    search.fill("leave")
    search.press("Enter")
    page.get_by_text("1 of 4 documents").wait_for()
    settled(page)
    page.locator('[data-testid="stDataFrame"] .dvn-scroller').click(position={"x": 120, "y": 50})
    page.get_by_text("26 weeks of parental leave").first.wait_for()
    assert f"document={IDS['leave.md']}" in page.url
    assert "find=leave" in page.url
    click_until(page, "Exclude it", "No answer will use it")
    click_until(page, "Exclude this document", "A person took it out")
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=60_000)
    assert "26 weeks" not in ask(opened)
    page.goto(f"{opened.address}/corpus?document={IDS['leave.md']}")
    click_until(page, "Take it back", "26 weeks of parental leave")
    assert "26 weeks" in ask(opened)
    assert not [each for each in opened.complaints if "404" not in each]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_in_a_browser_markup_of_a_document_stays_text(opened):
    page = opened.page
    page.goto(f"{opened.address}/corpus?document={IDS['fees.md']}")
    page.get_by_text("The docking fee is 480 euro").first.wait_for()
    assert "<script>alert(1)</script>" in page.inner_text("body")
    assert page.locator("[src*=evil], [href*=evil], main script").count() == 0
    assert not [each for each in opened.complaints if "404" not in each]
