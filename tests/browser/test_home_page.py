"""The home page: what is indexed, how it fares, and what to do next."""

import shutil
import time
from dataclasses import replace

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from evals.runs import RunBook
from indexing import catalog
from indexing.identity import document_id
from rag.bootstrap import open_service
from rag.database import schema
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.feedback import Feedback, keep_feedback
from rag.database.jobs import JobBook
from rag.database.record_keeper import RecordKeeper
from rag.settings import Settings
from rag.types import Caller
from tests.browser.conftest import texts, workbench_at
from tests.conftest import build, indexing, write
from tests.integration.test_records import RECORD
from tests.unit.made_runs import scored

HOSTILE = "What does <img src=x onerror=alert(1)> ![x](https://evil.example/x.png) cost?"
FILES = {"leave.md": "# Leave\n\nTwenty-six weeks.\n", "broken.pdf": "no PDF"}


@pytest.fixture
def home(settings: Settings, tmp_path) -> Settings:
    """A home of its own with two sources, one document of which cannot be read."""
    build(settings, write(tmp_path / "people", FILES))
    build(settings, write(tmp_path / "travel", {"trips.txt": "Trips are made by train.\n"}))
    return settings


def metrics_of(page) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def table(page, column: str):
    """Return the table that has this column."""
    return next(frame.value for frame in page.dataframe if column in frame.value.columns)


@pytest.fixture
def unasked(indexed_home, tmp_path):
    """The example handbook, of which nobody has asked anything yet."""
    shutil.copytree(
        indexed_home.home, tmp_path / "home", symlinks=True, ignore=shutil.ignore_patterns("records.db*", "*.lock")
    )
    return indexed_home.model_copy(update={"home": tmp_path / "home"})


def test_the_home_page_shows_what_is_indexed(page_of, unasked):
    page = page_of(unasked, "home")
    assert not page.exception
    metrics = metrics_of(page)
    assert int(metrics["Documents"]) >= 10
    assert int(metrics["Chunks"]) > 50
    assert metrics["Size"].endswith(" MB")
    assert metrics["Last refresh"].endswith(" ago")
    said = texts(page)
    assert all(f"{part}: works" in said for part in ("Database", "Search index", "Model of meaning"))
    assert "None in the last 24 hours" in said
    assert "Nothing was measured yet" in said


def test_documents_are_counted_by_state_and_source(page_of, home):
    page = page_of(home, "home")
    assert not page.exception
    states = table(page, "meaning")
    assert dict(zip(states["state"], states["documents"], strict=True)) == {"indexed": 2, "rejected": 1}
    sources = table(page, "wanted")
    assert dict(zip(sources["source"], sources["documents"], strict=True)) == {"people": 1, "travel": 1}
    assert set(sources["state"]) == {"as it was seen"}
    assert metrics_of(page)["Documents"] == "2"


def test_a_late_source_is_told_in_words(page_of, home, tmp_path):
    listed = tmp_path / "sources.yaml"
    listed.write_text("sources:\n  - {name: people, path: people, freshness: 1h, schedule: '0 * * * *'}\n", "utf-8")
    build(home, sources_file=listed)
    with open_service(home) as service, service.backends.database.write() as connection:
        connection.execute(
            update(t.sources).where(t.sources.c.name == "people").values(refreshed_at=time.time() - 4 * 3600)
        )
    page = page_of(home, "home")
    assert "1 of 2 sources are late" in page.warning[0].value
    sources = table(page, "wanted").set_index("source")
    assert sources.loc["people", "state"] == "LATE by 3 h"
    assert sources.loc["people", "due"].startswith("was due ")
    assert sources.loc["people", "wanted"] == "within 60 min"


def log_questions(settings: Settings, *asked: tuple[str, str, float]) -> None:
    """Write (question, status, seconds ago) to the query log, as the API does."""
    records = Database(settings.home / "records.db")
    schema.upgrade(records, "records")
    keeper = RecordKeeper(records, Database(settings.home / "truth.db"))
    for number, (question, status, ago_s) in enumerate(asked):
        row = replace(RECORD, id=str(number), question=question, status=status, at=time.time() - ago_s, documents=())
        keeper.keep(row)
    keeper.close()


def test_questions_without_an_answer_are_listed_and_lead_to_the_ask_page(page_of, home):
    asked = [("How far is the moon?", "abstained", 50.0), (HOSTILE, "nothing_found", 20.0)]
    log_questions(home, *asked, ("How far is the moon?", "abstained", 90.0), ("Trips?", "answered", 10.0))
    page = page_of(home, "home")
    assert not page.exception
    shown = [text.value for text in page.text]
    assert shown.index(HOSTILE) < shown.index("How far is the moon?")
    assert "no answer, 2 ×" in shown
    assert "Trips?" not in shown
    page.button(key="home_ask_1").click().run()
    assert not page.exception
    assert page.title[0].value == "Ask"
    assert page.text_input(key="q").value == "How far is the moon?"


def test_a_part_that_does_not_work_is_named_with_what_to_do_and_the_rest_is_shown(page_of, home):
    shutil.rmtree(home.home / "store")
    page = page_of(home, "home")
    assert not page.exception
    said = texts(page)
    assert "Database: works" in said
    assert "Search index: does not work" in said
    assert "plumbline" in said
    assert table(page, "wanted") is not None


def test_runs_are_listed_with_their_figure_and_what_to_compare_them_with(page_of, home):
    with open_service(home) as service:
        book = RunBook(service.backends.database)
        for name, values in (("first", [1.0, 0.0]), ("second", [1.0, 1.0])):
            facts = {"set_name": "made", "set_digest": "s", "bundle": name, "name": name, "split": "all", "parent": ""}
            run_id = book.begin(f"key-{name}", facts, 2)
            book.save(scored(name, values, id=run_id))
    page = page_of(home, "home")
    assert not page.exception
    shown = [text.value for text in page.text]
    assert shown.index("second on made") < shown.index("first on made")
    assert "recall@5 0.500 [0.490, 0.510]" in shown


def test_a_refresh_is_begun_at_a_click_and_shown(page_of, home):
    page = page_of(home, "home")
    page.button(key="home_refresh").click().run()
    assert not page.exception
    assert "Refresh all sources" in [text.value for text in page.text]
    until = time.monotonic() + 60
    while "Refresh all sources" in [text.value for text in page.text] and time.monotonic() < until:
        time.sleep(0.5)
        page.run()
    assert not page.exception
    assert "Refresh all sources" not in [text.value for text in page.text]


def test_a_folder_that_is_not_there_is_told(page_of, home):
    page = page_of(home, "home")
    page.text_input(key="home_path").set_value("/no/such/folder")
    page.button(key="home_index").click().run()
    assert not page.exception
    assert "no file or folder" in texts(page)


def test_in_a_browser_a_hostile_question_stays_text_and_no_error_is_reported(browser: Browser, home):
    log_questions(home, (HOSTILE, "abstained", 20.0))
    with workbench_at(home) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(address)
        idle = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
        page.get_by_text("Documents by state").wait_for()
        idle.wait_for()
        page.get_by_role("link", name="Ask").click()
        page.get_by_label("Question", exact=True).wait_for()
        idle.wait_for()
        page.get_by_role("link", name="Home").click()
        page.get_by_text("Documents by state").wait_for()
        assert page.locator("[href*=evil], [src*=evil], img[src=x]").count() == 0
    assert said == []


def test_a_folder_is_indexed_for_the_roles_that_are_chosen(page_of, home, tmp_path):
    page = page_of(home, "home")
    assert page.multiselect(key="home_roles").value == ["public"]
    page.text_input(key="home_path").set_value(str(write(tmp_path / "pay", {"pay.md": "# Pay\n\nSecret.\n"})))
    page.multiselect(key="home_roles").set_value([])
    page.button(key="home_index").click().run()
    assert "Choose the roles that may" in texts(page)
    page = page_of(home, "home")
    page.text_input(key="home_path").set_value(str(tmp_path / "pay"))
    page.multiselect(key="home_roles").set_value(["public"])
    page.button(key="home_index").click().run()
    assert not page.exception
    with open_service(home) as service:
        (job,) = JobBook(service.backends.database).list("index", limit=1)
    assert job.request["roles"] == ["public"]


def say(settings: Settings, comment: str, **facts: object) -> None:
    """Keep feedback on the leave document."""
    answered_by = {"status": "answered", "request_id": "r", "revision": 1, "generation": "g", "bundle": "b"}
    given = {"rating": "down", "caller": Caller(frozenset({"public"})), **answered_by, **facts}
    with open_service(settings) as service:
        leave = service.reader.document(document_id("people", "leave.md"), None, frozenset({"*"})).document
        said = Feedback(question=f"{HOSTILE} {comment}", comment=comment, **given)
        keep_feedback(service.backends.records, service.backends.database, said, [(leave.id, leave.version)])


def test_what_people_said_is_shown_with_a_way_to_ask_and_goes_with_the_document(page_of, home, monkeypatch):
    say(home, "Too long.")
    say(home, "Of the board.", caller=Caller(frozenset({"board"})))
    page = page_of(home, "home")
    assert not page.exception
    shown = [text.value for text in page.text]
    assert {"Too long.", "Of the board.", "wrong", f"{HOSTILE} Too long."} <= set(shown)
    monkeypatch.setenv("PLUMBLINE_WORKBENCH__ROLES", "public")
    page = page_of(home, "home")
    shown = [text.value for text in page.text]
    assert "Too long." in shown
    assert "Of the board." not in shown
    with indexing(home) as index, index.shop.database.write() as connection:
        catalog.mark_excluded(connection, document_id("people", "leave.md"), "replaced")
    page.run()
    assert not page.exception
    assert "Too long." not in [text.value for text in page.text]
