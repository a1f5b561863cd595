"""What a person does first, by what the pages say, in a real browser at both sizes; and every page looked at once."""

from collections.abc import Iterator

import pytest

from benchmarks.main_path import Visitor, verdict, walk
from benchmarks.pages import SIZES, settle
from tests.browser.conftest import workbench_at

PATHS = ("/", "/ask", "/corpus", "/chunks", "/eval_sets", "/experiment", "/compare")
INDEX = "Index the example handbook"
FIRST_STEPS = {
    **dict.fromkeys(("/", "/ask", "/corpus"), INDEX),
    "/chunks": INDEX,
    "/eval_sets": "New set",
    "/experiment": "Start: compare 2 bundles",
    "/compare": "Run an experiment",
}
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
MOST_CLICKS = 10


@pytest.fixture(scope="module")
def empty(home_at, tmp_path_factory) -> Iterator[str]:
    """The workbench over a home where nothing is."""
    with workbench_at(home_at(tmp_path_factory.mktemp("empty") / "home")) as address:
        yield address


@pytest.fixture(scope="module")
def handbook(indexed_home) -> Iterator[str]:
    """The workbench over the example handbook."""
    with workbench_at(indexed_home) as address:
        yield address


def visitor(browser, address: str, size: tuple[int, int], scheme: str = "light") -> Visitor:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    return Visitor(page, address)


def test_from_nothing_to_the_verdict_on_two_chunk_sizes_in_at_most_ten_clicks(browser, settings) -> None:
    with workbench_at(settings) as address:
        person = visitor(browser, address, SIZES[0])
        walk(person, lambda _: look_at_every_size(person))
        said = verdict(person.page)
    assert "recall@5" in said
    assert "[" in said  # with its interval
    assert person.clicks <= MOST_CLICKS
    assert person.wrong == []


def look_at_every_size(person: Visitor) -> None:
    """Note a page that is wider than its window; the last size stays."""
    for width, height in reversed(SIZES):
        person.page.set_viewport_size({"width": width, "height": height})
        settle(person.page)
        if not person.page.evaluate(FITS):
            person.wrong.append(f"wider than {width}: {person.page.url}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_page_shows_an_error_or_is_wider_than_the_window(browser, handbook, size, scheme) -> None:
    person = visitor(browser, handbook, size, scheme)
    for path in PATHS:
        person.open(path)
        assert person.page.evaluate(FITS), path
    assert person.wrong == []


@pytest.mark.parametrize(("path", "first_step"), FIRST_STEPS.items())
def test_every_page_says_what_to_do_where_there_is_nothing(browser, empty, path, first_step) -> None:
    person = visitor(browser, empty, SIZES[0])
    person.open(path)
    offered = person.page.locator('[data-testid="stMain"]')
    assert offered.get_by_role("button", name=first_step).or_(offered.get_by_role("link", name=first_step)).count() == 1
    assert person.wrong == []
