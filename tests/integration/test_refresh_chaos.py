"""kill -9 at random of refreshes, another writer and readers of one home: every reading is of one whole revision.

PLUMBLINE_TEST_KILLS sets how many; 35 by default, and 15 with PostgreSQL as the truth.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from tests.integration.test_refresh_kills import driven
from tests.postgres import own_server

KILLS = {
    truth: os.environ.get("PLUMBLINE_TEST_KILLS", kills) for truth, kills in (("sqlite", "35"), ("postgres", "15"))
}


@pytest.fixture(scope="module", params=KILLS)
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    with own_server(durable=True) if request.param == "postgres" else nullcontext("") as server:
        folder, kills = tmp_path_factory.mktemp("chaos"), KILLS[request.param]
        found = driven("tests.integration.refresh_chaos", folder, 3000, server, PLUMBLINE_TEST_KILLS=kills)
        yield found | {"asked": int(kills)}


@pytest.mark.timeout(3000)
def test_random_kills_leave_every_reading_whole(outcome):
    assert sum(outcome["kills"].values()) >= outcome["asked"]
    assert outcome["refreshes"] >= outcome["asked"] / 7
    assert outcome["readings"] >= outcome["asked"]
    assert outcome["wrong"] == []


def test_a_published_revision_never_changes(outcome):
    assert outcome["contents"] == outcome["revisions"] >= outcome["asked"] / 7


def test_after_random_kills_one_more_run_ends_the_work(outcome):
    assert outcome["after all"] == []
