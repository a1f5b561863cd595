"""The main path of a person through the workbench, by the pages' own words: what a test follows and pictures show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Locator, Page

from benchmarks.pages import settle

QUESTION = "How many weeks of parental leave do birth parents receive?"
_MINUTES_MS = 120_000
_OWN_PROBES = "/_stcore/"  # Streamlit looks for its base path at every address that is opened directly


@dataclass
class Visitor:
    """A person at a page: counts clicks, and notes what no page may show."""

    page: Page
    address: str
    clicks: int = 0
    wrong: list[str] = field(default_factory=list)  # errors of console and script, exceptions on a page

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def open(self, path: str = "/") -> None:
        """Type an address."""
        self.page.goto(f"{self.address}{path}")
        self._look()

    def click(self, what: Locator) -> None:
        """Click, and wait until the page is still."""
        settle(self.page)  # a click that falls into a page being drawn anew is lost
        what.first.click(timeout=20_000)
        self.clicks += 1
        self._look()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def _look(self) -> None:
        settle(self.page)
        shown = self.page.inner_text("body")
        if self.page.locator('[data-testid="stException"]').count() or "Traceback" in shown:
            self.wrong.append(shown)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _OWN_PROBES not in message.location["url"]:
            self.wrong.append(f"{message.text} {message.location['url']}")


def steps(visitor: Visitor) -> Iterator[str]:
    """Walk the path from an empty home; yield the name of each step once what it shows is there."""
    page = visitor.page
    visitor.open()
    yield "empty"
    visitor.click(visitor.button("Index the example handbook"))
    page.get_by_text("Chunks", exact=True).nth(1).wait_for(timeout=_MINUTES_MS)
    settle(page)
    yield "home"
    visitor.click(page.get_by_text("Ask a question"))
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.get_by_label("Question", exact=True).press("Enter")
    page.get_by_text("Why this answer").wait_for()
    settle(page)
    visitor.click(visitor.button("Show source 1"))
    page.locator("mark").first.wait_for()
    yield "ask"
    visitor.click(visitor.link("Home"))
    visitor.click(page.get_by_text("Compare two settings"))
    visitor.button("Start: compare 2 bundles").wait_for()
    yield "experiment"
    visitor.click(visitor.button("Start: compare 2 bundles"))
    page.get_by_text("asking").first.wait_for(timeout=_MINUTES_MS)
    yield "running"
    visitor.button("See the comparison").or_(visitor.link("See the comparison")).first.wait_for(timeout=_MINUTES_MS)
    visitor.click(visitor.button("See the comparison").or_(visitor.link("See the comparison")))
    page.get_by_text("1. Is it real?").wait_for(timeout=_MINUTES_MS)
    settle(page)
    yield "compare"


def verdict(page: Page) -> str:
    """Return what the page says first below "Is it real?"."""
    heading = page.get_by_role("heading", name="1. Is it real?")
    return heading.locator('xpath=following::*[@data-testid="stHtml"][1]').inner_text()


def walk(visitor: Visitor, at: Callable[[str], None] = lambda _: None) -> None:
    """Go the whole path; `at` is told each step."""
    for step in steps(visitor):
        at(step)
