"""What the query log promises on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from rag.database import schema, tables
from rag.database.engine import Database
from rag.database.record_keeper import RecordKeeper
from rag.database.records import Record, blank_all_but, logged_versions, recent
from rag.database.records_tables import records_metadata
from tests.integration.test_records import LEAVE, RECORD, TRAVEL, Databases, records, version_row


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
