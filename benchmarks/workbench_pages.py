"""First paint of every page after a click, cached data: `python -m benchmarks.workbench_pages [--rounds 6] [--json]`.

The handbook with two runs, in Chromium at 1280 x 800; from the click in the navigation until the page's script has
ended and what it sent is painted. The first round fills the caches and does not count.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks import timing
from benchmarks.main_path import Visitor, walk
from benchmarks.pages import SIZES, chromium, settle, workbench
from benchmarks.timing import Figure
from rag.settings import Settings

PAGES = ("Home", "Ask", "Corpus", "Chunks", "Eval sets", "Experiment", "Compare")
TARGET_MS = 1000.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=6)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        settings = Settings.load(home=Path(place) / "home", sets=Path(place) / "sets")
        with workbench(settings) as served:
            page = browser.new_page(viewport={"width": SIZES[0][0], "height": SIZES[0][1]})
            person = Visitor(page, served.address)
            walk(person)
            rounds = [[painted(person, name) for name in PAGES] for _ in range(given.rounds + 1)]
    figures = [figure(name, [each[at] for each in rounds[1:]]) for at, name in enumerate(PAGES)]
    timing.show(figures, as_json=given.json)


def painted(person: Visitor, name: str) -> float:
    """Return the milliseconds from the click on a page's name until it is painted."""
    settle(person.page)
    person.page.wait_for_timeout(500)
    started = time.perf_counter()
    person.link(name).click()
    heading = "Plumbline" if name == "Home" else name
    person.page.get_by_role("heading", name=heading, exact=True).wait_for()
    settle(person.page)
    return 1000 * (time.perf_counter() - started)


def figure(name: str, times: list[float]) -> Figure:
    return Figure(f"{name}, click to painted, p50", timing.p50(times), "ms", TARGET_MS)


if __name__ == "__main__":
    main()
