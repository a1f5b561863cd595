"""The compare page in a real browser: charts painted at both sizes, downloads, and the table of runs."""

import csv
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import workbench_at
from tests.browser.saved_runs import measured, saved

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture(scope="module")
def compared(home_at, tmp_path_factory) -> Iterator[str]:
    """The workbench with two runs; the address of their comparison."""
    settings = home_at(tmp_path_factory.mktemp("compared") / "home")
    ids = saved(settings, [measured("base", 4), measured("new", 2), measured("third", 3)])
    with workbench_at(settings) as address:
        yield f"{address}/compare?runs={','.join(ids)}"


def opened(browser: Browser, address: str, *, wide: bool = False, dark: bool = False) -> tuple[Page, list[str]]:
    """Open an address and wait until it is painted; return the page and the errors of its console."""
    size = {"width": 1920, "height": 1080} if wide else {"width": 1280, "height": 800}
    page, errors = browser.new_page(viewport=size, color_scheme="dark" if dark else "light"), []
    page.on("console", lambda said: errors.append(said.text + said.location["url"]) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector(IDLE)
    return page, errors


@pytest.mark.parametrize(("wide", "dark"), [(False, False), (True, True)])
def test_in_a_browser_every_chart_is_painted_without_an_error(browser, compared, wide: bool, dark: bool) -> None:
    page, errors = opened(browser, compared, wide=wide, dark=dark)
    page.get_by_text("5. What breaks?").wait_for()
    charts = page.locator('[data-testid="stVegaLiteChart"]')
    charts.locator("canvas, svg").nth(3).wait_for()
    assert charts.count() == 4
    width = page.evaluate("document.documentElement.clientWidth")
    for at in range(4):
        box = charts.nth(at).locator("canvas, svg").first.bounding_box()
        assert box is not None
        assert box["height"] > 50
        assert box["x"] + box["width"] <= width
    # Streamlit asks for its own files below an address that was opened at once, before it knows better.
    assert [error for error in errors if "_stcore" not in error] == []


def fetched(page: Page, key: str) -> bytes:
    with page.expect_download() as found:
        page.locator(f".st-key-{key} button").click()
    return Path(found.value.path()).read_bytes()


def test_in_a_browser_tables_and_charts_are_downloaded_as_figures_and_as_pictures(browser, compared) -> None:
    page, _ = opened(browser, compared)
    page.get_by_text("5. What breaks?").wait_for()
    rows = list(csv.DictReader(StringIO(fetched(page, "compare_means_csv").decode("utf-8-sig"))))
    assert [(row["run"], row["mean"]) for row in rows] == [("base", "0.250"), ("new", "0.500"), ("third", "0.333")]
    drawn = list(csv.DictReader(StringIO(fetched(page, "compare_differences_csv").decode("utf-8-sig"))))
    assert next((row["name"], float(row["difference"])) for row in drawn) == ("new", 0.25)
    for name in ("compare_means", "compare_heat_map"):
        png, svg = fetched(page, f"{name}_png"), fetched(page, f"{name}_svg").decode()
        assert png.startswith(b"\x89PNG")
        assert len(png) > 2000
        assert svg.startswith("<svg")
        assert "base" in svg or "new" in svg
    report = fetched(page, "compare_html").decode()
    assert "new is better than base" in report
    assert "http://" not in report.replace("http://www.w3.org", "")
    assert "https://" not in report
    assert fetched(page, "compare_md").decode().startswith("# Comparison")


def test_in_a_browser_runs_are_chosen_in_the_table(browser, compared) -> None:
    page, _ = opened(browser, compared.partition("?")[0])
    table = page.locator('[data-testid="stDataFrame"] canvas').first
    table.wait_for()
    time.sleep(1.0)  # the table draws itself
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 17, box["y"] + 17)
    page.get_by_text("5. What breaks?").wait_for()
    assert len(page.url.partition("runs=")[2].split("%2C")) == 3
