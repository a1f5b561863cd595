"""Documents that serve, for pages: whoever loses the right to one, or the document itself, loses it at once."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, update

from evals.serving_texts import serving_mark, serving_texts
from indexing import catalog
from indexing.identity import document_id
from indexing.readable import readable_documents
from rag.bootstrap import open_service
from rag.database import tables as t
from rag.settings import Settings
from tests.conftest import build, write

PUBLIC = frozenset({"public"})
LEAVE, LEAVE_ID = "people/leave.md", document_id("people", "leave.md")
FILES = {"leave.md": "# Leave\n\nTwenty-six weeks.\n", "trips.md": "# Trips\n\nBy train.\n"}


def exclude(connection: Connection) -> None:
    catalog.mark_excluded(connection, LEAVE_ID, "replaced")


def revoke(connection: Connection) -> None:
    catalog.revoke_roles(connection, {LEAVE_ID: ["board"]})


def remove(connection: Connection) -> None:
    connection.execute(update(t.documents).where(t.documents.c.id == LEAVE_ID).values(state="removed"))


@pytest.fixture
def home(settings: Settings, tmp_path) -> Settings:
    build(settings, write(tmp_path / "people", FILES))
    return settings


@pytest.mark.parametrize("take_away", [exclude, revoke, remove])
def test_what_may_not_be_read_any_more_is_gone_before_anything_is_published(
    home: Settings, take_away: Callable[[Connection], None]
) -> None:
    with open_service(home) as service:
        database = service.backends.database
        before = serving_texts(database, PUBLIC)
        assert before is not None
        assert before.text_of(LEAVE) == FILES["leave.md"]
        with database.write() as connection:
            take_away(connection)
        assert before.text_of(LEAVE) is None
        after = serving_texts(database, PUBLIC)
        assert after is not None
        assert list(after.paths) == list(after.titles) == ["people/trips.md"]
        with service.corpus.reading() as reading:
            assert [each.title for each in readable_documents(reading, PUBLIC)] == ["Trips"]
        assert service.reader.readable([LEAVE_ID, "absent"], PUBLIC) == set()


@pytest.mark.parametrize("take_away", [exclude, revoke])
def test_whoever_keeps_documents_learns_at_once_that_they_changed(
    home: Settings, take_away: Callable[[Connection], None]
) -> None:
    with open_service(home) as service:
        database = service.backends.database
        before = serving_mark(database)
        assert before == serving_mark(database)
        with database.write() as connection:
            take_away(connection)
        assert serving_mark(database) != before


def test_documents_that_serve_are_known_by_the_absolute_path_of_their_file(home: Settings, tmp_path) -> None:
    with open_service(home) as service:
        found = serving_texts(service.backends.database, PUBLIC)
        assert found is not None
        assert found.paths[LEAVE] == (tmp_path / "people" / "leave.md").resolve()
