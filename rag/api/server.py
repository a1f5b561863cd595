"""Runs the API in this process until it is told to stop."""

import errno
import ipaddress
import os
import signal
import socket

import uvicorn

from rag.api.app import create_app
from rag.errors import UsageError
from rag.settings import Settings

GRACE_S = 8  # for requests under way, once it is told to stop
BACKLOG = 2048


def serve(settings: Settings, host: str = "127.0.0.1", port: int = 8000, *, insecure: bool = False) -> None:
    """Serve until SIGTERM, then return; Ctrl-C raises KeyboardInterrupt.

    Raises UsageError when the address is taken or cannot be used, and beyond loopback unless `insecure`.
    """
    listening = listen(host, port, insecure=insecure)
    config = uvicorn.Config(
        create_app(settings),
        ws="none",
        log_config=None,
        access_log=False,  # the app logs each request itself
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again when it is done
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def listen(host: str, port: int, *, insecure: bool = False) -> socket.socket:
    """Return a listening socket. Raises UsageError as `serve` does."""
    require_loopback(host, insecure=insecure)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(_why_not(host, port, error)) from error


def require_loopback(host: str, *, insecure: bool) -> None:
    """Raise UsageError for an address that other machines reach, unless `insecure`."""
    if not insecure and not _is_loopback(host):
        raise UsageError(
            f"{host} can be reached from other machines, and there are no keys yet: whoever reaches the port may ask. "
            "Listen on 127.0.0.1, or add --insecure if that is meant."
        )


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop what uses it, or choose another: --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this process has. Choose one above 1023: --port 8000."
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return f"{host}:{port} cannot be listened on: {reason}."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
