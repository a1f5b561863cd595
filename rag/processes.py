"""Whether the process that wrote a row is still at work."""

import os
import socket
import time
from dataclasses import dataclass
from typing import TypedDict

import psutil

_STALE_S = 30.0  # without a heartbeat, after which a process on another host is not running
_SAME_START_S = 5.0  # a process that began this near is the same: the clock may have been set since


class ProcessFields(TypedDict):
    """What a row says of the process that works on it."""

    host: str
    pid: int
    process_started_at: float | None


@dataclass(frozen=True, slots=True)
class Worker:
    """The process that a row names, and when it was last heard of, in seconds since 1970."""

    host: str | None
    pid: int | None
    process_started_at: float | None
    heartbeat_at: float

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this host."""
        return self.host == socket.gethostname()

    @property
    def is_alive(self) -> bool:
        """Whether the process is there; on another host, whether it was heard of lately."""
        if not self.is_here:
            return self.pid is not None and time.time() - self.heartbeat_at <= _STALE_S
        began = _began(self.pid) if self.pid else None
        return began is not None and abs(began - (self.process_started_at or 0.0)) < _SAME_START_S


def this_process() -> ProcessFields:
    """Return what names this process in a row."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "process_started_at": _began(os.getpid())}


def _began(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None where there is none."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
