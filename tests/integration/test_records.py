"""The query log: in groups, off the answer's path, whatever happens to its database."""

import resource
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import insert

from rag.database import schema
from rag.database.engine import Database
from rag.database.record_keeper import MAX_WAITING, RecordKeeper
from rag.database.records import Record, blank_all_but, recent
from rag.database.tables import versions

LEAVE, TRAVEL = ("leave", "v1"), ("travel", "v1")
RECORD = Record(
    id="0",
    at=0.0,
    kind="answers",
    question="How long is parental leave?",
    roles=("public",),
    status="answered",
    reason_code=None,
    answerability=0.9,
    answer='{"text": "Twenty-six weeks."}',
    trace='{"sentences": ["Twenty-six weeks."]}',
    timings_ms={"total": 12.5},
    revision=1,
    generation="g",
    bundle="b",
    user="anonymous",
    feature="api",
    session="",
    documents=(LEAVE,),
)
KEEP_UNTIL_KILLED = """
    import sys, time
    from dataclasses import replace
    from pathlib import Path
    from rag.database.engine import Database
    from rag.database.record_keeper import RecordKeeper
    from rag.telemetry import configure_logging
    from tests.integration.test_records import RECORD

    configure_logging()
    folder = Path(sys.argv[1])
    keeper = RecordKeeper(Database(folder / "records.db"), Database(folder / "truth.db"))
    for number in range(100_000):
        keeper.keep(replace(RECORD, id=str(number), at=float(number), trace="x" * int(sys.argv[2])))
        print(time.time(), number, keeper.dropped, flush=True)
        time.sleep(0.01)
"""


class Databases(NamedTuple):
    records: Database
    truth: Database


@pytest.fixture
def databases(tmp_path: Path) -> Databases:
    both = Databases(Database(tmp_path / "records.db"), Database(tmp_path / "truth.db"))
    schema.upgrade(both.records, "records")
    schema.upgrade(both.truth, "truth")
    with both.truth.write() as connection:
        connection.execute(insert(versions), [version_row(*each) for each in (LEAVE, TRAVEL)])
    return both


def version_row(document_id: str, version: str) -> dict[str, object]:
    words = dict.fromkeys(("title", "type", "language", "owner"), "")
    return {
        "document_id": document_id,
        "version": version,
        "born": 1,
        "tags": [],
        "roles": [],
        "indexed_at": 0,
        **words,
    }


def records(count: int) -> list[Record]:
    return [replace(RECORD, id=str(number), at=float(number)) for number in range(count)]


def child(folder: Path, trace_chars: int, **options: object) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", textwrap.dedent(KEEP_UNTIL_KILLED), str(folder), str(trace_chars)]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], **options)  # type: ignore[call-overload]


def test_a_record_is_on_disk_within_a_second_and_does_not_make_its_answer_wait(databases):
    keeper = RecordKeeper(*databases)
    began = time.perf_counter()
    keeper.keep(RECORD)
    assert time.perf_counter() - began < 0.05
    time.sleep(1)
    assert len(recent(databases.records, 10)) == 1
    keeper.close()


def test_a_kill_loses_at_most_the_last_second(databases, tmp_path):
    process = child(tmp_path, 100)
    assert process.stdout is not None
    lines = [process.stdout.readline().split() for _ in range(230)]
    killed = time.time()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    found = {record.id for record in recent(databases.records, 1000)}
    assert len(found) > 100
    assert found.issuperset(number for at, number, _ in lines if float(at) < killed - 1)


def test_a_locked_database_delays_records_and_not_answers(databases):
    keeper = RecordKeeper(*databases)
    with databases.records.write():
        began = time.perf_counter()
        for record in records(100):
            keeper.keep(record)
        assert time.perf_counter() - began < 0.1
        time.sleep(0.8)
    keeper.close()
    assert len(recent(databases.records, 1000)) == 100


def test_what_does_not_fit_is_counted(databases):
    keeper = RecordKeeper(*databases)
    with databases.records.write():
        keeper.keep(replace(RECORD, id="first"))
        time.sleep(0.7)
        for record in records(MAX_WAITING + 7):
            keeper.keep(record)
        assert keeper.dropped == 7
    keeper.close()


def test_a_full_disk_drops_records_and_lets_answers_go_on(databases, tmp_path):
    limit = 64 * 1024
    process = child(tmp_path, 100_000, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert process.stdout is not None
    found = [process.stdout.readline().split() for _ in range(200)]
    process.kill()
    process.communicate()
    assert int(found[-1][1]) == 199
    assert int(found[-1][2]) > 0


def test_blanking_where_nothing_was_ever_logged_is_no_error(tmp_path):
    assert blank_all_but(Database(tmp_path / "records.db"), set()) == 0
