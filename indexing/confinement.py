"""The inside of a sandbox: limits that the child sets itself, and its loop of requests and answers."""

import ctypes
import math
import os
import resource
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import orjson

from rag.errors import ParseError

# One frame is its length and its bytes; the first byte of an answer says what it is.
LENGTH = struct.Struct(">Q")
READY, ANSWER, REFUSAL, FATAL = b"S", b"A", b"R", b"F"

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_MAX_OPEN_FILES = 64
_NICER = 5  # than the process that embeds
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FORBIDDEN = (
    *("socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"),
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"),
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.kill"),
)


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Answer requests until the parent closes the pipe. A ParseError is an answer; any other error ends the process."""
    parent, timeout_s, memory_bytes = orjson.loads(sys.argv[-1])
    requests, answers = _take_pipes()
    sys.excepthook = _last_words(answers)
    _die_with(parent)
    _confine(memory_bytes)
    _send(answers, READY)
    while batch := _receive(requests):
        for request in batch:
            _allow_time(timeout_s)
            _send(answers, _answered(answer, request, memory_bytes))


def _answered(answer: Callable[[bytes], bytes], request: bytes, memory_bytes: int) -> bytes:
    try:
        return ANSWER + answer(request)
    except ParseError as error:
        return REFUSAL + str(error).encode("utf-8", "replace")
    except RecursionError:
        return REFUSAL + b"it is nested too deeply"
    except MemoryError:
        return FATAL + f"it needed more than {memory_bytes / 1024**3:.3g} GB of memory to read".encode()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes, and let what libraries print go nowhere."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    warnings.simplefilter("ignore")
    return requests, answers


def _last_words(answers: BinaryIO) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """Return a hook that tells the parent of an error that nobody expected; the process ends after it."""

    def hook(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
        _send(answers, FATAL + f"the parser failed ({kind.__name__}): the file is damaged or unusual".encode())

    return hook


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, also by kill -9."""
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _confine(memory_bytes: int) -> None:
    """Take away network, files and processes, and bound the memory beyond what is in use already."""
    os.nice(_NICER)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread reserves address space
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    if sys.platform == "linux":
        _leave_network()
        bound = _address_space() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    sys.addaudithook(_refuse)


def _leave_network() -> None:
    """Move to a network without interfaces where the system lets us; `_refuse` holds where it does not."""
    system = ctypes.CDLL(None, use_errno=True)
    if system.unshare(_CLONE_NEWNET) != 0:
        system.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()


def _refuse(event: str, args: tuple[object, ...]) -> None:
    """Refuse what no parser needs; an audit hook cannot be taken off again."""
    if event in _FORBIDDEN or (event == "open" and _writes(args)):
        raise PermissionError(f"a parser may not use {event}")


def _writes(args: tuple[object, ...]) -> bool:
    path, _, flags = args
    return isinstance(flags, int) and bool(flags & _WRITE_FLAGS) and path != os.devnull


def _allow_time(timeout_s: float) -> None:
    """Bound the processor time of the next request, should the parent be too busy to watch the clock."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + timeout_s) + 1, hard))


def _receive(requests: BinaryIO) -> list[bytes]:
    """Return the next batch; empty when the parent has closed the pipe."""
    head = requests.read(LENGTH.size)
    return [requests.read(_length(requests)) for _ in range(LENGTH.unpack(head)[0])] if head else []


def _length(requests: BinaryIO) -> int:
    (length,) = LENGTH.unpack(requests.read(LENGTH.size))
    return int(length)


def _send(answers: BinaryIO, frame: bytes) -> None:
    answers.write(LENGTH.pack(len(frame)))
    answers.write(frame)
    answers.flush()
