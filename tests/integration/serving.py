"""The API as a client meets it: a real server on a free port."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import httpx
import uvicorn
from fastapi import FastAPI

from rag.api.server import listen

READY_WITHIN_S = 60


@contextmanager
def served(app: FastAPI, *, ready: bool = True) -> Iterator[httpx.Client]:
    """Serve an app in a thread; yield a client once it is ready, or at once."""
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_config=None, access_log=False))
    with listen("127.0.0.1", 0) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        port = listening.getsockname()[1]
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                wait_until_ready(client, "/readyz" if ready else "/healthz")
                yield client
        finally:
            server.should_exit = True
            thread.join()


def wait_until_ready(client: httpx.Client, address: str = "/readyz") -> None:
    """Return once the address answers 200; fail when it does not."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            if client.get(address).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"{address} did not answer within {READY_WITHIN_S} s")
