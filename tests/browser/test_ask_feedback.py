"""What people say of answers on the ask page, kept as feedback."""

import pytest
from streamlit.testing.v1 import AppTest

from indexing.identity import document_id
from rag.bootstrap import open_service
from rag.database.feedback import Feedback, recent_feedback
from rag.database.records import logged_versions
from rag.settings import Settings
from tests.browser.conftest import texts
from tests.conftest import build, write

LEAVE = "# Leave\n\nBirth parents receive 26 weeks of parental leave.\n"
QUESTION = "How many weeks of parental leave are there?"


@pytest.fixture
def home(settings: Settings, tmp_path) -> Settings:
    build(settings, write(tmp_path / "people", {"leave.md": LEAVE}))
    return settings


def said(settings: Settings) -> list[Feedback]:
    with open_service(settings) as service:
        return recent_feedback(service.backends.records, 10)


def labelled(elements, label: str):
    return next(each for each in elements if each.label.startswith(label))


def test_a_thumb_is_kept_at_once_and_can_be_turned(page_of, home):
    page: AppTest = page_of(home, "ask", q=QUESTION)
    page.feedback[0].set_value(1).run()
    assert [(each.rating, each.question, each.status) for each in said(home)] == [("up", QUESTION, "answered")]
    assert "is kept" in page.success[0].value
    page.feedback[0].set_value(0).run()
    assert [each.rating for each in said(home)] == ["down"]
    assert not page.exception


def test_the_right_place_is_kept_where_it_stands_word_for_word(page_of, home):
    page: AppTest = page_of(home, "ask", q=QUESTION)
    page.feedback[0].set_value(0).run()
    labelled(page.selectbox, "Begin").set_value(1).run()
    assert "26 weeks" in labelled(page.text_area, "The right words").value
    labelled(page.text_area, "The right words").set_value("26 weeks").run()
    labelled(page.text_area, "Comment").set_value("Too long.").run()
    page.button(key="ask_feedback_keep").click().run()
    assert not page.exception
    (kept,) = said(home)
    assert (kept.rating, kept.comment, kept.question) == ("down", "Too long.", QUESTION)
    assert kept.span is not None
    assert kept.span.quote == "26 weeks" == LEAVE[kept.span.start : kept.span.end]
    assert "“26 weeks”" in texts(page)


def test_words_that_do_not_stand_there_are_told_and_not_kept(page_of, home):
    page: AppTest = page_of(home, "ask", q=QUESTION)
    labelled(page.toggle, "Show the right place").set_value(True).run()
    labelled(page.text_area, "The right words").set_value("Twenty-six weeks").run()
    page.button(key="ask_feedback_keep").click().run()
    assert "not exactly so" in page.warning[0].value
    assert said(home) == []


def test_a_comment_alone_is_feedback_and_nothing_at_all_is_none(page_of, home):
    page: AppTest = page_of(home, "ask", q=QUESTION)
    labelled(page.toggle, "Show the right place").set_value(True).run()
    page.button(key="ask_feedback_keep").click().run()
    assert "nothing to keep" in page.warning[0].value
    labelled(page.text_area, "Comment").set_value("Which country?").run()
    page.button(key="ask_feedback_keep").click().run()
    assert [(each.rating, each.comment, each.span) for each in said(home)] == [(None, "Which country?", None)]


def test_what_is_said_goes_with_every_document_that_was_found_though_none_was_cited(page_of, home):
    page: AppTest = page_of(home, "ask", q="How far is the moon from the harbour?")
    labelled(page.toggle, "Show the right place").set_value(True).run()
    labelled(page.text_area, "Comment").set_value("It says 26 weeks of parental leave.").run()
    page.button(key="ask_feedback_keep").click().run()
    (kept,) = said(home)
    assert kept.status == "abstained"
    with open_service(home) as service:
        assert {id_ for id_, _ in logged_versions(service.backends.records)} == {document_id("people", "leave.md")}
