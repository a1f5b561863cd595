"""The experiment page: what it offers, what it says beforehand, and the way from a question to its answer."""

import re
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from evals.batch import Batch, NamedBundle
from evals.loading import load_set
from indexing.commands import make_home
from rag.bootstrap import truth_of
from rag.config import Bundle
from rag.database import schema
from rag.database.jobs import JobBook
from rag.settings import Settings
from tests.browser.conftest import texts, workbench_at
from tests.conftest import HANDBOOK_SET, write
from tests.integration.eval_world import SHORT, WEIGHTED, eval_folder
from tests.integration.test_experiment_jobs import awaited
from workbench.jobs import JobDesk

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture(scope="module")
def world(home_at, tmp_path_factory) -> tuple[Settings, Path, str]:
    """A home with a finished experiment over a small set: settings, the set, the job's id."""
    folder = tmp_path_factory.mktemp("experiments")
    settings, small = home_at(folder / "home"), eval_folder(folder / "small")
    with desk_of(settings) as desk:
        batch = Batch(eval_set=small, bundles=named(weighted=WEIGHTED, short=SHORT), retrieval_only=True)
        job_id = desk.begin("experiment", "small: weighted, short", batch.model_dump(mode="json"))
        assert awaited(desk, job_id, lambda job: job.ended).state == "done"
    return settings, small, job_id


class desk_of:  # noqa: N801  # reads as a verb in `with`
    """Opens the desk of a home, which is made."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __enter__(self) -> JobDesk:
        make_home(self._settings.home)
        self._database = truth_of(self._settings)
        schema.upgrade(self._database, "truth")
        return JobDesk(JobBook(self._database), self._settings)

    def __exit__(self, *_: object) -> None:
        self._database.close()


def named(**bundles: Bundle) -> tuple[NamedBundle, ...]:
    return tuple(NamedBundle(name=name, bundle=bundle) for name, bundle in bundles.items())


def can_start(page) -> bool:
    return any(each.key == "experiment_start" for each in page.button)


def test_with_nothing_indexed_an_experiment_on_the_example_can_start_all_the_same(page_of, settings):
    page = page_of(settings, "experiment")
    assert not page.exception
    assert page.selectbox(key="experiment_set").value.endswith("handbook.jsonl")
    assert "nothing needs to be" in texts(page)
    assert can_start(page)
    metrics = {each.label: each.value for each in page.metric}
    assert int(metrics["Questions to ask"]) == 2 * len(load_set(HANDBOOK_SET).cases)


def test_the_address_chooses_set_setting_and_values(page_of, world):
    settings, small, _ = world
    page = page_of(settings, "experiment", set=str(small), vary="query.dense_weight", values="0.3,0.6,0.9")
    assert not page.exception
    assert page.selectbox(key="experiment_set").value == str(small)
    assert page.text_input(key="experiment_values_query.dense_weight").value == "0.3,0.6,0.9"
    assert "compare 3 bundles" in page.button(key="experiment_start").label
    rows = page.dataframe[0].value
    assert list(rows["bundle"]) == ["dense_weight 0.3", "dense_weight 0.6", "dense_weight 0.9"]
    assert set(rows["index"]) == {"there already"}
    assert list(rows["ask"]) == [0, 7, 7]  # the first was measured before


@pytest.mark.parametrize(
    ("values", "said"),
    [("200, 10", "out of range"), ("200, many", "not a whole number"), ("200, 1.5", "not a whole number")],
)
def test_a_value_that_cannot_be_is_told_and_nothing_can_start(page_of, world, values, said):
    settings, small, _ = world
    page = page_of(settings, "experiment", set=str(small), vary="index.chunk_tokens", values=values)
    assert not page.exception
    assert said in texts(page)
    assert "from 32 to 2,048" in texts(page)
    assert not can_start(page)


def test_settings_that_do_not_go_together_are_told(page_of, world):
    settings, small, _ = world
    page = page_of(settings, "experiment", set=str(small), vary="index.overlap_tokens", values="0, 400")
    assert "overlap_tokens must be less than chunk_tokens" in texts(page)
    assert not can_start(page)


def test_a_set_with_faults_is_told_with_the_way_to_mend_it(page_of, settings, tmp_path):
    broken = write(tmp_path / "broken", {"questions.jsonl": '{"id": "1"}\nnot json\n'})
    page = page_of(settings, "experiment", set=str(broken))
    assert not page.exception
    assert "faults" in texts(page)
    assert "line 2" in texts(page)
    assert not can_start(page)


def test_a_set_that_is_not_there_is_told(page_of, settings):
    page = page_of(settings, "experiment", set="/nowhere/set.jsonl")
    assert not page.exception
    assert "There is no eval set" in texts(page)


def own_bundles(page_of, settings, small):
    page = page_of(settings, "experiment", set=str(small))
    page.button_group(key="way").set_value("Bundles of your own").run()
    assert not page.exception
    return page


HOSTILE = "![x](http://evil.example/p.png)"


@pytest.mark.parametrize("setting", ["index.chunk_tokens", "query.rerank", "answer.min_support"])
def test_what_an_address_holds_is_shown_as_text_alone(page_of, world, setting):
    page = page_of(world[0], "experiment", set=str(world[1]), vary=setting, values=HOSTILE)
    assert not page.exception
    drawn = [*page.markdown, *page.caption, *page.error, *page.info, *page.warning]
    assert not [each for each in drawn if "evil" in each.value]
    assert HOSTILE in "".join(each.value for each in page.text)


@pytest.mark.parametrize("path", ["/nowhere/at/all", "~nosuch/x", "a" * 300, "a/" * 2040, "x\0y"])
@pytest.mark.parametrize("name", ["set", "documents"])
def test_a_path_that_cannot_be_is_told(page_of, world, name, path):
    page = page_of(world[0], "experiment", **{"set": str(world[1]), name: path})
    assert not page.exception
    assert page.error
    assert not can_start(page)


def test_a_set_that_changes_is_read_again(page_of, settings, tmp_path):
    small = eval_folder(tmp_path / "small")
    page = page_of(settings, "experiment", set=str(small))
    assert "All (7)" in str(page.button_group(key="split").options)
    with (small / "questions.jsonl").open("a") as file:
        file.write('{"id": "new", "question": "Is there a tram?", "answerable": false}\n')
    page.run()
    assert "All (8)" in str(page.button_group(key="split").options)


def test_the_address_holds_what_is_asked_and_how(page_of, world, tmp_path):
    settings, small, _ = world
    other = write(tmp_path / "other", {"one.txt": "The red permit costs 9 euro a year.\n"})
    asked = {"split": "tune", "limit": "3", "answers": "true", "floors": "true", "documents": str(other)}
    page = page_of(settings, "experiment", set=str(small), way="Bundles of your own", **asked)
    assert not page.exception
    assert page.button_group(key="way").value == "Bundles of your own"
    assert page.button_group(key="split").value == "tune"
    assert (page.number_input(key="limit").value, page.toggle(key="answers").value) == (3, True)
    assert page.toggle(key="floors").value
    assert set(page.dataframe[0].value["index"]) == {"to be made"}


def test_drafts_stay_as_they_were_when_the_page_is_left(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    page.number_input(key="bundle_2_query_top_k").set_value(9).run()
    page.text_input(key="bundle_2_name").set_value("nine").run()
    page.switch_page("views/home.py").run()
    page.switch_page("views/experiment.py").run()
    page.button_group(key="way").set_value("Bundles of your own").run()
    assert page.number_input(key="bundle_2_query_top_k").value == 9
    assert page.text_input(key="bundle_2_name").value == "nine"
    assert "Search (1 changed)" in [tab.label for tab in page.tabs]


def test_the_order_of_legs_in_a_base_is_no_change(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    page.text_area(key="experiment_yaml_text").set_value("query: {legs: [lexical, dense]}").run()
    page.button(key="experiment_yaml_add").click().run()
    assert not page.exception
    assert not [tab.label for tab in page.tabs if "changed" in tab.label]
    assert "changed" not in texts(page)


def test_equal_bundles_are_told_and_run_once(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    assert "bundle 2 is the same bundle as serving: it is run once." in texts(page)
    assert page.button(key="experiment_start").label == "Start"


def test_the_form_changes_marks_and_resets_a_setting(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    page.number_input(key="bundle_2_query_top_k").set_value(9).run()
    assert "Search (1 changed)" in [tab.label for tab in page.tabs]
    assert "from 5" in [each.value for each in page.text]
    assert "compare 2 bundles" in page.button(key="experiment_start").label
    page.button(key="bundle_2_query_top_k_reset").click().run()
    assert page.number_input(key="bundle_2_query_top_k").value == 5
    assert "Search (1 changed)" not in [tab.label for tab in page.tabs]


def test_the_form_shows_every_setting_with_its_meaning(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    shown = texts(page)
    for part in (Bundle().index, Bundle().query, Bundle().answer):
        for name, field in type(part).model_fields.items():
            assert field.description, name
            assert field.description in shown, name


def test_yaml_that_cannot_be_used_is_told_in_the_words_of_the_command_line(page_of, world):
    settings, small, _ = world
    page = own_bundles(page_of, settings, small)
    for text, said in (
        ("index: [", "is not YAML"),
        ("index: {chunk_tokens: 5}", "index.chunk_tokens"),
        ("query: {rerank: late_interaction}", "Say both, or neither"),
    ):
        page.text_area(key="experiment_yaml_text").set_value(text).run()
        assert not page.exception
        assert said in texts(page)
    page.text_area(key="experiment_yaml_text").set_value("query: {top_k: 3}").run()
    page.button(key="experiment_yaml_add").click().run()
    assert "compare 2 bundles" in page.button(key="experiment_start").label


def test_a_finished_experiment_shows_verdict_figures_and_what_was_told(page_of, world):
    settings, _, job_id = world
    page = page_of(settings, "experiment", job=job_id)
    assert not page.exception
    assert "short against weighted: " in texts(page)
    assert page.button(key="experiment_compare").label == "See the comparison"
    headlines = page.dataframe[0].value
    assert list(headlines["bundle"]) == ["weighted", "short"]
    assert set(headlines["metric"]) == {"recall@5"}
    assert all(re.fullmatch(r"\[\d\.\d{3}, \d\.\d{3}\]", each) for each in headlines["interval"])


def test_an_interrupted_experiment_is_found_by_itself_and_can_go_on(page_of, settings, tmp_path):
    with desk_of(settings) as desk:
        batch = Batch(eval_set=eval_folder(tmp_path / "small"), bundles=named(weighted=WEIGHTED))
        job_id = desk.book.add("experiment", "small: weighted", batch.model_dump(mode="json"))
        desk.book.end(desk.book.take(job_id), "interrupted")
    page = page_of(settings, "experiment")
    assert not page.exception
    assert "What is finished is kept" in page.info[0].value
    assert page.button(key=f"go_on_{job_id}").label == "Go on"


def test_an_experiment_that_is_not_there_is_told(page_of, world):
    page = page_of(world[0], "experiment", job="none")
    assert not page.exception
    assert "There is no job 'none'" in texts(page)


def idle(page: Page) -> None:
    page.wait_for_selector(IDLE, timeout=60_000)
    page.wait_for_timeout(300)
    page.wait_for_selector(IDLE, timeout=60_000)


def test_in_a_browser_two_chunk_sizes_are_compared_in_two_clicks_and_a_restart_loses_nothing(
    browser, home_at, tmp_path
):
    settings = home_at(tmp_path / "home")
    said: list[str] = []
    with workbench_at(settings) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        idle(page)
        page.get_by_role("link", name="Experiment").click()
        idle(page)
        page.get_by_label("Values, separated by commas").fill("200, 300")
        page.get_by_label("Values, separated by commas").press("Enter")
        idle(page)
        page.get_by_role("button", name="Start: compare 2 bundles").click()
        page.get_by_text("Stop", exact=True).wait_for(timeout=60_000)
        assert httpx.URL(page.url).params["job"]
        page.get_by_text("Asking: ").wait_for(timeout=120_000)
        page.close()
    with workbench_at(settings) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/experiment")
        page.get_by_text("handbook: chunk_tokens 200, chunk_tokens 300").first.wait_for(timeout=60_000)
        page.wait_for_timeout(1000)
        with closing(truth_of(settings)) as database:
            desk = JobDesk(JobBook(database), settings)
            job = desk.book.list("experiment")[0]
            assert awaited(desk, job.id, lambda job: job.ended, 200).state == "done"
            ids = list(desk.book.get(job.id).result["runs"].values())
        page.goto(f"{address}/experiment?job={job.id}")
        page.get_by_role("button", name="See the comparison").click()
        page.wait_for_url(re.compile("/compare"))
        assert httpx.URL(page.url).params["runs"] == ",".join(ids)
    assert not [each for each in said if "_stcore" not in each and "404" not in each]
