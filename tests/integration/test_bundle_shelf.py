"""The bundles that a person may ask with, by name, and changed."""

import pytest
from sqlalchemy import insert, select, update

from evals.bundle_shelf import bundle_named, known_bundles, name_of, with_query
from evals.runs import RunBook
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig, QueryConfig
from rag.database import tables as t
from rag.errors import NoIndexError, NotFoundError, UsageError
from rag.settings import Settings
from tests.conftest import build, indexing, write
from tests.unit.made_runs import scored

RRF = Bundle(query=QueryConfig(fusion="rrf"))
SHORT = Bundle(index=IndexConfig(chunk_tokens=64))


@pytest.fixture
def harbour(settings: Settings, tmp_path) -> Settings:
    build(settings, write(tmp_path / "harbour", {"fees.md": "# Fees\n\nThe docking fee is 480 euro.\n"}))
    return settings


def known(settings: Settings):
    with open_service(settings) as service:
        database = service.backends.database
        return known_bundles(database, RunBook(database))


def measured(settings: Settings, bundle: Bundle, name: str) -> None:
    """Write down a run of a bundle."""
    with open_service(settings) as service:
        book = RunBook(service.backends.database)
        facts = {
            "set_name": "made",
            "set_digest": "s",
            "bundle": bundle.digest,
            "name": name,
            "split": "all",
            "parent": "",
        }
        run_id = book.begin(f"key-{name}", facts, 1)
        book.save(scored(name, [1.0], id=run_id, bundle=bundle.digest, bundle_content=bundle))


def test_what_serves_comes_first_then_what_served_before(harbour):
    with indexing(harbour) as index:
        index.release(RRF)
    assert [(each.bundle, each.name, each.whole) for each in known(harbour)] == [
        (RRF, "serves now", True),
        (Bundle(), "served before", True),
    ]


def test_what_was_measured_can_be_asked_where_it_shares_the_index(harbour):
    measured(harbour, RRF, "rrf")
    measured(harbour, SHORT, "short")
    assert [(each.name, each.whole) for each in known(harbour)] == [
        ("serves now", True),
        ("measured as short", False),
        ("measured as rrf", True),
    ]


def test_without_an_index_there_is_no_bundle(settings):
    with pytest.raises(NoIndexError), open_service(settings) as service:
        known_bundles(service.backends.database, RunBook(service.backends.database))


def test_a_name_leads_back_to_its_bundle_with_the_changes(harbour):
    shelf = known(harbour)
    changed = with_query(Bundle(), {"top_k": "8", "fusion": "rrf"})
    name = name_of(Bundle(), {"top_k": 8, "fusion": "rrf", "dense_weight": 0.5})
    assert name == f"{Bundle().digest};top_k=8;fusion=rrf"
    assert bundle_named(name, shelf) == changed
    assert bundle_named(f"{Bundle().digest};", shelf) == Bundle()


@pytest.mark.parametrize("change", ["top_k=0", "top_k=many", "nonsense=1", "fusion=magic"])
def test_a_change_that_cannot_be_is_named(harbour, change):
    with pytest.raises(UsageError, match=change.partition("=")[0]):
        bundle_named(f"{Bundle().digest};{change}", known(harbour))


def test_an_unknown_bundle_is_told(harbour):
    with pytest.raises(NotFoundError, match="000000000000"):
        bundle_named("000000000000", known(harbour))


def test_what_another_version_wrote_down_and_cannot_be_read_is_left_out(harbour):
    measured(harbour, RRF, "rrf")
    measured(harbour, SHORT, "short")
    with open_service(harbour) as service:
        database = service.backends.database
        with database.write() as connection:
            of_short = t.runs.c.name == "short"
            content = connection.execute(select(t.runs.c.content).where(of_short)).scalar_one()
            content["bundle_content"]["query"]["gone"] = 1
            connection.execute(update(t.runs).where(of_short).values(content=content))
            old = {"index": {"gone": 1}}
            connection.execute(insert(t.bundles).values(digest="old", content=old, generation="old"))
            release = {"id": 0, "bundle": "old", "released_at": 1.0}
            connection.execute(insert(t.releases).values(release))
        book = RunBook(database)
        assert [run.name for run in book.finished()] == ["rrf"]
        assert [run.name for run in book.latest_here(10)] == ["rrf"]
        assert [line.name for line in book.list()] == ["short", "rrf"]
        assert [each.name for each in known_bundles(database, book)] == ["serves now", "measured as rrf"]
