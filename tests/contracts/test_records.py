"""What the query log promises on both databases."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from rag.database import schema, tables
from rag.database.engine import Database
from rag.database.feedback import Feedback, RightSpan, keep_feedback, recent_feedback
from rag.database.record_keeper import RecordKeeper
from rag.database.records import Record, blank_all_but, logged_versions, recent
from rag.database.records_tables import records_metadata
from rag.database.unanswered import unanswered
from rag.types import Caller
from tests.integration.test_records import LEAVE, RECORD, TRAVEL, Databases, records, version_row

SAID = Feedback(
    question="How long is parental leave?",
    rating="down",
    comment="It says twenty-six weeks.",
    status="abstained",
    request_id="r1",
    revision=1,
    generation="g",
    bundle="b",
    caller=Caller(frozenset({"public"}), feature="workbench"),
    span=RightSpan(*LEAVE, 10, 28, "Twenty-six weeks."),
    id="1",
    at=1.0,
)


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    both = Databases(Database(url or tmp_path / "records.db"), Database(url or tmp_path / "truth.db"))
    schema.upgrade(both.truth, "truth")
    schema.upgrade(both.records, "records")
    with both.truth.write() as connection:
        connection.execute(insert(tables.versions), [version_row(*each) for each in (LEAVE, TRAVEL)])
    yield both
    for database, metadata, branch in (
        (both.records, records_metadata, "records"),
        (both.truth, tables.metadata, "truth"),
    ):
        with database.write() as connection:
            metadata.drop_all(connection)
            connection.execute(text(f"DROP TABLE alembic_version_{branch}"))
        database.close()


def kept(databases: Databases, *given: Record) -> None:
    keeper = RecordKeeper(*databases)
    for record in given:
        keeper.keep(record)
    keeper.close()
    assert keeper.dropped == 0


def test_closing_writes_all_that_was_kept(databases):
    kept(databases, *records(450))
    found = recent(databases.records, 1000)
    assert [record.id for record in found] == [str(number) for number in reversed(range(450))]
    assert replace(found[-1], documents=RECORD.documents) == RECORD


def test_blanking_empties_the_rows_that_show_a_version_and_no_other(databases):
    both = replace(RECORD, id="both", at=2.0, documents=(LEAVE, TRAVEL))
    travel = replace(RECORD, id="travel", at=1.0, answer="By train.", trace="{}", question="How?", documents=(TRAVEL,))
    kept(databases, RECORD, travel, both)
    assert logged_versions(databases.records) == {LEAVE, TRAVEL}

    assert blank_all_but(databases.records, {TRAVEL}) == 2

    assert logged_versions(databases.records) == {TRAVEL}
    found = {record.id: (record.question, record.answer, record.trace) for record in recent(databases.records, 10)}
    assert found == {"0": ("", None, None), "both": ("", None, None), "travel": ("How?", "By train.", "{}")}
    databases.records.shrink()


def test_no_byte_of_what_was_blanked_is_left_on_disk(databases, tmp_path):
    if databases.records.path is None:
        pytest.skip("a server's files are its own")
    kept(
        databases,
        RECORD,
        replace(RECORD, id="travel", answer="By train.", trace="{}", question="How?", documents=(TRAVEL,)),
    )
    blank_all_but(databases.records, {TRAVEL})
    databases.records.shrink()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("records.db*"))
    assert b"Twenty-six" not in left
    assert b"parental" not in left
    assert b"By train." in left


def test_a_record_of_a_version_that_was_pruned_on_its_way_arrives_without_texts(databases):
    kept(databases, replace(RECORD, documents=(LEAVE, ("pruned", "v1"))), replace(RECORD, id="1", at=1.0))
    later, earlier = recent(databases.records, 10)
    assert (later.question, later.answer) == (RECORD.question, RECORD.answer)
    assert (earlier.question, earlier.answer, earlier.trace) == ("", None, None)
    assert (earlier.status, earlier.timings_ms) == (RECORD.status, RECORD.timings_ms)


def test_feedback_is_kept_as_it_was_said_newest_first(databases):
    later = replace(SAID, id="2", at=2.0, rating="up", comment="", span=None)
    for said in (SAID, later):
        keep_feedback(*databases, said)
    assert recent_feedback(databases.records, 10) == [later, SAID]
    assert recent_feedback(databases.records, 1) == [later]


def test_who_thinks_again_replaces_what_they_said(databases):
    keep_feedback(*databases, SAID, [TRAVEL])
    changed = replace(SAID, rating="up", span=None)
    keep_feedback(*databases, changed)
    assert recent_feedback(databases.records, 10) == [changed]
    assert logged_versions(databases.records) == set()


def test_blanking_empties_feedback_that_shows_a_version_and_no_other(databases):
    travel = replace(SAID, id="2", at=2.0, span=None, comment="By train.")
    keep_feedback(*databases, SAID)
    keep_feedback(*databases, travel, [TRAVEL])

    assert blank_all_but(databases.records, {TRAVEL}) == 1

    kept_one, blanked = recent_feedback(databases.records, 10)
    assert kept_one == travel
    assert (blanked.question, blanked.comment, blanked.span) == ("", "", RightSpan(*LEAVE, 10, 28, None))
    assert (blanked.rating, blanked.request_id) == ("down", "r1")


def test_feedback_on_a_version_that_was_pruned_on_its_way_arrives_without_texts(databases):
    keep_feedback(*databases, SAID, [("pruned", "v1")])
    (found,) = recent_feedback(databases.records, 10)
    assert (found.question, found.comment, found.span) == ("", "", RightSpan(*LEAVE, 10, 28, None))
    assert logged_versions(databases.records) == set()


def test_questions_without_an_answer_are_counted_the_latest_first(databases):
    now = time.time()
    ago = {"a": ("Moon?", 90, "abstained"), "b": ("Dogs?", 60, "refused"), "c": ("Moon?", 30, "abstained")}
    ago |= {"d": ("Cats?", 20, "nothing_found"), "e": ("Leave?", 10, "answered"), "f": ("Old?", 9000, "abstained")}
    asked = [
        replace(RECORD, id=id_, question=question, at=now - seconds, status=status, documents=())
        for id_, (question, seconds, status) in ago.items()
    ]
    kept(databases, *asked, replace(RECORD, id="g", question="", at=now, status="abstained", documents=()))
    found = [(each.question, each.times, each.status) for each in unanswered(databases.records, 3600, 10)]
    assert found == [("Cats?", 1, "nothing_found"), ("Moon?", 2, "abstained"), ("Dogs?", 1, "refused")]
    assert len(unanswered(databases.records, 3600, 2)) == 2


def test_the_last_status_of_a_question_is_told(databases):
    now = time.time()
    asked = [("a", 90, "refused"), ("b", 30, "abstained")]
    kept(databases, *(replace(RECORD, id=id_, at=now - ago, status=status, documents=()) for id_, ago, status in asked))
    (found,) = unanswered(databases.records, 3600, 10)
    assert (found.times, found.status, found.last_at) == (2, "abstained", pytest.approx(now - 30, abs=1))


def test_what_was_asked_or_said_with_more_roles_is_not_told(databases):
    mine = replace(RECORD, id="a", at=time.time(), status="abstained", documents=())
    kept(databases, mine, replace(mine, id="b", question="Who is dismissed?", roles=("board", "public")))
    public = frozenset({"public"})
    assert [each.question for each in unanswered(databases.records, 3600, 10, public)] == [RECORD.question]
    assert len(unanswered(databases.records, 3600, 10)) == 2
    secret = replace(SAID, id="2", caller=Caller(frozenset({"board"})))
    for each in (SAID, secret):
        keep_feedback(*databases, each)
    assert recent_feedback(databases.records, 10, public) == [SAID]
