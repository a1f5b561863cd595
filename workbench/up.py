"""`plumbline up`: index, start API and workbench, ask one question, and stay until stopped."""

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import httpx

from indexing.build import SourceRequest
from indexing.commands import indexer, print_report, workshop
from indexing.listing import documents
from rag.bootstrap import truth_of
from rag.database.jobs import JobBook
from rag.database.releases import current_release
from rag.errors import UnavailableError, UsageError
from rag.settings import Settings
from rag.terminal import Options, note
from workbench.example import HANDBOOK
from workbench.jobs import JobDesk
from workbench.server import command

_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 13.0  # of the 15 s within which all must have ended; what is left by then is killed
_EXAMPLE_QUESTION = "What is the hotel limit per night?"
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two services listen, on 127.0.0.1."""

    api: int
    workbench: int


class _Stopped(BaseException):  # like KeyboardInterrupt, no error
    """A signal asked to stop; carries the exit code."""


def run(options: Options, paths: Sequence[Path], ports: Ports) -> int:
    """Start everything and wait; return the exit code: 130 after Ctrl-C, 0 after SIGTERM, 1 when a service died.

    Raises UsageError for a path or a port, UnavailableError when a service is not ready within 60 s.
    """
    settings = options.settings()
    _require_free("API", ports.api, "--api-port")
    _require_free("workbench", ports.workbench, "--workbench-port")
    children: list[subprocess.Popen[bytes]] = []
    try:
        with _signals():
            _index(options, settings, paths)
            children.extend(_start(options, settings, ports))
            _wait_until_ready(children, ports)
            _introduce(settings, ports)
            return _wait(children)
    except _Stopped as stopped:
        return int(stopped.args[0])
    finally:
        _stop(children, settings)


def _index(options: Options, settings: Settings, paths: Sequence[Path]) -> None:
    request = SourceRequest(paths) if paths else _example(settings)
    if request is None:
        return
    with indexer(settings, create=True) as index:
        note(f"Indexing {', '.join(map(str, paths)) or 'the example handbook'} ...")
        report = index.build(request)
    print_report(options, report, as_json=False)
    if not paths and report.problems:
        note("One file of the handbook is a scan, on purpose: it is reported, and all others can be searched.")


def _example(settings: Settings) -> SourceRequest | None:
    """Return the example handbook, where there is no index yet."""
    with workshop(settings, create=True) as shop, shop.database.read() as connection:
        if current_release(connection) is not None:
            return None
    if not HANDBOOK.exists():
        raise UsageError(
            "There is no index, and the example handbook is not installed. Name a folder: plumbline up PATH"
        )
    return SourceRequest(sources_file=HANDBOOK)


def _start(options: Options, settings: Settings, ports: Ports) -> list[subprocess.Popen[bytes]]:
    config = ["--config", str(options.config)] if options.config else []
    plumbline = [sys.executable, "-m", "workbench.cli", *config]
    api = [*plumbline, "serve", "--port", str(ports.api)]
    return [_spawn(api), _spawn(command(settings, ports.workbench, f"http://127.0.0.1:{ports.api}", options.config))]


def _spawn(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches `up` alone, which then stops the children in order.
    return subprocess.Popen(arguments, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509  # no thread runs yet


def _die_with_parent() -> None:
    """Let the child be stopped when `up` itself is killed (prctl PR_SET_PDEATHSIG; Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _wait_until_ready(children: Sequence[subprocess.Popen[bytes]], ports: Ports) -> None:
    addresses = [f"http://127.0.0.1:{ports.api}/readyz", f"http://127.0.0.1:{ports.workbench}/_stcore/health"]
    until = time.monotonic() + _READY_TIMEOUT_S
    while waiting := [address for address in addresses if not _answers(address)]:
        dead = [child for child in children if child.poll() is not None]
        if dead or time.monotonic() > until:
            reason = f"a service ended with code {dead[0].returncode}" if dead else "60 s have passed"
            raise UnavailableError(f"{', '.join(waiting)} did not answer: {reason}. The lines above say why.")
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _introduce(settings: Settings, ports: Ports) -> None:
    """Ask one question over HTTP, and print the answer and where everything is."""
    say = sys.stdout.write
    question, answer = _first_answer(settings, f"http://127.0.0.1:{ports.api}/v1/answers")
    say(f"\nAPI        http://127.0.0.1:{ports.api}\nWorkbench  http://127.0.0.1:{ports.workbench}\n\n")
    say(f"Q: {question}\nA: {answer['text'] or answer['reason']['detail']}\n")
    for citation in answer["citations"]:
        say(f"   [{citation['marker']}] {citation['title']} ({citation['uri']})\n")
    say("\nCtrl-C ends both.\n")
    sys.stdout.flush()


def _first_answer(settings: Settings, address: str) -> tuple[str, dict]:  # type: ignore[type-arg]  # the reply's JSON
    """Return a question that the index answers, with its answer; the last one tried where none is."""
    for question in _questions(settings):
        answer = _ask(address, question)
        if answer["status"] == "answered":
            break
    return question, answer


def _ask(address: str, question: str) -> dict:  # type: ignore[type-arg]  # the reply's JSON
    try:
        reply = httpx.post(address, json={"question": question}, timeout=_READY_TIMEOUT_S, trust_env=False)
        return dict(reply.raise_for_status().json())
    except httpx.HTTPError as error:
        raise UnavailableError(f"The API is ready but did not answer: {error}. The lines above say why.") from error


def _questions(settings: Settings) -> list[str]:
    """Return the example's question where it is indexed, and questions after the titles of documents."""
    with workshop(settings) as shop:
        found = documents(shop, ["indexed", "flagged"])["documents"]
    assert isinstance(found, list)
    readable = [each for each in found if set(each["roles"]) & set(settings.api.roles)]
    titles = [f"What is {each['title']}?" for each in readable[:5]]
    example = any(each["uri"].startswith("handbook/policies/travel") for each in readable)
    return ([_EXAMPLE_QUESTION] if example else []) + (titles or ["What do these documents say?"])


def _wait(children: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait until a service dies; signals raise."""
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
    note("A service has ended; stopping the other.")
    return 1


def _stop(children: Sequence[subprocess.Popen[bytes]], settings: Settings) -> None:
    """End the services, and what was begun from the pages, which can go on when they are there again."""
    until = time.monotonic() + _STOP_TIMEOUT_S
    for child in children:
        child.terminate()
    try:
        with closing(truth_of(settings)) as database:
            JobDesk(JobBook(database), settings).stop_all(until - time.monotonic())
    finally:
        for child in children:
            _await_end(child, until)


def _await_end(child: subprocess.Popen[bytes], until: float) -> None:
    try:
        child.wait(max(until - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class _signals:  # noqa: N801  # reads as a verb in `with`
    """Within the block, Ctrl-C and SIGTERM raise, so that children are stopped."""

    def __enter__(self) -> None:
        self._former = {each: signal.signal(each, self._raise) for each in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *_: object) -> None:
        for number in self._former:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave children behind

    @staticmethod
    def _raise(number: int, _frame: FrameType | None) -> None:
        raise _Stopped(_INTERRUPTED if number == signal.SIGINT else 0)


def _require_free(name: str, port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"Port {port} for the {name} is taken. Choose another: plumbline up {option} PORT"
            ) from error
