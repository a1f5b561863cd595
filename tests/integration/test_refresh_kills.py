"""kill -9 of whole runs of the indexer before their writes: readers see all of a run or nothing, and the next ends it.

By default at some of the writes; PLUMBLINE_TEST_EVERY_WRITE=1 kills before every one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    return driven("tests.integration.refresh_kills", tmp_path_factory.mktemp("kills"), 3000)


def driven(module: str, folder: Path, timeout_s: float) -> dict[str, dict]:
    """Run a module that forks and kills, in a process without threads, and return what it prints."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", module, str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, check=False, timeout=timeout_s
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("case", ["plain", "after a kill", "with compaction"])
def test_after_a_kill_readers_see_one_whole_corpus_and_the_next_run_ends_the_work(outcomes, case):
    outcome = outcomes[case]
    assert outcome["wrong"] == []
    assert outcome["kills"] >= 15
    assert outcome["seen"]["old"] > outcome["kills"] / 2  # nothing is visible before the last few writes
    assert {"insert", "update", "delete", "commit", "pragma", "pwrite", "fdatasync", "ftruncate"} <= set(
        outcome["writes"]
    )


@pytest.mark.parametrize("case", ["publish every group", "first build", "prune", "rebuild", "remove"])
def test_every_other_command_that_writes_can_be_killed_too(outcomes, case):
    assert outcomes[case]["wrong"] == []
    assert outcomes[case]["kills"] >= 3


def test_a_compaction_and_a_pruning_are_killed_while_they_move_files(outcomes):
    assert {"rename", "create", "fsync"} <= set(outcomes["with compaction"]["writes"])
    assert {"rename", "unlink", "rmdir", "vacuum"} <= set(outcomes["prune"]["writes"])


def test_the_checks_would_notice_a_publish_before_the_store_is_written(outcomes):
    assert outcomes["control: publish first"]["wrong"] != []


def test_the_checks_would_notice_a_store_that_is_not_cleaned_up(outcomes):
    assert outcomes["control: no clean-up"]["wrong"] != []


@pytest.mark.parametrize("case", ["paused", "paused, compaction"])
def test_a_reader_that_slept_while_its_revision_was_purged_reads_the_new_one(outcomes, case):
    assert outcomes[case]["wrong"] == []
    assert set(outcomes[case]["content"]) == {"g0", "g1", "g2", "g3", "g5"}  # of the second refresh meanwhile


def test_the_checks_would_notice_rows_that_were_purged_under_a_sleeping_reader(outcomes):
    assert "ids" in outcomes["control: paused, unchecked"]["wrong"]
