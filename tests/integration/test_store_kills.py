"""kill -9 of a process that writes the embedded store: before each of its writes, and at random."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    driver = Path(__file__).with_name("store_kills.py")
    command = [sys.executable, "-W", "error", str(driver), str(tmp_path_factory.mktemp("kills"))]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=250)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def test_after_a_kill_at_any_write_readers_see_the_old_rows_and_the_next_run_gives_the_new(outcomes):
    each = outcomes["at each write"]
    assert {"insert", "update", "delete", "commit", "pwrite", "fdatasync", "ftruncate", "rename"} <= set(each["writes"])
    assert each["kills"] > 100
    assert each["wrong"] == []


def test_the_checks_would_notice_if_the_next_run_did_not_clean_up(outcomes):
    assert len(outcomes["control: no clean-up"]["wrong"]) > 0


def test_the_checks_would_notice_rows_without_their_vectors(outcomes):
    assert outcomes["control: no vectors"]["wrong"] == ["dense", "late interaction"]


def test_random_kills_leave_every_reading_whole(outcomes):
    chaos = outcomes["random"]
    assert chaos["kills"] >= 30
    assert chaos["writes"] > 10
    assert chaos["readings"] > 30
    assert chaos["wrong"] == []
