"""How long a batch still takes, by hand-computed cases."""

import pytest

from evals.batch_progress import BatchProgress, BundleProgress, seconds_left

DONE = BundleProgress(name="a", state="done", began_at=100, ended_at=140)
AT_WORK = BundleProgress(name="b", state="running", began_at=140, stage_began_at=150, done=10, total=40)
WAITS = BundleProgress(name="c")


@pytest.mark.parametrize(
    ("told", "bundles", "left"),
    [
        ({"a": 30, "b": 60, "c": 20}, (DONE, AT_WORK, WAITS), 40 + 20),  # 60 told, 20 of them passed
        ({"a": 30, "b": 25, "c": 20}, (DONE, AT_WORK, WAITS), 30 + 20),  # its stage goes on for 30
        ({}, (DONE, AT_WORK, WAITS), 30 + 40),  # as long as the one that is done
        ({}, (AT_WORK, WAITS), 30 + 50),  # 20 passed, and 30 of its stage
        ({}, (WAITS,), None),
    ],
)
def test_what_was_told_is_corrected_by_what_came(told, bundles, left):
    assert seconds_left(told, BatchProgress(bundles=bundles), 160) == left
