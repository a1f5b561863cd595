"""What both databases promise: snapshots, versions, and clear words when something is wrong."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from filelock import FileLock
from sqlalchemy import MetaData, select, text, update

from rag.database import engine, schema
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.records_tables import records_metadata
from rag.errors import DamagedError, DatabaseUnavailableError, DatabaseVersionError, NoIndexError
from tests.postgres import drop_database, new_database


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    address = tmp_path / "truth.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(address)
    schema.upgrade(database, "truth")
    yield database
    with database.write() as connection:
        t.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version_truth"))
    database.close()


def revision(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(t.corpus.c.revision)).scalar_one())


def test_two_reads_of_a_transaction_see_one_state(database: Database) -> None:
    with database.read() as reading:
        before = reading.execute(select(t.corpus.c.revision)).scalar_one()
        with database.write() as writing:
            writing.execute(update(t.corpus).values(revision=7))
        assert reading.execute(select(t.corpus.c.revision)).scalar_one() == before == 0
    assert revision(database) == 7


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_after_writing(database)
    assert revision(database) == 0


def _fail_after_writing(database: Database) -> None:
    with database.write() as writing:
        writing.execute(update(t.corpus).values(revision=9))
        raise ZeroDivisionError


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    with database.write() as writing:
        writing.execute(update(t.corpus).values(revision=3))
    schema.upgrade(database, "truth")
    schema.require(database, "truth")
    assert revision(database) == 3


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    with database.write() as writing:
        writing.execute(text("UPDATE alembic_version_truth SET version_num = '9999'"))
    for refuse in (schema.upgrade, schema.require):
        with pytest.raises(DatabaseVersionError, match="newer Plumbline"):
            refuse(database, "truth")
    assert revision(database) == 0


def test_the_heads_are_those_of_the_migrations() -> None:
    folder = Path(schema.__file__).parent / "migrations"
    for branch, head in schema.HEADS.items():
        assert sorted(path.stem.split("_")[0] for path in (folder / branch).glob("*[0-9]_*.py"))[-1] == head


def test_writers_wait_for_each_other_and_none_is_lost(database: Database) -> None:
    def add(_: int) -> None:
        with database.write() as writing:
            writing.execute(update(t.corpus).values(revision=t.corpus.c.revision + 1))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revision(database) == 12


def test_a_database_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError, match="index build"):
        schema.require(Database(tmp_path / "absent.db"), "truth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"this is no database, but long enough to have a header of its own" * 20])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "truth.db").write_bytes(content)
    with pytest.raises(DamagedError, match=r"truth\.db"):
        schema.require(Database(tmp_path / "truth.db"), "truth")


def test_a_lock_that_is_held_for_too_long_is_told(tmp_path: Path) -> None:
    database = Database(tmp_path / "truth.db", lock_timeout_s=0.1)
    with FileLock(tmp_path / "truth.db.lock"), pytest.raises(DatabaseUnavailableError, match="Try again"):
        schema.upgrade(database, "truth")


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = Database(tmp_path / "truth.db")
    schema.upgrade(database, "truth")
    with database.write() as writing:
        writing.execute(update(t.corpus).values(revision=1))
        assert revision(database) == 0


def test_deleted_text_leaves_the_file(tmp_path: Path) -> None:
    database = Database(tmp_path / "truth.db")
    schema.upgrade(database, "truth")
    with database.write() as writing:
        writing.execute(t.texts.insert().values(document_id="d", born=1, text="quokkazanzibar", parsed={}))
    with database.write() as writing:
        writing.execute(t.texts.delete())
    database.shrink()
    database.close()
    assert not any(b"quokkazanzibar" in path.read_bytes() for path in tmp_path.iterdir())


def test_the_log_is_folded_back_into_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_AT", 1_000_000)  # bytes
    database = Database(tmp_path / "truth.db")
    schema.upgrade(database, "truth")
    with database.read():
        for number in range(30):
            with database.write() as writing:
                values = {"document_id": str(number), "born": 1, "text": os.urandom(200_000).hex(), "parsed": {}}
                writing.execute(t.texts.insert().values(values))
    assert (tmp_path / "truth.db-wal").stat().st_size < 3_000_000
    with sqlite3.connect(tmp_path / "truth.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(("branch", "metadata"), [("truth", t.metadata), ("records", records_metadata)])
def test_the_migrations_make_exactly_the_tables(tmp_path: Path, branch: str, metadata: MetaData) -> None:
    database = Database(tmp_path / "any.db")
    schema.upgrade(database, branch)
    with database.read() as connection:
        options = {"version_table": f"alembic_version_{branch}", "target_metadata": metadata}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_processes_that_start_together_on_an_empty_server_make_its_tables_once(postgres_url: str) -> None:
    url, errors = new_database(postgres_url, "fresh"), list[Exception]()

    def start(branch: str) -> None:
        database = Database(url)
        try:
            schema.upgrade(database, branch)
            schema.require(database, branch)
        except Exception as error:  # noqa: BLE001  # of a thread: told by the assertion
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start, args=(branch,)) for branch in ["truth", "records"] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    drop_database(postgres_url, "fresh")
