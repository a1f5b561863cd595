"""A run that was saved is read as it was: also one that an older version saved, with the rankings in its cases."""

import zlib
from contextlib import closing

import orjson
import pytest
from sqlalchemy import update

from evals.run_table import saved_tables
from evals.runs import RunBook
from rag.database import schema
from rag.database import tables as t
from rag.database.engine import Database
from tests.unit.made_runs import case, run


@pytest.fixture
def book(tmp_path):
    with closing(Database(tmp_path / "truth.db")) as database:
        schema.upgrade(database, "truth")
        yield RunBook(database)


def saved(book: RunBook, cases: int):
    facts = {"set_name": "made", "set_digest": "d", "bundle": "b", "split": "all", "name": "made"}
    run_id = book.begin("key", facts, cases)
    made = run("made", [case(at, {"recall@5": 0.5}) for at in range(cases)], id=run_id)
    book.save(made)
    return made


@pytest.mark.parametrize("cases", [0, 1, 7])
def test_a_run_comes_back_with_every_ranking(book, cases) -> None:
    made = saved(book, cases)
    assert book.load(made.id) == made
    (table,) = saved_tables(book, [made.id])
    assert [table.ranking(at, 5) for at in range(cases)] == [each.ranking for each in made.cases]


def test_a_run_of_an_older_version_comes_back_too(book) -> None:
    made = saved(book, 3)
    older = zlib.compress(orjson.dumps([each.model_dump(mode="json") for each in made.cases]))
    with book.database.write() as connection:
        connection.execute(update(t.run_cases).values(content=older))
    assert book.load(made.id) == made
    (table,) = saved_tables(book, [made.id])
    assert table.ranking(2, 1) == made.cases[2].ranking[:1]
