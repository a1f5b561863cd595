"""The compare page in a browser: `python -m benchmarks.workbench_compare [--runs 20 --questions 2000]`.

The runs are those of `benchmarks.compare_speed`, saved in a home of its own. Measured from the click to charts and
tables that are painted, with the workbench and the browser on the same processors.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]  # has no stubs
from playwright.sync_api import Page

from benchmarks import timing
from benchmarks.compare_speed import SEED, made_up, names
from benchmarks.pages import IDLE, chromium, settle, workbench
from benchmarks.timing import Figure
from evals.runs import RunBook
from rag.database import schema
from rag.database.engine import Database
from rag.settings import Settings

TARGET_S = 3.0
_CHARTS = 4
_PAINTED = f"""() => document.querySelector('{IDLE}')
    && [...document.querySelectorAll('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg')]
        .filter(each => each.clientHeight > 20).length >= {_CHARTS}
    && document.body.innerText.includes('5. What breaks?')
    && !document.querySelector('[data-testid="stSkeleton"]')"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--questions", type=int, default=2000)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder))
        ids = saved(settings, given.runs, given.questions)
        with workbench(settings) as served, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{served.address}/compare")
            settle(page)
            timing.show(measure(page, ids, served.process), as_json=given.json)


def measure(page: Page, ids: list[str], process: psutil.Process) -> list[Figure]:
    address = page.url
    before = sum(process.cpu_times()[:2])
    first = clicked(page)
    used = sum(process.cpu_times()[:2]) - before
    page.goto(f"{address}?runs={','.join(ids[:2])}")
    page.wait_for_function(_PAINTED)
    page.goto(address)
    settle(page)
    second = clicked(page)
    began = time.perf_counter()
    page.goto(f"{address}?runs={','.join(ids[1:] + ids[:1])}")
    page.wait_for_function(_PAINTED)
    opened_anew = time.perf_counter() - began
    return [
        Figure("all runs chosen, from the click to painted", first, "s", target=TARGET_S),
        Figure("of it the workbench's processor time", used, "s"),
        Figure("all runs chosen, compared before", second, "s", target=1.0),
        Figure("another baseline, from the address", opened_anew, "s", target=TARGET_S),
    ]


def clicked(page: Page) -> float:
    """Return the seconds from choosing every run in the table to the painted comparison."""
    table = page.locator('[data-testid="stDataFrame"] canvas').first
    table.wait_for()
    time.sleep(1.0)  # the table's own start is not what is measured
    box = table.bounding_box()
    assert box is not None
    began = time.perf_counter()
    page.mouse.click(box["x"] + 17, box["y"] + 17)  # the box that chooses all rows
    page.wait_for_function(_PAINTED)
    return time.perf_counter() - began


def saved(settings: Settings, runs: int, questions: int) -> list[str]:
    """Save made-up runs as the workbench finds them; return their ids."""
    database = Database(settings.home / "truth.db")
    schema.upgrade(database, "truth")
    book, random = RunBook(database), np.random.default_rng(SEED)
    luck = random.random((questions, len(names())))
    ids = []
    for at in range(runs):
        run = made_up(at, luck, random)
        facts = {"set_name": "made up", "set_digest": run.set, "bundle": run.bundle, "split": run.split}
        ids.append(book.begin(f"key-{at}", {**facts, "name": run.name}, questions))
        book.save(run.model_copy(update={"id": ids[-1], "set_name": "made up"}))
    database.close()
    return ids


if __name__ == "__main__":
    main()
