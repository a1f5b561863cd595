"""A parser process that misbehaves as it is asked to: what a hostile file would make a real one do."""

import ctypes
import fcntl
import os
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from indexing.confinement import serve  # the line above finds it
from rag.errors import ParseError


def answer(request: bytes) -> bytes:
    """Do what the first word says."""
    what, _, rest = request.partition(b" ")
    return ACTS[what.decode()](rest)


def loop(_rest: bytes) -> bytes:
    while True:
        pass


def sleep(_rest: bytes) -> bytes:
    time.sleep(60)
    return b"awake"


def hog(_rest: bytes) -> bytes:
    return b"%d" % len(bytearray(8 * 1024**3))


def hog_slowly(_rest: bytes) -> bytes:
    kept = []
    while True:
        kept.append(b"x" * 4_000_000)


def abort(_rest: bytes) -> bytes:
    os.abort()


def segfault(_rest: bytes) -> bytes:
    return ctypes.string_at(0)


def leave(_rest: bytes) -> bytes:
    os._exit(7)


KEPT: list[bytearray] = []


def leak(rest: bytes) -> bytes:
    """Keep so much memory for ever, as libraries do that leak."""
    KEPT.append(bytearray(b"x") * int(rest))
    return b"%d" % os.getpid()


def flood(_rest: bytes) -> bytes:
    """Write into the pipe without end, past the library that frames answers."""
    pipe = next(each for each in range(3, 64) if _is_answer_pipe(each))
    os.write(pipe, (2**23).to_bytes(8, "big") + b"A")
    while True:
        os.write(pipe, bytes(65536))


def _is_answer_pipe(descriptor: int) -> bool:
    try:
        return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
    except OSError:
        return False


def huge(rest: bytes) -> bytes:
    return b"x" * int(rest)


def bug(_rest: bytes) -> bytes:
    raise KeyError("a bug of a library")


def refuse(_rest: bytes) -> bytes:
    raise ParseError("it is not nice")


def deep(_rest: bytes) -> bytes:
    return deep(_rest)


def connect(rest: bytes) -> bytes:
    socket.create_connection(("127.0.0.1", int(rest)), timeout=2)
    return b"connected"


def connect_in_c(rest: bytes) -> bytes:
    """Go around Python: what a parser library that is taken over would do."""
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = system.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = b"\x02\0" + int(rest).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return b"%d" % system.connect(descriptor, address, len(address))


def environment(_rest: bytes) -> bytes:
    return " ".join(sorted(os.environ)).encode()


def descriptors(_rest: bytes) -> bytes:
    links = [Path(f"/proc/self/fd/{each}") for each in range(64)]
    return " ".join(str(link.readlink()) for link in links if link.is_symlink()).encode()


def write(rest: bytes) -> bytes:
    Path(rest.decode()).write_bytes(b"written")
    return b"written"


def write_in_c(rest: bytes) -> bytes:
    system = ctypes.CDLL(None, use_errno=True)
    descriptor = system.open(rest, os.O_WRONLY | os.O_CREAT, 0o600)
    return b"%d" % system.write(descriptor, b"written", 7)


def run(_rest: bytes) -> bytes:
    return b"%d" % os.system("true")


def talk(_rest: bytes) -> bytes:
    print("noise" * 1000)
    os.write(2, b"more noise")
    return b"answered"


def echo(rest: bytes) -> bytes:
    return rest


ACTS = {
    "loop": loop,
    "sleep": sleep,
    "hog": hog,
    "hog_slowly": hog_slowly,
    "abort": abort,
    "segfault": segfault,
    "leave": leave,
    "huge": huge,
    "leak": leak,
    "flood": flood,
    "bug": bug,
    "refuse": refuse,
    "deep": deep,
    "connect": connect,
    "connect_in_c": connect_in_c,
    "environment": environment,
    "descriptors": descriptors,
    "write": write,
    "write_in_c": write_in_c,
    "run": run,
    "talk": talk,
    "echo": echo,
}

if __name__ == "__main__":
    serve(answer)
