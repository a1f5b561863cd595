"""kill -9 at random of refreshes, another writer and readers of one home: every reading is of one whole revision.

PLUMBLINE_TEST_KILLS sets how many; 35 by default.
"""

import pytest

from tests.integration.test_refresh_kills import driven


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return driven("tests.integration.refresh_chaos", tmp_path_factory.mktemp("chaos"), 3000)


@pytest.mark.timeout(3000)
def test_random_kills_leave_every_reading_whole(outcome):
    assert sum(outcome["kills"].values()) >= 30
    assert outcome["refreshes"] >= 5
    assert outcome["readings"] >= 30
    assert outcome["wrong"] == []


def test_a_published_revision_never_changes(outcome):
    assert outcome["contents"] == outcome["revisions"] >= 5


def test_after_random_kills_one_more_run_ends_the_work(outcome):
    assert outcome["after all"] == []
