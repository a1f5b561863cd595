"""The main job: `plumbline up`, as a user runs it, with every socket beyond loopback blocked."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from rag.settings import Settings
from tests.conftest import PLUMBLINE, plumbline, write

BLOCKER = """
import sys
def block(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in {"127.0.0.1", "::1"}:
        raise PermissionError(f"the main job tried to reach {arguments[1]}")
    if event == "socket.getaddrinfo" and arguments[0] not in {"127.0.0.1", "::1", "localhost", None}:
        raise PermissionError(f"the main job looked up {arguments[0]}")
sys.addaudithook(block)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(settings: Settings, tmp_path: Path, *paths: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Run `plumbline up` until it has introduced itself."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    api, pages = free_port(), free_port()
    process = subprocess.Popen(
        [PLUMBLINE, "up", *paths, "--api-port", str(api), "--workbench-port", str(pages)],
        env={**os.environ, "PLUMBLINE_HOME": str(settings.home), "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process, api, pages
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def introduced(process: subprocess.Popen[str]) -> str:
    """Return what `up` printed, up to its last line."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            return "".join(lines)
    raise AssertionError("".join(lines) + (process.stderr.read() if process.stderr else ""))


def gone(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def eventually(condition: Callable[[], bool], timeout_s: float = 15) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_the_example_answers_with_citations_and_ctrl_c_ends_everything(settings: Settings, tmp_path: Path) -> None:
    with running(settings, tmp_path) as (process, api, pages):
        said = introduced(process)
        assert f"http://127.0.0.1:{api}" in said
        assert f"http://127.0.0.1:{pages}" in said
        assert "165 euro" in said
        assert "[1]" in said
        assert "travel-2026.md" in said
        assert httpx.get(f"http://127.0.0.1:{pages}/_stcore/health").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130
        assert gone(api)
        assert gone(pages)


def test_a_folder_of_ones_own_is_served_and_sigterm_ends_it_well(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "bikes", {"lease.md": "# Bicycle lease\n\nA leased bicycle costs 35 euro per month.\n"})
    with running(settings, tmp_path, str(folder)) as (process, api, _):
        introduced(process)
        body = {"question": "What does a leased bicycle cost?"}
        answer = httpx.post(f"http://127.0.0.1:{api}/v1/answers", json=body).json()
        assert "35 euro" in answer["text"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert gone(api)


def test_when_one_service_dies_the_other_is_stopped(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", {"a.txt": "A leased bicycle costs 35 euro per month.\n"})
    with running(settings, tmp_path, str(folder)) as (process, api, pages):
        introduced(process)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        assert process.wait(15) == 1
        assert gone(api)
        assert gone(pages)


def test_the_services_end_when_up_itself_is_killed(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", {"a.txt": "A leased bicycle costs 35 euro per month.\n"})
    with running(settings, tmp_path, str(folder)) as (process, api, pages):
        introduced(process)
        process.kill()
        assert eventually(lambda: gone(api) and gone(pages))


def test_a_taken_port_is_named_with_the_option_to_change_it(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = plumbline(settings.home, "up", "--api-port", port, "--workbench-port", str(free_port()))
    assert done.returncode == 2
    assert port in done.stderr
    assert "--api-port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_does_not_exist_starts_nothing(settings: Settings, tmp_path: Path) -> None:
    ports = ["--api-port", str(free_port()), "--workbench-port", str(free_port())]
    done = plumbline(settings.home, "up", str(tmp_path / "nowhere"), *ports)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
