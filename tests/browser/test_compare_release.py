"""From a comparison to what serves, with what that rests on, and one step back."""

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from rag.bootstrap import truth_of
from rag.config import Bundle
from rag.database.jobs import Job, JobBook
from rag.database.releases import current_release
from rag.settings import Settings
from tests.browser.conftest import texts
from tests.browser.saved_runs import measured, saved
from tests.conftest import build, write
from tests.unit.made_runs import weighted


def released(settings: Settings) -> str:
    database = truth_of(settings)
    with database.read() as connection:
        found = current_release(connection)
    database.close()
    assert found is not None
    return found.bundle.digest


def last_job(settings: Settings) -> Job:
    database = truth_of(settings)
    try:
        return JobBook(database).list("release", limit=1)[0]
    finally:
        database.close()


def until_done(page: AppTest, settings: Settings) -> Job:
    until = time.monotonic() + 120
    while not (job := last_job(settings)).ended and time.monotonic() < until:
        time.sleep(0.3)
    assert job.state == "done", job.error
    page.run()
    assert not page.exception
    return job


def test_the_winner_serves_with_what_that_rests_on_and_one_step_back(page_of, settings, tmp_path: Path) -> None:
    build(settings, write(tmp_path / "docs", {"a.md": "# Leave\n\nParents receive 26 weeks of leave.\n"}))
    before = released(settings)
    wanted = weighted(0.3)
    ids = saved(settings, [measured("base", 4, bundle_content=Bundle()), measured("new", 2, bundle_content=wanted)])
    page = page_of(settings, "compare", runs=",".join(ids))
    assert page.selectbox(key="compare_serve_run").value == ids[1]
    shown = texts(page)
    assert "made, split all: 60 questions" in shown
    assert "no question was kept back" in shown
    assert "Nothing to index" in shown
    page.button(key="compare_serve").click().run()
    assert released(settings) == before
    page.button(key="compare_confirm").click().run()
    job = until_done(page, settings)
    assert released(settings) == wanted.digest
    evidence = job.result["evidence"]
    assert isinstance(evidence, dict)
    assert (evidence["run"], evidence["baseline"], evidence["difference"]) == (ids[1], ids[0], 0.25)
    assert "new is better than base" in evidence["verdict"]
    assert page.button(key="compare_serve").disabled
    page.button(key="compare_back").click().run()
    page.button(key="compare_confirm").click().run()
    until_done(page, settings)
    assert released(settings) == before


def test_a_refused_release_changes_nothing(page_of, settings, tmp_path: Path) -> None:
    build(settings, write(tmp_path / "docs", {"a.md": "# Leave\n\nParents receive 26 weeks of leave.\n"}))
    ids = saved(settings, [measured("base", 4), measured("new", 2, bundle_content=weighted(0.3))])
    page = page_of(settings, "compare", runs=",".join(ids))
    page.button(key="compare_serve").click().run()
    page.button(key="compare_refuse").click().run()
    assert not page.exception
    assert not [button for button in page.button if button.key == "compare_confirm"]
    assert page.button(key="compare_back").disabled
