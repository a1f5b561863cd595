"""Work on files from outside in a guarded child process: killed and replaced when it breaks its limits."""

import fcntl
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock

import orjson
import psutil

from indexing.confinement import ANSWER, LENGTH, READY, REFUSAL
from rag.errors import ParseError, UnavailableError
from rag.settings import ParsingLimits

# The child knows nothing of our environment, so it is told where the code lies.
_BOOT = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_module(sys.argv[2], run_name='__main__')"
_ROOT = Path(__file__).resolve().parents[1]

_START_TIMEOUT_S = 60.0  # two busy cores and a cold disk
# A child is replaced when it has served so many, or holds so much more memory than at first: libraries leak.
_MAX_REQUESTS = 2000
_MAX_GROWTH_BYTES = 256 * 1024**2
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGTRAP)  # how native code ends when it gets no more
_PIPE_BYTES = 1024 * 1024
_READ_BYTES = 256 * 1024
_HELD_BYTES = 8 * 1024**2  # of an answer; a longer one is kept in a file until it is whole
_MAX_REASON_BYTES = 2000


class Sandbox:
    """One child process that answers requests in their order. One thread at a time may use it; any may close it."""

    def __init__(self, module: str, limits: ParsingLimits, *, root: Path = _ROOT) -> None:
        """Run `module` below `root`, which calls `confinement.serve`; it starts with the first request."""
        self._command = [sys.executable, "-I", "-c", _BOOT, str(root), module]
        self._limits = limits
        self._process: _Process | None = None
        self._closed = Event()
        self._lock = Lock()

    def run(self, requests: Sequence[bytes]) -> Iterator[bytes | ParseError]:
        """Yield the answer to each request, or why there is none; a request that breaks the child costs only itself."""
        waiting = deque(requests)
        while waiting:
            process = self._started()
            process.send(waiting)
            for _ in range(len(waiting)):
                answer = process.answer()
                waiting.popleft()
                if process.broken:
                    self._discard()
                yield answer
                if process.broken:
                    break
            if process.is_worn:
                self._discard()

    def stop(self) -> None:
        """Kill the child and start no other; a request under way ends. The pipes stay open for the thread at work."""
        with self._lock:
            self._closed.set()
            if self._process:
                self._process.signal()

    def close(self) -> None:
        """Let go of everything, once no thread is at work."""
        self.stop()
        self._discard()

    def _started(self) -> "_Process":
        with self._lock:
            if self._closed.is_set():
                raise UnavailableError("The parsers have been stopped.")
            if self._process is None:
                self._process = _Process(self._command, self._limits)
            return self._process

    def _discard(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process:
            process.kill()


class _Process:
    """A running child and its pipes."""

    def __init__(self, command: Sequence[str], limits: ParsingLimits) -> None:
        self._limits = limits
        self.served = 0
        self.broken = False
        options = orjson.dumps([os.getpid(), limits.timeout_s, limits.memory_bytes]).decode()
        self._popen = subprocess.Popen(
            [*command, options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            close_fds=True,
            cwd="/",
            env={},
            start_new_session=True,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._to, self._from = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        self._received = b""
        _widen(self._to)
        _widen(self._from)
        self._await_ready()
        self._first_bytes = self._held_bytes()

    @property
    def is_worn(self) -> bool:
        """Whether another process should take its place."""
        return self.served >= _MAX_REQUESTS or self._held_bytes() > self._first_bytes + _MAX_GROWTH_BYTES

    def send(self, requests: Sequence[bytes]) -> None:
        """Write all requests; the child reads them before it answers, so that neither waits for the other."""
        frames = [LENGTH.pack(len(requests)), *(part for each in requests for part in (LENGTH.pack(len(each)), each))]
        left = memoryview(b"".join(frames))
        deadline = time.monotonic() + self._limits.timeout_s
        while left and _ready(self._to, select.POLLOUT, deadline):
            try:
                left = left[os.write(self._to, left) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:  # `answer` says why it died
                return

    def answer(self) -> bytes | ParseError:
        """Return the next answer, or what went wrong; a process that is `broken` afterwards gives no more."""
        self.served += 1
        deadline = time.monotonic() + self._limits.timeout_s
        size = self._receive(LENGTH.size, deadline)
        if isinstance(size, ParseError):
            return size
        (length,) = LENGTH.unpack(size)
        if not 1 <= length <= self._max_answer_bytes:
            return self._break(f"the parser produced more than {_amount(self._max_answer_bytes)}")
        kind = self._receive(1, deadline)
        return kind if isinstance(kind, ParseError) else self._answer(kind, length - 1, deadline)

    def signal(self) -> None:
        """Kill the child and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill the child and let go of its pipes."""
        self.signal()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                pipe.close()

    @property
    def _max_answer_bytes(self) -> int:
        return 8 * self._limits.max_text_chars + 16 * 1024 * 1024  # UTF-8, escapes, and the blocks

    def _answer(self, kind: bytes, length: int, deadline: float) -> bytes | ParseError:
        if kind == ANSWER:
            return self._receive(length, deadline)
        reason = self._receive(min(length, _MAX_REASON_BYTES), deadline)
        self.broken = self.broken or kind != REFUSAL or length > _MAX_REASON_BYTES
        return reason if isinstance(reason, ParseError) else ParseError(reason.decode("utf-8", "replace")[:500])

    def _held_bytes(self) -> int:
        """Return the memory that the child holds; 0 once it has ended."""
        try:
            return int(psutil.Process(self._popen.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _receive(self, size: int, deadline: float) -> bytes | ParseError:
        """Return the next bytes of the answers, or why they do not come."""
        with tempfile.SpooledTemporaryFile(_HELD_BYTES) as received:
            while received.tell() < size:
                if not self._received:
                    failure = self._fill(deadline)
                    if failure:
                        return failure
                taken = self._received[: size - received.tell()]
                received.write(taken)
                self._received = self._received[len(taken) :]
            received.seek(0)
            return received.read()

    def _fill(self, deadline: float) -> ParseError | None:
        if not _ready(self._from, select.POLLIN, deadline):
            return self._break(f"it took longer than {self._limits.timeout_s:g} s to read")
        with suppress(BlockingIOError):
            self._received = os.read(self._from, _READ_BYTES)
            if not self._received:
                return self._break(self._obituary())
        return None

    def _break(self, reason: str) -> ParseError:
        self.broken = True
        return ParseError(reason)

    def _obituary(self) -> str:
        """Say why the child ended."""
        try:
            code = self._popen.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "the parser closed its answers"
        if code == -signal.SIGXCPU:
            return f"it took longer than {self._limits.timeout_s:g} s to read"
        if -code in _OUT_OF_MEMORY:
            most = _amount(self._limits.memory_bytes)
            return f"the parser crashed (signal {-code}): the file is damaged, or needs more than {most} of memory"
        return f"the parser crashed (signal {-code})" if code < 0 else f"the parser stopped (exit code {code})"

    def _await_ready(self) -> None:
        frame = self._receive(LENGTH.size + 1, time.monotonic() + _START_TIMEOUT_S)
        if frame != LENGTH.pack(1) + READY:
            self.kill()
            reason = str(frame) if isinstance(frame, ParseError) else "it answers nonsense"
            raise UnavailableError(f"The parser process does not start: {reason}. Is `plumbline[parse]` installed?")


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    """Wait until a pipe can be used; false once the deadline has passed."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _widen(descriptor: int) -> None:
    os.set_blocking(descriptor, False)
    if sys.platform == "linux":
        with suppress(PermissionError):  # the user's share of pipe memory is used up; it is only slower
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _amount(size: int) -> str:
    return f"{size / 1024**3:.3g} GB" if size >= 1024**3 else f"{size / 1024**2:.3g} MB"
