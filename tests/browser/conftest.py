"""What tests of pages share: Streamlit's own harness, a real browser, and the workbench as a process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import streamlit as st
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from benchmarks import pages
from rag.settings import Settings
from tests.conftest import REPOSITORY


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
    if shutil.which("chromium") is None:
        pytest.skip("no chromium: install Debian's package of that name")
    with pages.chromium() as opened:
        yield opened


@contextmanager
def workbench_at(settings: Settings, api_url: str = "") -> Iterator[str]:
    """Run the workbench over a home as a process of its own; yield its address."""
    with pages.workbench(settings, api_url) as served:
        yield served.address


def texts(page: AppTest) -> str:
    return "\n".join(str(each.value) for each in [*page.text, *page.markdown, *page.caption, *page.get("html")])
