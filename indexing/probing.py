"""A parser process that tries what no parser may do, and says what came of it: started by `isolation.py`."""

import ctypes
import mmap
import os
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack

import orjson

from indexing.confinement import serve

_MANY_FILES = 1024
_LOOPBACK = b"\x02\0" + (9).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)  # a sockaddr_in, port 9


def probe(request: bytes) -> bytes:
    """Return, by name, whether each limit holds; the request says how much memory the process may have."""
    return orjson.dumps(
        {
            "memory": _is_memory_refused(int(request)),
            "processor time": resource.getrlimit(resource.RLIMIT_CPU)[0] != resource.RLIM_INFINITY,
            "writing": _is_writing_refused(),
            "open files": _are_files_refused(),
            "empty environment": not set(os.environ) - {"LC_CTYPE", "OPENBLAS_NUM_THREADS"},
            "processes": _is_refused(_fork),
            "network": _is_refused(socket.socket),
            "network of native code": _is_network_gone(),
            "lower priority": os.nice(0) > 0,
        }
    )


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except PermissionError:
        return True
    return False


def _fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def _is_memory_refused(allowed: int) -> bool:
    try:
        mmap.mmap(-1, allowed + 1024**2).close()
    except OSError:
        return True
    return False


def _is_writing_refused() -> bool:
    """Tell whether even native code cannot put a byte into a file."""
    if sys.platform != "linux":
        return False
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = system.memfd_create(b"probe", 0)
    return bool(system.write(descriptor, b"x", 1) != 1)


def _are_files_refused() -> bool:
    with ExitStack() as opened:
        try:
            for _ in range(_MANY_FILES):
                opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        except OSError:
            return True
    return False


def _is_network_gone() -> bool:
    """Tell whether even native code cannot reach this machine itself."""
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = system.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)
    return bool(system.connect(descriptor, _LOOPBACK, len(_LOOPBACK)) != 0)


if __name__ == "__main__":
    serve(probe)
