"""Jobs: work in processes of their own that pages begin, watch, stop and take up again."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing

import psutil
import pytest
from sqlalchemy import update

from indexing.locking import refresh_lock
from rag.bootstrap import truth_of
from rag.database import schema
from rag.database import tables as t
from rag.database.jobs import Job, JobBook, JobState
from rag.errors import JobError, NotFoundError
from rag.settings import Settings
from tests.conftest import build, indexing, texts_found, write
from tests.postgres import ON_BOTH
from workbench.jobs import JobDesk
from workbench.working import IndexWork

pytestmark = ON_BOTH

REFRESH = IndexWork(action="refresh").model_dump(mode="json")


@pytest.fixture
def desk(settings: Settings) -> Iterator[JobDesk]:
    with closing(truth_of(settings)) as database:
        schema.upgrade(database, "truth")
        desk, others = JobDesk(JobBook(database), settings), set(threading.enumerate())
        yield desk
        desk.stop_all()
        for waiting in set(threading.enumerate()) - others:  # for processes; they write down what became of them
            waiting.join(30)


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


def docs_job(desk: JobDesk, tmp_path) -> str:
    folder = write(tmp_path / "docs", {"permit.txt": "The harbour permit costs 12 euro.\n"})
    return desk.begin("index", "Index docs", index_of(IndexWork(action="build", paths=(folder,))))


def another_run(desk: JobDesk) -> AbstractContextManager[None]:
    """A run that a job waits for: within the block it is at work and gets nowhere."""
    return refresh_lock(desk.settings.home, desk.settings.database_url, wait=True, waiting=lambda: None)


def at_work(job: Job) -> bool:
    return str(job.progress.get("stage", "")).startswith("Waiting for another run")


def rewrite(desk: JobDesk, job_id: str, **values: object) -> None:
    with desk.book.database.write() as connection:
        connection.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(values))


def test_an_index_job_indexes_in_its_own_process_and_says_what_it_did(desk, settings, tmp_path):
    job = when(desk, docs_job(desk, tmp_path), lambda job: job.ended)
    assert (job.state, job.error) == ("done", "")
    assert job.result["documents"]["added"] == job.progress["total"] == job.progress["done"] == 1
    assert job.worker.process_started_at != psutil.Process().create_time()
    assert any("12 euro" in text for text in texts_found(settings, "harbour permit", "public"))


def test_a_job_that_cannot_be_done_says_why(desk, tmp_path):
    work = index_of(IndexWork(action="build", paths=(tmp_path / "gone",)))
    job = when(desk, desk.begin("index", "Index gone", work), lambda job: job.ended)
    assert job.state == "failed"
    assert "There is no file or folder" in job.error


def test_a_killed_job_counts_as_interrupted_and_goes_on(desk, tmp_path):
    with another_run(desk):
        running = when(desk, docs_job(desk, tmp_path), at_work)
        os.kill(running.worker.pid, signal.SIGKILL)
        killed = when(desk, running.id, in_state("interrupted"), within_s=5)
    desk.go_on(killed)
    assert when(desk, running.id, lambda job: job.ended).result["documents"]["added"] == 1


def test_stopping_all_kills_what_hangs_and_leaves_what_is_done(desk, tmp_path):
    with another_run(desk):
        hanging = when(desk, docs_job(desk, tmp_path), at_work)
        os.kill(hanging.worker.pid, signal.SIGSTOP)
        began = time.monotonic()
        desk.stop_all(1.0)
        when(desk, hanging.id, in_state("interrupted"), within_s=2)
        assert time.monotonic() - began < 5
    rewrite(desk, hanging.id, state="done")
    desk.stop_all()
    assert desk.book.get(hanging.id).state == "done"


def test_who_lost_a_job_to_another_process_stops_and_changes_nothing_of_it(desk, tmp_path):
    with another_run(desk):
        former = when(desk, docs_job(desk, tmp_path), at_work)
        process = psutil.Process(former.worker.pid)
        rewrite(desk, former.id, began_at=former.began_at + 40, progress={"stage": "another's"})
        until = time.monotonic() + 15
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.1)
        assert not former.worker.is_alive
    job = desk.book.get(former.id)
    assert (job.progress, job.error, job.ended_at) == ({"stage": "another's"}, "", None)


def test_what_a_former_process_says_of_a_job_that_was_taken_again_is_not_heard(desk):
    former = desk.book.take(desk.book.add("index", "Refresh", REFRESH))
    rewrite(desk, former.id, state="interrupted")
    desk.book.wait_again(former.id)
    assert not desk.book.beat(former, {"done": 1})
    now = desk.book.take(former.id)
    assert not desk.book.beat(former, {"done": 1})
    assert not desk.book.end(former, "failed", error="lost")
    assert (desk.book.get(now.id).state, desk.book.get(now.id).progress) == ("running", {})
    assert desk.book.beat(now, {"done": 2})
    assert desk.book.end(now, "done", result={"done": 2})
    assert desk.book.get(now.id).result == {"done": 2}


def test_only_what_ended_without_a_result_is_taken_up_again(desk):
    waiting = desk.book.get(desk.book.add("index", "Refresh", REFRESH))
    with pytest.raises(JobError, match="only what was interrupted or failed"):
        desk.go_on(waiting)


def test_a_job_whose_process_never_began_is_not_waited_for_for_ever(desk):
    job_id = desk.book.add("index", "Refresh", REFRESH)
    rewrite(desk, job_id, heartbeat_at=time.time() - 50)
    assert desk.book.get(job_id).state == "waiting"
    rewrite(desk, job_id, heartbeat_at=time.time() - 70)
    assert desk.book.get(job_id).state == "interrupted"
    desk.book.wait_again(job_id)
    assert desk.book.get(job_id).state == "waiting"


def test_after_a_prune_nothing_is_left_of_what_jobs_said_of_documents(desk, settings, tmp_path):
    build(settings, write(tmp_path / "docs", {"permit.txt": "The harbour permit costs 12 euro.\n"}))
    said = "case 1: at 0 stands 'The zanzibarquokka'. "
    failed, going = (desk.book.take(desk.book.add("index", "Refresh", REFRESH)) for _ in range(2))
    desk.book.end(failed, "failed", error=said * 1000)
    assert len(desk.book.get(failed.id).error) == 4000
    for job in (failed, going):
        desk.log_of(job.id).parent.mkdir(exist_ok=True)
        desk.log_of(job.id).write_text(said)
    with indexing(settings) as index:
        index.prune()
    assert (desk.book.get(failed.id).state, desk.book.get(failed.id).error) == ("failed", "")
    left = [path for path in settings.home.rglob("*") if path.is_file() and b"zanzibarquokka" in path.read_bytes()]
    assert left == [desk.log_of(going.id)]  # its process may still write
    desk.book.end(going, "interrupted")


def test_a_job_that_does_not_exist_is_not_found_also_where_nothing_exists(settings):
    with closing(truth_of(settings)) as database, pytest.raises(NotFoundError, match="There is no job"):
        JobBook(database).get("20260101-00000000")
