"""What tests of pages share: Streamlit's own harness, a real browser, and the workbench as a process."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import streamlit as st
from playwright.sync_api import Browser, sync_playwright
from streamlit.testing.v1 import AppTest

from rag.settings import Settings
from tests.conftest import REPOSITORY
from workbench.server import command

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture
def page_of(monkeypatch: pytest.MonkeyPatch):
    """Makes a page of the workbench over a home."""

    def make(settings: Settings, view: str, **parameters: str) -> AppTest:
        st.cache_resource.clear()
        monkeypatch.setenv("PLUMBLINE_HOME", str(settings.home))
        monkeypatch.setenv("PLUMBLINE_SETS", str(settings.sets))
        page = AppTest.from_file(str(REPOSITORY / "workbench" / "app.py"), default_timeout=30)
        page.query_params.update(parameters)
        return page.run() if view == "home" else page.switch_page(f"views/{view}.py").run()

    yield make
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: install Debian's package of that name")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def workbench_at(settings: Settings, api_url: str = "") -> Iterator[str]:
    """Run the workbench over a home as a process of its own; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    variables = {**os.environ, "PLUMBLINE_HOME": str(settings.home), "PLUMBLINE_SETS": str(settings.sets)}
    arguments = command(settings, port, api_url)
    with subprocess.Popen(arguments, env=variables, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait_for(address: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(address).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} did not answer within 20 s")


def texts(page: AppTest) -> str:
    return "\n".join(str(each.value) for each in [*page.text, *page.markdown, *page.caption, *page.get("html")])
