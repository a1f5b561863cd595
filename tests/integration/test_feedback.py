"""Feedback over a real index: where words stand, an older database, and what a removed document takes with it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from rag.bootstrap import open_service
from rag.database import schema
from rag.database.engine import Database
from rag.database.feedback import Feedback, RightSpan, feedback_on, keep_feedback, recent_feedback, span_of
from rag.database.record_keeper import RecordKeeper
from rag.database.records import recent
from rag.database.unanswered import unanswered
from rag.settings import Settings
from rag.types import Caller, Document, Request
from tests.conftest import build, plumbline, write
from tests.integration.test_records import RECORD
from tests.postgres import ON_BOTH

pytestmark = ON_BOTH

LEAVE = "# Leave\n\nThe quokka furlough lasts 26 weeks.\n"
TRAVEL = "# Travel\n\nTrips are made by train.\n"
CALLER = Caller(frozenset({"public"}), feature="workbench")


def document(content: str) -> Document:
    return Document("d", "v", "h/d.md", "D", "markdown", content, ())


def test_words_are_found_where_they_stand_nearest_to_where_one_looked():
    content = "Ten days. 𝄞 Twenty days.\n\nTwenty days."
    assert span_of(document(content), " Twenty days. ") == RightSpan("d", "v", 12, 24, "Twenty days.")
    assert span_of(document(content), "Twenty days.", near=30) == RightSpan("d", "v", 26, 38, "Twenty days.")


def test_words_that_do_not_stand_there_word_for_word_are_not_found():
    assert span_of(document("Twenty days."), "twenty days.") is None
    assert span_of(document("Twenty  days."), "Twenty days.") is None
    assert span_of(document("Twenty days."), "  \n ") is None


def test_an_end_of_line_may_be_written_in_another_way():
    found = span_of(document("One\r\ntwo three"), "One\ntwo")
    assert found == RightSpan("d", "v", 0, 8, "One\r\ntwo")


def test_without_records_there_is_neither_feedback_nor_a_question(tmp_path: Path):
    records = Database(tmp_path / "records.db")
    assert recent_feedback(records, 10) == []
    assert unanswered(records, 3600, 10) == []
    assert not (tmp_path / "records.db").exists()


def test_records_of_an_older_version_are_migrated_with_what_they_hold(tmp_path: Path):
    records, truth = Database(tmp_path / "records.db"), Database(tmp_path / "truth.db")
    for database, branch in ((records, "records"), (truth, "truth")):
        schema.upgrade(database, branch)
    keeper = RecordKeeper(records, truth)
    keeper.keep(RECORD)
    keeper.close()
    with records.write() as connection:  # as the first version of the product left it
        connection.execute(text("DROP TABLE feedback"))
        connection.execute(text("UPDATE alembic_version_records SET version_num = 'r0001'"))
    assert recent_feedback(records, 10) == []

    answered_by = {"status": "abstained", "request_id": "r", "revision": 1, "generation": "g", "bundle": "b"}
    said = Feedback(question="Why?", rating="up", comment="", caller=CALLER, **answered_by)
    keep_feedback(records, truth, said)
    assert recent_feedback(records, 10) == [said]
    assert len(recent(records, 10)) == 1


@pytest.fixture
def harbour(settings: Settings, tmp_path: Path) -> Settings:
    build(settings, write(tmp_path / "leave", {"leave.md": LEAVE}))
    build(settings, write(tmp_path / "travel", {"travel.md": TRAVEL}))
    return settings


def test_no_byte_of_a_quote_is_left_once_its_document_was_removed_and_pruned(harbour: Settings):
    keep_answer(harbour, "How long is the quokka furlough?", "The quokka furlough lasts 26 weeks.")
    keep_answer(harbour, "How are trips made?", "Trips are made by train.")

    assert plumbline(harbour.home, "index", "remove", "leave").returncode == 0
    assert plumbline(harbour.home, "index", "prune").returncode == 0

    left = [path for path in harbour.home.rglob("*") if path.is_file() and b"quokka furlough" in path.read_bytes()]
    assert left == []
    with open_service(harbour) as service:
        travel, leave = recent_feedback(service.backends.records, 10)
    assert (leave.question, leave.comment, leave.rating) == ("", "", "down")
    assert leave.span is not None
    assert leave.span.quote is None
    assert travel.span is not None
    assert travel.span.quote == "Trips are made by train."


def keep_answer(settings: Settings, question: str, quote: str) -> None:
    """Ask, and keep feedback that quotes the document."""
    with open_service(settings) as service:
        answered = service.pipeline.answer(Request("r", question, CALLER))
        hit = answered.trace.candidates[0]
        found = service.reader.document(hit.document_id, hit.version, CALLER.roles).document
        said = feedback_on(answered.answer, question, CALLER, "down", f"Right is: {quote}", span_of(found, quote))
        shown = {(each.document_id, each.version) for each in answered.answer.citations}
        keep_feedback(service.backends.records, service.backends.database, said, shown)
