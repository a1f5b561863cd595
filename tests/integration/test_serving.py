"""The API as a process: its address, its start, its logs and its end."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import orjson
import pytest

from rag.api.server import serve
from rag.database.engine import Database
from rag.database.records import recent
from rag.errors import UsageError
from rag.settings import Settings
from tests.conftest import PLUMBLINE
from tests.integration.serving import wait_until_ready

QUESTION = "How many weeks of parental leave do birth parents receive?"


@contextmanager
def process(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run `plumbline serve` on a free port; it is ready in the block."""
    port = free_port()
    command = [PLUMBLINE, "serve", "--port", str(port)]
    variables = {**os.environ, "PLUMBLINE_HOME": str(settings.home)}
    with (
        subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        try:
            wait_until_ready(client)
            yield running, client
        finally:
            running.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Ended(NamedTuple):
    """A process that was asked one question and then told to stop."""

    answer: dict
    code: int
    printed: str


def ended(settings: Settings, number: signal.Signals) -> Ended:
    with process(settings) as (running, client):
        reply = client.post("/v1/answers", json={"question": QUESTION}, headers={"X-Request-ID": "trace-20"})
        running.send_signal(number)
        _, printed = running.communicate(timeout=15)
        return Ended(reply.json(), running.returncode, printed)


@pytest.fixture(scope="module")
def terminated(indexed_home: Settings) -> Ended:
    return ended(indexed_home, signal.SIGTERM)


def test_sigterm_ends_it_in_order_and_what_was_asked_is_in_the_log(indexed_home, terminated):
    assert terminated.code == 0
    newest = recent(Database(indexed_home.home / "records.db"), 20)
    assert terminated.answer["id"] in {record.id for record in newest}


def test_ctrl_c_ends_it_with_its_own_exit_code(indexed_home):
    assert ended(indexed_home, signal.SIGINT).code == 130


def test_every_line_of_the_log_is_json_with_the_request_and_without_the_question(terminated):
    lines = [orjson.loads(line) for line in terminated.printed.splitlines()]
    line = next(line for line in lines if line["event"] == "request")
    assert (line["request_id"], line["status"], line["path"]) == ("trace-20", 200, "/v1/answers")
    assert (line["generation"], line["bundle"]) == (terminated.answer["generation"], terminated.answer["bundle"])
    assert "parental" not in terminated.printed


def test_an_address_that_others_can_reach_is_refused_unless_that_is_meant(indexed_home):
    with pytest.raises(UsageError, match="--insecure"):
        serve(indexed_home, "0.0.0.0", free_port())


def test_a_taken_port_is_named_with_the_option_that_changes_it(indexed_home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"Port {port} .* taken.*--port"):
            serve(indexed_home, "127.0.0.1", port)
