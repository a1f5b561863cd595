"""Pictures of every page for docs/workbench.md: `python -m benchmarks.workbench_pictures [docs/pictures]`.

Walks the main path of a person from an empty home, then opens what it does not pass. 1280 x 800, light; the comparison
dark too.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser

from benchmarks.main_path import QUESTION, Visitor, walk
from benchmarks.pages import SIZES, chromium, settle, workbench
from rag.settings import Settings

WALKED = ("home", "ask", "experiment", "running", "compare")
_REPOSITORY = Path(__file__).resolve().parent.parent
_DRAWN_MS = 1500  # charts and tables are drawn after the script has ended


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, nargs="?", default=Path("docs/pictures"))
    folder = options.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, chromium() as browser:
        settings = Settings.load(home=Path(place) / "home", sets=Path(place) / "sets")
        with workbench(settings) as served:
            take(browser, served.address, folder, example_in(Path(place)))


def take(browser: Browser, address: str, folder: Path, example: Path) -> None:
    """Take all pictures. Raises AssertionError where a page shows an error."""
    person = visitor(browser, address)
    walk(person, lambda step: shoot(person, folder / f"{step}.png") if step in WALKED else None)
    compared = person.page.url.removeprefix(address)
    scrolled(person, "3. Where?", folder / "compare-where.png")
    for name, path in others(example).items():
        person.open(path)
        shoot(person, folder / f"{name}.png")
    dark = visitor(browser, address, dark=True)
    dark.open(compared)
    scrolled(dark, "2. How big?", folder / "compare-dark.png")
    assert not person.wrong + dark.wrong, person.wrong + dark.wrong


def others(example: Path) -> dict[str, str]:
    """Return the pages that the path does not pass, by picture; `example` is the eval set that is opened."""
    two = urlencode({"q": QUESTION, "b": "ec8f9a844d14;top_k=3;rerank=none"})
    return {
        "ask-two": f"/ask?{two}",
        "corpus": "/corpus",
        "chunks": "/chunks",
        "eval-sets": f"/eval_sets?{urlencode({'set': str(example)})}",
    }


def example_in(place: Path) -> Path:
    """Return a copy of the example's eval set with its documents: its page shows where a set lies."""
    for part in ("examples", "evals/sets"):
        shutil.copytree(_REPOSITORY / part, place / part)
    return place / "evals" / "sets" / "handbook.jsonl"


def visitor(browser: Browser, address: str, *, dark: bool = False) -> Visitor:
    width, height = SIZES[0]
    size = {"width": width, "height": height}
    return Visitor(browser.new_page(viewport=size, color_scheme="dark" if dark else "light"), address)


def scrolled(person: Visitor, heading: str, file: Path) -> None:
    settle(person.page)
    person.page.wait_for_timeout(_DRAWN_MS)
    person.page.get_by_role("heading", name=heading).evaluate("each => each.scrollIntoView({block: 'start'})")
    shoot(person, file)


def shoot(person: Visitor, file: Path) -> None:
    settle(person.page)
    person.page.wait_for_timeout(_DRAWN_MS)
    person.page.screenshot(path=file)


if __name__ == "__main__":
    main()
