"""kill -9 of whole runs of the indexer before their writes: readers see all of a run or nothing, and the next ends it.

By default at some of the writes; PLUMBLINE_TEST_EVERY_WRITE=1 kills before every one. With PostgreSQL as the truth: a
plain run, one after a kill, a first build, a pruning, a removal, and a sleeping reader (`refresh_kills.ON_POSTGRES`).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.postgres import own_server


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    return driven("tests.integration.refresh_kills", tmp_path_factory.mktemp("kills"), 3000)


@pytest.fixture(scope="module")
def outcomes_on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict]]:
    with own_server(durable=True) as url:
        yield driven("tests.integration.refresh_kills", tmp_path_factory.mktemp("kills"), 3000, url)


def driven(module: str, folder: Path, timeout_s: float, server: str = "", **variables: str) -> dict[str, dict]:
    """Run a module that forks and kills, in a process without threads, and return what it prints.

    server: of PostgreSQL, which is to hold the truth.
    """
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PLUMBLINE_TEST_POSTGRES": server, **variables}
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


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("case", ["plain", "after a kill", "first build", "prune", "remove"])
def test_with_postgresql_as_the_truth_a_kill_leaves_one_whole_corpus_too(outcomes_on_postgres, case):
    outcome = outcomes_on_postgres[case]
    assert outcome["wrong"] == []
    assert outcome["kills"] >= 3
    assert {"insert", "update", "delete", "commit"} <= set(outcome["writes"])


@pytest.mark.parametrize("case", ["paused", "paused, compaction"])
def test_with_postgresql_a_reader_that_slept_reads_the_new_revision_too(outcomes_on_postgres, case):
    assert outcomes_on_postgres[case]["wrong"] == []
    assert set(outcomes_on_postgres[case]["content"]) == {"g0", "g1", "g2", "g3", "g5"}


@pytest.mark.parametrize("control", ["control: publish first", "control: paused, unchecked"])
def test_with_postgresql_the_checks_would_notice_too(outcomes_on_postgres, control):
    assert outcomes_on_postgres[control]["wrong"] != []
