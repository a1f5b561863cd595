"""The workbench as a process, and a real browser on it: what benchmarks, pictures and tests of pages share."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx
import psutil  # type: ignore[import-untyped]  # has no stubs
from playwright.sync_api import Browser, Page, sync_playwright

from rag.settings import Settings
from workbench.server import command

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SIZES = ((1280, 800), (1920, 1080))
_STARTS_WITHIN_S = 30.0


class Served(NamedTuple):
    """The running workbench."""

    address: str
    process: psutil.Process


@contextmanager
def workbench(settings: Settings, api_url: str = "") -> Iterator[Served]:
    """Run the workbench over a home as a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    variables = {**os.environ, "PLUMBLINE_HOME": str(settings.home), "PLUMBLINE_SETS": str(settings.sets)}
    arguments = command(settings, port, api_url)
    with subprocess.Popen(arguments, env=variables, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            process.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open the browser of this machine. Raises FileNotFoundError where there is none."""
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("no chromium: install Debian's package of that name")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def settle(page: Page, timeout_s: float = 60) -> None:
    """Wait until the page's script has run to its end, and what it sent is painted."""
    page.locator(IDLE).wait_for(timeout=timeout_s * 1000)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _wait_for(address: str) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until:
        try:
            if httpx.get(address, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{address} did not answer within {_STARTS_WITHIN_S:g} s")
