"""The page of eval sets, in Streamlit's own harness and in a real browser."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from evals.loading import load_set
from indexing import catalog
from indexing.identity import document_id
from tests.browser.conftest import texts, workbench_at
from tests.conftest import REPOSITORY, build, indexing, write

EXAMPLE = REPOSITORY / "evals" / "sets" / "handbook.jsonl"
FEES = "# Fees\n\nThe docking fee is 480 euro per day.\n"
SPAN = {"doc": "corpus/fees.md", "start": 8, "end": 44, "text": "The docking fee is 480 euro per day."}
CASE = {"id": "q-1", "question": "What is the fee?", "answers": ["480 euro"], "references": [SPAN], "tags": ["number"]}
MOVED = {**CASE, "id": "q-2", "question": "What was the fee?", "references": [SPAN | {"start": 9, "end": 45}]}


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A set with its own documents: one case is right, one has a span that moved."""
    lines = "".join(json.dumps(case) + "\n" for case in (CASE, MOVED))
    return write(tmp_path / "harbour", {"questions.jsonl": lines, "corpus/fees.md": FEES})


def table(page, number: int = 0):
    return page.dataframe[number].value


def test_with_no_set_of_ones_own_the_example_is_there_and_the_page_says_what_to_do(page_of, settings):
    page = page_of(settings, "eval_sets")
    assert not page.exception
    assert table(page)["set"].tolist() == ["handbook"]
    assert table(page)["hash"][0] == load_set(EXAMPLE).digest[:12]
    assert table(page)["cases"][0] == len(load_set(EXAMPLE).cases)
    assert table(page)["lines"][0] == "valid"
    assert "mend a case of one and save it as a new version" in texts(page)


def test_a_broken_set_does_not_break_the_list(page_of, settings):
    good, bad = json.dumps(CASE), '{"id": "x"}\n'
    write(settings.sets, {"good.jsonl": good, "bad.jsonl": good + "\n" + bad, "worse/questions.jsonl": "\xff"})
    write(settings.sets / "lost", {"questions.jsonl": good, "set.yaml": "corpus: gone"})
    page = page_of(settings, "eval_sets")
    assert not page.exception
    said = dict(zip(table(page)["set"], table(page)["lines"], strict=True))
    assert said["good"] == said["handbook"] == "valid"
    assert said["bad"] == "1 fault"
    assert said["lost"].startswith("cannot be read: There is no folder")


def test_an_address_that_is_no_set_says_so(page_of, settings):
    page = page_of(settings, "eval_sets", set="/nowhere/at/all.jsonl")
    assert not page.exception
    assert "There is no eval set /nowhere/at/all.jsonl" in texts(page)


def test_a_path_opens_a_set_that_lies_elsewhere(page_of, settings, harbour):
    page = page_of(settings, "eval_sets")
    page.text_input(key="sets_path").set_value(str(harbour)).run()
    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Cases"] == "2"


def test_one_set_shows_its_figures_cases_and_parts(page_of, settings, harbour):
    page = page_of(settings, "eval_sets", set=str(harbour))
    assert not page.exception
    assert table(page)["case"].tolist() == ["q-1", "q-2"]
    assert table(page)["state"].tolist() == ["", "faulty"]
    page = page_of(settings, "eval_sets", set=str(harbour), show="parts")
    parts = table(page).set_index("part")["cases"].to_dict()
    assert parts["number"] == parts["md"] == 2


def test_cases_are_found_by_words_tags_and_state(page_of, settings):
    page = page_of(settings, "eval_sets", set=str(EXAMPLE), find="oslo hotel")
    assert table(page)["case"].tolist() == ["hb-001"]
    page = page_of(settings, "eval_sets", set=str(EXAMPLE), which="no")
    assert len(table(page)) == 46
    page.multiselect(key="tag").set_value(["conflict"]).run()
    assert not page.exception
    assert "No case is like that" in page.info[0].value


def test_faults_are_listed_with_what_to_do(page_of, settings, harbour):
    with (harbour / "questions.jsonl").open("a") as file:
        file.write('{"id": "q-3"}\n')
    page = page_of(settings, "eval_sets", set=str(harbour), show="faults")
    assert not page.exception
    rows = table(page)
    assert rows["line"].tolist() == [3, 2]
    assert rows["fault"][0] == "question is missing"
    assert "it stands at 8 to 44" in rows["fault"][1]
    assert "choose its span anew" in rows["do"][1]


def test_a_case_is_mended_kept_over_a_switch_of_pages_and_saved_as_a_new_version(page_of, settings, harbour):
    page = page_of(settings, "eval_sets", set=str(harbour), case="q-1", edit="1")
    assert not page.exception
    page.text_input[0].set_value("How much is it to dock?").run()
    page.button(key="case_keep").click().run()
    assert "1 change not saved" in texts(page)
    page.switch_page("views/ask.py").run()
    page.switch_page("views/eval_sets.py").query_params.clear()
    page.query_params["set"], page.query_params["show"] = str(harbour), "changes"
    page.run()
    assert table(page)["after"].tolist() == ["How much is it to dock?"]
    page.button(key="set_save").click().run()
    assert not page.exception
    saved = load_set(settings.sets / "harbour-v2")
    assert [case.question for case in saved.cases] == ["How much is it to dock?", "What was the fee?"]
    assert load_set(harbour).cases[0].question == "What is the fee?"
    assert page.query_params["set"] == str(settings.sets / "harbour-v2")


def test_what_was_written_in_a_form_is_there_after_a_switch_of_pages(page_of, settings, harbour):
    page = page_of(settings, "eval_sets", set=str(harbour), case="new")
    page.text_input[0].set_value("Half a question").run()
    page.switch_page("views/ask.py").run()
    page.switch_page("views/eval_sets.py")
    page.query_params["set"], page.query_params["case"] = str(harbour), "new"
    page.run()
    assert page.text_input[0].value == "Half a question"


def test_a_case_that_is_removed_can_be_had_back_by_discarding(page_of, settings, harbour):
    page = page_of(settings, "eval_sets", set=str(harbour), case="q-2")
    page.button(key="case_remove").click().run()
    assert table(page)["case"].tolist() == ["q-1"]
    page.button(key="set_discard").click().run()
    assert table(page)["case"].tolist() == ["q-1", "q-2"]
    assert not page.exception


def test_a_question_of_an_address_becomes_an_unanswerable_case_of_a_new_set(page_of, settings):
    page = page_of(settings, "eval_sets", question="Who feeds the harbour cat?")
    assert "Who feeds the harbour cat?" in texts(page)
    page.text_input(key="sets_name").set_value("asked")
    page.button(key="sets_begin").click().run()
    assert not page.exception
    assert page.text_input[0].value == "Who feeds the harbour cat?"
    page.toggle[0].set_value(True).run()
    page.button(key="case_keep").click().run()
    page.query_params.clear()
    page.query_params["set"], page.query_params["show"] = str(settings.sets / "asked"), "changes"
    page.run()
    page.button(key="set_save").click().run()
    assert not page.exception
    saved = load_set(settings.sets / "asked-v1")
    assert [(case.question, case.answerable) for case in saved.cases] == [("Who feeds the harbour cat?", False)]


def test_what_is_wrong_with_a_case_is_told_while_it_is_written(page_of, settings, harbour):
    page = page_of(settings, "eval_sets", set=str(harbour), case="new")
    assert "question must not be blank" in texts(page)
    assert page.button(key="case_keep").disabled
    page.text_input[0].set_value("what is the fee?").run()
    assert "1 other case of this set asks the same" in texts(page)
    assert "says nothing about search" in texts(page)
    assert not page.button(key="case_keep").disabled


def test_without_documents_a_case_can_be_written_and_the_page_says_how_to_get_some(page_of, settings):
    path = write(settings.sets, {"bare.jsonl": json.dumps({"id": "q", "question": "Why?"})}) / "bare.jsonl"
    page = page_of(settings, "eval_sets", set=str(path), case="new")
    assert not page.exception
    assert "nothing is indexed" in page.info[0].value


def test_to_a_beir_set_no_span_can_be_added_and_the_page_says_so(page_of, settings):
    files = {
        "corpus.jsonl": json.dumps({"_id": "d1", "title": "Fees", "text": FEES}),
        "queries.jsonl": json.dumps({"_id": "q1", "text": "What is the fee?"}),
        "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\n",
    }
    path = write(settings.sets / "graded", files)
    page = page_of(settings, "eval_sets", set=str(path), case="q1", edit="1")
    assert not page.exception
    assert "spans cannot be added" in page.info[0].value


def test_two_versions_are_compared_case_by_case(page_of, settings, harbour):
    changed = {**CASE, "question": "And today?"}
    write(settings.sets, {"harbour-v2.jsonl": json.dumps(changed)})
    page = page_of(settings, "eval_sets", set=str(settings.sets / "harbour-v2.jsonl"), show="versions")
    assert not page.exception
    page = page_of(settings, "eval_sets", set=str(harbour), show="versions")
    assert page.selectbox(key="set_other").value == str(settings.sets / "harbour-v2.jsonl")
    assert dict(zip(table(page)["case"], table(page)["change"], strict=True)) == {"q-1": "changed", "q-2": "added"}


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_in_a_browser_a_case_is_made_over_what_serves_and_saved(browser, home_at, tmp_path, size):
    settings = home_at(tmp_path / "home")
    build(settings, write(tmp_path / "rules", {"fees.md": FEES, "![x](https://evil.example/a.png).md": "# B\n\nText."}))
    errors: list[str] = []
    with workbench_at(settings) as address:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{address}/eval_sets?question={quote('What does docking cost?')}")
        page.get_by_label("Or begin a new set").fill("docks")
        page.get_by_role("button", name="New set").click()
        field = page.get_by_role("combobox", name="Document")
        field.click()
        field.fill("fees")
        field.press("Enter")
        find = page.get_by_role("searchbox", name="Find in the text")
        find.fill("the docking fee is 480 euro per day.")
        find.press("Control+Enter")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Remove this span").wait_for()
        idle(page)
        page.get_by_role("button", name="Keep this case").click()
        page.get_by_role("button", name="Review and save").click()
        page.get_by_role("button", name="Save as a new version").click()
        expect(page.get_by_text("docks-v1", exact=True)).to_be_visible()
        idle(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.close()
    (case,) = load_set(settings.sets / "docks-v1").cases
    assert case.question == "What does docking cost?"
    (reference,) = case.references
    assert (reference.doc, reference.start, reference.end) == ("rules/fees.md", 8, 44)
    assert FEES[8:44] == reference.text
    assert [each for each in errors if "404" not in each] == []


def idle(page) -> None:
    for _ in range(2):
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=30_000)
        page.wait_for_timeout(300)


@pytest.mark.parametrize("path", ["~nosuch-person", "a\0b", "x" * 5000])
def test_an_address_that_cannot_be_a_path_says_so(page_of, settings, path):
    page = page_of(settings, "eval_sets", set=path)
    assert not page.exception
    assert "Name a file or a folder" in texts(page)


def test_a_document_that_was_excluded_is_gone_from_the_page_at_once(page_of, settings, tmp_path):
    build(settings, write(tmp_path / "port", {"fees.md": FEES, "pier.md": "# Pier\n\nOpen at 6.\n"}))
    path = write(settings.sets, {"bare.jsonl": json.dumps({"id": "q", "question": "Why?"})}) / "bare.jsonl"
    page = page_of(settings, "eval_sets", set=str(path), case="new")
    documents = next(each for each in page.selectbox if each.label == "Document")
    assert len(documents.options) == 2
    with indexing(settings) as index, index.shop.database.write() as connection:
        catalog.mark_excluded(connection, document_id("port", "fees.md"), "replaced")
    page.run()
    assert not page.exception
    documents = next(each for each in page.selectbox if each.label == "Document")
    assert len(documents.options) == 1
    assert "Pier" in documents.options[0]
