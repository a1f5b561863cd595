"""What it takes to start: `python -m benchmarks.startup --data DIR`.

`plumbline --help`; `import rag.api.app`; and the API process over 20,000 chunks from its spawn to the first 200 of
`/readyz`, then its share of memory after 50 questions. Processor time is given beside the clock: other programs do not
lengthen it.
"""

import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # has no stubs

from benchmarks import corpus, timing
from benchmarks.corpus import PLUMBLINE
from benchmarks.timing import Figure
from rag.adapters.onnx import OnnxEmbedder
from rag.settings import Settings

HEAVY = ("torch", "litellm", "openai", "spacy", "ragas", "streamlit", "ray", "pandas")
QUESTIONS = 50
POLL_S = 0.005
TIMEOUT_S = 60


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--chunks", type=int, default=20_000)
    options.add_argument("--runs", type=int, default=7)
    given = options.parse_args()
    settings = corpus.indexed_home(given.data, given.work, given.chunks)
    asked = corpus.questions(given.data, QUESTIONS)
    timing.show(measure(settings, asked, given.runs), as_json=given.json)


def measure(settings: Settings, asked: Sequence[str], runs: int) -> list[Figure]:
    embedder = OnnxEmbedder(settings.home / "cache" / "models")
    starts: list[Start] = []
    works: dict[str, Callable[[str], object]] = {
        "embed": lambda question: embedder.embed([question]),
        "help": lambda _: subprocess.run([PLUMBLINE, "--help"], check=True, stdout=subprocess.DEVNULL),
        "import": lambda _: subprocess.run([sys.executable, "-c", "import rag.api.app"], check=True),
        "api": lambda _: starts.append(start_api(settings, asked)),
    }
    times = timing.in_turns(works, asked[:runs])
    unit = timing.p50(times["embed"])
    ready = [start.ready_ms for start in starts]
    return [
        *_against("plumbline --help", times["help"], unit, 500),
        *timing.spread("import rag.api.app", times["import"], unit),
        Figure("heavy modules that it imports", len(heavy_modules()), "", target=0),
        *_against("API, spawn to ready", ready, unit, 2500),
        Figure("API, processor time until ready", statistics.median(start.cpu_ms for start in starts), "ms"),
        Figure(f"API, PSS after {QUESTIONS} questions", max(start.pss_mb for start in starts), "MB", target=400),
        Figure("--help, processor time", cpu_ms([PLUMBLINE, "--help"]), "ms"),
    ]


def heavy_modules() -> list[str]:
    """Return which of the modules that an API process must not load it loads."""
    code = f"import rag.api.app, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def cpu_ms(command: Sequence[str]) -> float:
    """Return the processor time of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


class Start:
    """One API process, from its spawn to its end."""

    ready_ms = cpu_ms = pss_mb = 0.0


def start_api(settings: Settings, asked: Sequence[str]) -> Start:
    start, port = Start(), free_port()
    spawned = time.perf_counter()
    with running_api(settings, port) as process, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        wait_until_ready(client, process)
        start.ready_ms = 1000 * (time.perf_counter() - spawned)
        used = psutil.Process(process.pid).cpu_times()
        start.cpu_ms = 1000 * (used.user + used.system)
        for question in asked:
            client.post("/v1/answers", json={"question": question}, timeout=TIMEOUT_S).raise_for_status()
        start.pss_mb = pss_mb(process.pid)
    return start


@contextmanager
def running_api(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [PLUMBLINE, "serve", "--port", str(port)]
    with subprocess.Popen(command, env=corpus.environment(settings.home), stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def wait_until_ready(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    """Return when /readyz says 200. Raises TimeoutError, or ChildProcessError when the process has ended."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(f"the API ended with {process.returncode}")
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise TimeoutError("the API did not become ready")


def pss_mb(pid: int) -> float:
    """Return a process's memory, what it shares with others counted in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _against(name: str, times: Sequence[float], unit: float, target: float) -> list[Figure]:
    p50, p95 = timing.spread(name, times, unit)
    return [replace(p50, target=target), p95]


if __name__ == "__main__":
    main()
