"""The page of chunks: two settings over one document, the spans of a set, and what they come to."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from indexing import catalog
from indexing.build import SourceRequest
from indexing.identity import document_id
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig
from rag.settings import Settings
from tests.browser.conftest import texts, workbench_at
from tests.conftest import build, indexing, write

CONTRACT = ("contracts", "hv-c-2025-017.pdf")
LONG = "\n\n".join(
    f"## Rule {n}\n\nRule {n} says that ship {n} docks at pier {n}. It pays at once." for n in range(400)
)
RULES = "It pays at once.\n\n## Rule 7\n\nRule 7 says that ship 7 docks at pier 7. It pays at once."
HOSTILE = (
    "# Fees <script>alert(1)</script>\n\n"
    "<img src=https://evil.example/x onerror=alert(1)> ![fee](https://evil.example/fee.png) costs 480 euro.\n"
)
SIZES = ({"width": 1280, "height": 800}, {"width": 1920, "height": 1080})


def eval_set(folder, **documents):
    """Write a set with its own corpus: a case per document, whose span is given by its text."""
    write(folder / "corpus", {f"{name}.md": text for name, (text, _) in documents.items()})
    cases = [
        {"id": f"{name}-1", "question": f"<b>What of {name}?</b>", "references": [reference(name, *each)]}
        for name, each in documents.items()
    ]
    write(folder, {"questions.jsonl": "\n".join(map(json.dumps, cases))})
    return folder


def reference(name, text, quote):
    start = text.index(quote)
    return {"doc": f"corpus/{name}.md", "start": start, "end": start + len(quote), "text": quote}


def figures(page):
    frame = page.dataframe[0].value
    return {row["side"]: row for row in frame.to_dict("records")}


def asked(page, name):
    """Return what the address says."""
    found = page.query_params[name]
    return found if isinstance(found, str) else found[0]


@pytest.fixture(scope="module")
def harbour(home_at, tmp_path_factory) -> tuple[Settings, str]:
    """A home with one small document, and a set with a long document of its own and one that is hostile."""
    folder = tmp_path_factory.mktemp("chunks")
    settings = home_at(folder / "home")
    build(settings, write(folder / "harbour", {"open.md": "# Opening\n\nThe harbour opens at 6."}))
    path = eval_set(folder / "harbour-set", rules=(LONG, RULES), fees=(HOSTILE, "costs 480 euro"))
    return settings, str(path)


def test_without_an_index_the_page_says_what_to_do(page_of, settings):
    page = page_of(settings, "chunks")
    assert not page.exception
    assert "Nothing is indexed" in page.info[0].value


def test_the_example_is_shown_with_its_spans_and_half_the_size_beside_it(page_of, indexed_home):
    page = page_of(indexed_home, "chunks")
    assert not page.exception
    assert (page.number_input(key="a_tokens").value, page.number_input(key="b_tokens").value) == (200, 100)
    found = figures(page)
    assert found["B"]["chunks"] > found["A"]["chunks"] > 0
    assert found["B − A"]["chunks"] == found["B"]["chunks"] - found["A"]["chunks"]
    assert 0 <= found["A"]["whole"] <= 100
    assert len(page.selectbox(key="chunks_case").options) > 1
    assert asked(page, "set").endswith("handbook.jsonl")
    assert asked(page, "document")


def test_a_changed_setting_cuts_the_document_anew_at_once_and_stands_in_the_address(page_of, indexed_home):
    page = page_of(indexed_home, "chunks")
    before = figures(page)["B"]["chunks"]
    page.number_input(key="b_tokens").set_value(40).run()
    assert figures(page)["B"]["chunks"] > before
    page.number_input(key="b_overlap").set_value(15).run()
    assert figures(page)["B"]["repeated"] > 0
    assert not page.exception
    again = page_of(indexed_home, "chunks", b_tokens="40", b_overlap="15", document=asked(page, "document"))
    assert figures(again) == figures(page)


def test_the_figures_are_those_of_the_chunks_that_an_index_with_that_config_holds(page_of, home_at, tmp_path):
    settings = home_at(tmp_path / "home")
    config = IndexConfig(strategy="sentences", chunk_tokens=64, overlap_tokens=16)
    folder = write(tmp_path / "harbour", {"rules.md": LONG[:9000]})
    with indexing(settings) as index:
        index.build(SourceRequest((folder,)), bundle=Bundle(index=config))
    with open_service(settings) as service:
        id_ = document_id("harbour", "rules.md")
        sizes = [chunk.tokens for chunk in service.reader.document(id_, None, frozenset({"public"})).chunks]
    page = page_of(settings, "chunks", document=id_)
    row = figures(page)["A"]
    assert (row["chunks"], row["smallest"], row["largest"]) == (len(sizes), min(sizes), max(sizes))
    assert row["mean"] == pytest.approx(sum(sizes) / len(sizes))
    assert row["repeated"] > 0


def test_a_span_that_is_split_is_listed_and_choosing_its_case_goes_to_it(page_of, harbour):
    settings, path = harbour
    page = page_of(settings, "chunks", set=path, document=document_id("corpus", "rules.md"))
    assert not page.exception
    assert "Neither A nor B splits a span" in texts(page)
    page.number_input(key="b_tokens").set_value(32).run()
    (row,) = page.dataframe(key="chunks_split").value.to_dict("records")
    assert (row["case"], row["chunks_a"], row["chunks_b"]) == ("rules-1", 1, 2)
    assert row["share_a"] == 100
    assert 50 <= row["share_b"] < 100
    assert figures(page)["B"]["whole"] == 0
    page.number_input(key="chunks_part").set_value(2).run()
    page.selectbox(key="chunks_case").set_value("rules-1").run()
    assert asked(page, "case") == "rules-1"
    assert page.number_input(key="chunks_part").value == 1


def test_the_same_settings_twice_and_an_overlap_without_room_are_told(page_of, harbour):
    page = page_of(harbour[0], "chunks", b_tokens="200")
    assert any("A and B are the same" in info.value for info in page.info)
    page.number_input(key="b_overlap").set_value(300).run()
    assert "overlap must be less" in page.error[0].value
    assert not page.exception


def test_chunks_that_cannot_be_as_long_as_wished_are_told(page_of, harbour):
    page = page_of(harbour[0], "chunks", a_tokens="1000")
    assert "tokens fit here, not 1000" in texts(page)


def test_a_document_that_no_case_names_leads_to_the_eval_sets(page_of, harbour):
    page = page_of(harbour[0], "chunks", set=harbour[1], document=document_id("harbour", "open.md"))
    assert any("No case of this eval set has a span in this document" in info.value for info in page.info)
    assert not page.exception


def test_a_document_that_does_not_exist_is_told_and_another_can_be_chosen(page_of, harbour):
    page = page_of(harbour[0], "chunks", document="0123456789abcdef01234567")
    assert "Not found" in page.error[0].value
    assert "Choose another one above" in texts(page)
    page.selectbox(key="chunks_document").set_value(document_id("harbour", "open.md")).run()
    assert not page.error
    assert figures(page)["A"]["chunks"] == 1


def test_a_document_without_text_is_told(page_of, harbour, tmp_path):
    folder = eval_set(tmp_path / "fish", fish=("Fish swim.", "swim"))
    write(folder / "corpus", {"blank.md": " \n\n"})
    page = page_of(harbour[0], "chunks", set=str(folder), document=document_id("corpus", "blank.md"))
    assert not page.exception
    assert "cannot be read" in page.error[0].value
    assert "blank.md" in texts(page)


def test_documents_are_found_by_words_of_title_and_place(page_of, indexed_home):
    page = page_of(indexed_home, "chunks")
    page.text_input(key="chunks_find").set_value("travel 2026").run()
    assert len(page.selectbox(key="chunks_document").options) == 1
    page.text_input(key="chunks_find").set_value("no such words").run()
    assert "No document has these words" in page.info[0].value
    assert not page.exception


@pytest.fixture(scope="module")
def address(harbour) -> Iterator[str]:
    with workbench_at(harbour[0]) as found:
        yield f"{found}/chunks?set={harbour[1]}"


def opened(browser: Browser, address: str, size) -> tuple[Page, list[str]]:
    """Open a page and wait until it is drawn; return it with what went wrong on its console and who it spoke to."""
    page, wrong = browser.new_page(viewport=size), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda each: wrong.append(each.text) if each.type == "error" and "404" not in each.text else None
    )
    page.on("request", lambda request: wrong.append(request.url) if "evil" in request.url.partition("?")[0] else None)
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(address)
    idle(page)
    return page, wrong


def idle(page: Page) -> None:
    page.get_by_text("B: ").first.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


@pytest.mark.parametrize("size", SIZES, ids=["1280x800", "1920x1080"])
def test_in_a_browser_a_hostile_document_is_text_and_nothing_is_wider_than_the_page(browser, address, size):
    page, wrong = opened(browser, f"{address}&document={document_id('corpus', 'fees.md')}&case=fees-1", size)
    cell = page.locator(".cell.A").all_inner_texts()
    assert "<img src=https://evil.example/x onerror=alert(1)>" in "".join(cell)
    assert page.locator(".rows img, .rows script, .rows a, .rows b").count() == 0
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    main = page.get_by_test_id("stMain")
    assert main.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert wrong == []


def test_in_a_browser_the_chosen_case_is_in_sight_and_its_chunk_is_told_to_who_uses_the_keyboard(browser, address):
    rules = f"{address}&document={document_id('corpus', 'rules.md')}&b_tokens=32"
    page, wrong = opened(browser, f"{rules}&case=rules-1", SIZES[0])
    frame, span = page.locator(".scroll").bounding_box(), page.locator(".A .chosen").first.bounding_box()
    assert frame["y"] <= span["y"] <= frame["y"] + frame["height"]
    assert "split in 2" in page.locator(".B .label").first.inner_text()
    page.locator(".A .mark").first.focus()
    assert "tokens" in page.locator(".about").inner_text()
    assert "context line" in page.locator(".about").inner_text()
    left, right = ("".join(page.locator(f".{side} .piece").all_text_contents()) for side in "AB")
    assert left == right
    assert LONG.startswith(left)
    assert wrong == []


@pytest.mark.parametrize("path", ["~nosuch-person", "a\0b", "x" * 5000])
def test_an_address_whose_set_cannot_be_a_path_says_so(page_of, harbour, path):
    page = page_of(harbour[0], "chunks", set=path)
    assert not page.exception
    assert "Name a file or a folder" in texts(page)


def indexed_titles(page) -> list[str]:
    offered = [each.split(" · ") for each in page.selectbox(key="chunks_document").options]
    return [title for title, *_, uri in offered if uri.startswith("port/")]


def test_who_loses_the_right_to_a_document_loses_sight_of_its_title_at_once(page_of, home_at, tmp_path, monkeypatch):
    settings = home_at(tmp_path / "home")
    files = {"fees.md": "# Fees\n\nDocking is 480 euro.\n", "pier.md": "# Pier\n\nOpen at 6.\n"}
    build(settings, write(tmp_path / "port", files))
    monkeypatch.setenv("PLUMBLINE_WORKBENCH__ROLES", "public")
    page = page_of(settings, "chunks", document=document_id("port", "pier.md"))
    assert indexed_titles(page) == ["Pier", "Fees"]
    with indexing(settings) as index, index.shop.database.write() as connection:
        catalog.revoke_roles(connection, {document_id("port", "fees.md"): ["board"]})
    page.run()
    assert not page.exception
    assert indexed_titles(page) == ["Pier"]


def test_a_set_that_is_given_other_documents_is_read_anew(page_of, harbour, tmp_path):
    folder = eval_set(tmp_path / "moved", fish=("Fish swim.", "swim"))
    write(tmp_path / "elsewhere", {"birds.md": "Birds fly."})
    page = page_of(harbour[0], "chunks", set=str(folder))
    assert any("fish.md" in each for each in page.selectbox(key="chunks_document").options)
    write(folder, {"set.yaml": "corpus: ../elsewhere\n"})
    page.run()
    assert not page.exception
    assert any("birds.md" in each for each in page.selectbox(key="chunks_document").options)
