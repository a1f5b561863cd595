"""The API as a process: its address, its start, its logs and its end."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_in_order_and_what_was_asked_is_in_the_log(indexed_home, number, code):
    with process(indexed_home) as (running, client):
        answer = client.post("/v1/answers", json={"question": QUESTION}).json()
        running.send_signal(number)
        assert running.wait(15) == code
    newest = recent(Database(indexed_home.home / "records.db"), 5)
    assert answer["id"] in {record.id for record in newest}


def test_every_line_of_the_log_is_json_with_the_request_and_without_the_question(indexed_home):
    with process(indexed_home) as (running, client):
        answer = client.post("/v1/answers", json={"question": QUESTION}, headers={"X-Request-ID": "trace-20"}).json()
        running.send_signal(signal.SIGTERM)
        _, printed = running.communicate(timeout=15)
    lines = [orjson.loads(line) for line in printed.splitlines()]
    line = next(line for line in lines if line["event"] == "request")
    assert (line["request_id"], line["status"], line["path"]) == ("trace-20", 200, "/v1/answers")
    assert (line["generation"], line["bundle"]) == (answer["generation"], answer["bundle"])
    assert "parental" not in printed


def test_an_address_that_others_can_reach_is_refused_unless_that_is_meant(indexed_home):
    with pytest.raises(UsageError, match="--insecure"):
        serve(indexed_home, "0.0.0.0", free_port())


def test_a_taken_port_is_named_with_the_option_that_changes_it(indexed_home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"Port {port} .* taken.*--port"):
            serve(indexed_home, "127.0.0.1", port)
