"""Jobs: work in processes of their own that pages begin, watch, stop and take up again."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from rag.bootstrap import truth_of
from rag.database import schema
from rag.database.jobs import Job, JobBook, JobState
from rag.errors import JobError, NotFoundError
from rag.settings import Settings
from tests.conftest import HANDBOOK_SOURCES, texts_found, write
from workbench.jobs import JobDesk
from workbench.working import IndexWork

PAGES = 12


@pytest.fixture
def desk(settings: Settings) -> Iterator[JobDesk]:
    with closing(truth_of(settings)) as database:
        schema.upgrade(database, "truth")
        desk = JobDesk(JobBook(database), settings)
        yield desk
        desk.stop_all()


def when(desk: JobDesk, job_id: str, holds: Callable[[Job], bool], within_s: float = 60) -> Job:
    """Return the job once something holds of it."""
    until = time.monotonic() + within_s
    while not holds(job := desk.book.get(job_id)):
        log = desk.log_of(job_id)
        assert time.monotonic() < until, f"{job}\n{log.read_text() if log.exists() else ''}"
        time.sleep(0.1)
    return job


def in_state(state: JobState) -> Callable[[Job], bool]:
    return lambda job: job.state == state


def index_of(work: IndexWork) -> dict[str, object]:
    return work.model_dump(mode="json")


def page(number: int) -> str:
    """A text that takes a while to embed, as it is like no other."""
    lines = (f"Berth {number} has crane {number * line} with a reach of {line} metres." for line in range(150))
    return f"# Page {number}\n\n" + " ".join(lines)


def slow_job(desk: JobDesk, tmp_path) -> str:
    folder = write(tmp_path / "harbour", {f"page{number}.md": page(number) for number in range(PAGES)})
    return desk.begin("index", "Index harbour", index_of(IndexWork(action="build", paths=(folder,))))


def test_an_index_job_indexes_in_its_own_process_and_says_what_it_did(desk, settings):
    work = index_of(IndexWork(action="build", sources_file=HANDBOOK_SOURCES))
    job = when(desk, desk.begin("index", "Index the handbook", work), lambda job: job.ended)
    assert (job.state, job.error) == ("done", "")
    assert job.result["documents"]["added"] == job.progress["total"] == job.progress["done"]
    assert job.worker.pid != os.getpid()
    assert any("26 weeks" in text for text in texts_found(settings, "parental leave", "public"))


def test_a_job_that_cannot_be_done_says_why(desk, tmp_path):
    work = index_of(IndexWork(action="build", paths=(tmp_path / "gone",)))
    job = when(desk, desk.begin("index", "Index gone", work), lambda job: job.ended)
    assert job.state == "failed"
    assert "There is no file or folder" in job.error


def test_a_stopped_job_goes_on_where_it_was(desk, tmp_path):
    job_id = slow_job(desk, tmp_path)
    desk.stop(when(desk, job_id, lambda job: bool(job.progress.get("total"))))
    stopped = when(desk, job_id, in_state("interrupted"))
    assert stopped.progress["done"] < PAGES
    desk.go_on(stopped)
    assert when(desk, job_id, lambda job: job.ended).result["documents"]["added"] == PAGES


def test_a_killed_job_counts_as_interrupted_and_goes_on(desk, tmp_path):
    job_id = slow_job(desk, tmp_path)
    running = when(desk, job_id, lambda job: bool(job.progress.get("total")))
    os.kill(running.worker.pid, signal.SIGKILL)
    killed = when(desk, job_id, in_state("interrupted"), within_s=5)
    desk.go_on(killed)
    assert when(desk, job_id, lambda job: job.ended).state == "done"


def test_only_what_ended_without_a_result_is_taken_up_again(desk, tmp_path):
    job_id = slow_job(desk, tmp_path)
    with pytest.raises(JobError, match="only what was interrupted or failed"):
        desk.go_on(desk.book.get(job_id))


def test_stopping_all_ends_what_runs_and_leaves_what_is_done(desk, tmp_path):
    job_id = slow_job(desk, tmp_path)
    when(desk, job_id, in_state("running"))
    desk.stop_all()
    assert desk.book.get(job_id).state == "interrupted"


def test_a_job_whose_process_never_began_is_not_waited_for_for_ever(desk, monkeypatch):
    job_id = desk.book.add("index", "Refresh", index_of(IndexWork(action="refresh")))
    assert desk.book.get(job_id).state == "waiting"
    desk.stop(desk.book.get(job_id))
    assert desk.book.get(job_id).state == "interrupted"


def test_a_job_that_does_not_exist_is_not_found_also_where_nothing_exists(settings):
    with closing(truth_of(settings)) as database, pytest.raises(NotFoundError, match="There is no job"):
        JobBook(database).get("20260101-00000000")
