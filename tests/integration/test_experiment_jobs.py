"""Experiments in processes of their own: stopped, killed, taken up again, with nothing done twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evals.batch import Batch, NamedBundle
from evals.batch_progress import BatchProgress, progress_of
from evals.runs import RunBook
from indexing.commands import make_home
from rag.bootstrap import truth_of
from rag.config import Bundle
from rag.database import schema
from rag.database.jobs import Job, JobBook
from rag.errors import JobError
from rag.settings import Settings
from tests.conftest import HANDBOOK_SET, REPOSITORY, write
from tests.integration.eval_world import SHORT, WEIGHTED, eval_folder
from tests.integration.test_up import free_port
from workbench.jobs import JobDesk

FIRST, *OTHERS = "weighted", "short", "3", "4"  # the others take long enough to be interrupted
QUESTIONS = 200


def bundles(*names: str) -> tuple[NamedBundle, ...]:
    made = {FIRST: WEIGHTED, "short": SHORT}
    return tuple(NamedBundle(name=each, bundle=made.get(each) or _weighing(int(each) / 10)) for each in names)


def _weighing(dense_weight: float) -> Bundle:
    return Bundle.model_validate({"index": {"chunk_tokens": 40}, "query": {"dense_weight": dense_weight}})


@pytest.fixture
def desk(settings: Settings) -> Iterator[JobDesk]:
    """The desk of an empty home, ready for jobs."""
    make_home(settings.home)
    with closing(truth_of(settings)) as database:
        schema.upgrade(database, "truth")
        yield JobDesk(JobBook(database), settings)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A set of many questions over three small documents."""
    folder = eval_folder(tmp_path / "many")
    lines = [
        json.dumps(
            {
                "id": f"more-{at}",
                "question": f"What does permit number {at} cost in year {at * 7}?",
                "answerable": False,
            }
        )
        for at in range(QUESTIONS)
    ]
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return folder


def begun(desk: JobDesk, eval_set: Path, *names: str, limit: int | None = None) -> str:
    batch = Batch(eval_set=eval_set, bundles=bundles(*names), retrieval_only=True, limit=limit)
    return desk.begin("experiment", "a test", batch.model_dump(mode="json"))


def awaited(desk: JobDesk, job_id: str, condition: Callable[[Job], bool], timeout_s: float = 120) -> Job:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        job = desk.book.get(job_id)
        if condition(job):
            return job
        time.sleep(0.05)
    raise AssertionError(f"{job} {desk.log_of(job_id).read_text()}")


def progress(job: Job) -> BatchProgress:
    names = tuple(each["name"] for each in job.request["bundles"])
    return progress_of({"bundles": job.progress.get("bundles", ())}, names)


def first_is_done(job: Job) -> bool:
    return FIRST in progress(job).runs


def embeds(job: Job) -> bool:
    return progress(job).bundles[0].embedded > 0


def run_ids(desk: JobDesk) -> list[str]:
    return [line.id for line in RunBook(desk.book.database).list()]


def test_an_experiment_tells_how_far_each_bundle_is_and_ends_with_a_run_of_each(desk, many):
    job = awaited(desk, begun(desk, many, FIRST, "short"), lambda job: progress(job).bundles[0].n > 1)
    first, second = progress(job).bundles
    assert (first.metric, second.state) == ("recall@5", "waiting")
    job = awaited(desk, job.id, lambda job: job.ended)
    assert (job.state, job.error) == ("done", "")
    assert [each.state for each in progress(job).bundles] == ["done", "done"]
    assert list(job.result["runs"]) == [FIRST, "short"]
    assert sorted(job.result["runs"].values()) == sorted(run_ids(desk))
    first = progress(job).bundles[0]
    summary = RunBook(desk.book.database).load(first.run).metrics["recall@5"]
    assert (first.mean, first.n) == (pytest.approx(summary.mean), summary.n)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_interrupted_experiment_goes_on_where_it_was(desk, many, end):
    job = awaited(desk, begun(desk, many, FIRST, *OTHERS), first_is_done)
    finished = progress(job).runs
    desk.stop(job) if end == "stop" else os.kill(job.worker.pid, signal.SIGKILL)
    job = awaited(desk, job.id, lambda job: job.ended, 20)
    assert job.state == "interrupted"
    desk.go_on(job)
    job = awaited(desk, job.id, lambda job: job.ended)
    assert job.state == "done"
    assert job.result["runs"][FIRST] == finished[FIRST]
    assert len(run_ids(desk)) == 1 + len(OTHERS)


def test_a_stop_while_documents_are_embedded_loses_no_vector(desk):
    job = awaited(desk, begun(desk, HANDBOOK_SET, FIRST, limit=5), embeds)
    os.kill(job.worker.pid, signal.SIGTERM)
    job = awaited(desk, job.id, lambda job: job.ended, 30)
    assert job.state == "interrupted"
    embedded = progress(job).bundles[0].embedded
    desk.go_on(job)
    job = awaited(desk, job.id, lambda job: job.ended)
    run = RunBook(desk.book.database).load(job.result["runs"][FIRST])
    assert run.stages["embed_chunks"]["computed"] == run.index["chunks"] - embedded


def test_a_job_is_taken_and_taken_up_again_once_however_many_ask(desk, many):
    job_id = desk.book.add("experiment", "a test", {})
    assert outcomes(lambda: desk.book.take(job_id)) == [1, 7]
    desk.book.end(desk.book.get(job_id), "interrupted")
    assert outcomes(lambda: desk.book.wait_again(job_id)) == [1, 7]


def outcomes(step: Callable[[], object]) -> list[int]:
    """Return how many of eight threads succeeded at a step, and how many were told that it cannot be done now."""
    told: list[bool] = []
    together = threading.Barrier(8)

    def attempt() -> None:
        together.wait()
        try:
            step()
        except JobError:
            told.append(False)
        else:
            told.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [told.count(True), told.count(False)]


def test_a_job_that_was_stopped_before_it_began_is_not_begun(desk, many):
    job_id = desk.book.add("experiment", "a test", {})
    desk.stop(desk.book.get(job_id))
    with pytest.raises(JobError, match="interrupted"):
        desk.book.take(job_id)


def test_a_process_that_dies_before_its_job_begins_is_told_at_once(desk, many, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no module can be imported
    job = awaited(desk, begun(desk, many, FIRST), lambda job: job.ended, 20)
    assert job.state == "failed"
    assert "ended with code" in job.error
    assert desk.log_of(job.id).read_text()


def test_what_cannot_be_done_is_told_in_words(desk, tmp_path):
    broken = write(tmp_path / "broken", {"questions.jsonl": '{"id": 1}\n'})
    job = awaited(desk, begun(desk, broken, FIRST), lambda job: job.ended)
    assert job.state == "failed"
    assert "line 1" in job.error
    assert "Traceback" not in job.error


def test_the_end_of_up_interrupts_an_experiment_that_can_go_on_later(desk, settings, tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": "A leased bicycle costs 35 euro per month.\n"})
    ports = [str(free_port()), str(free_port())]
    command = [sys.executable, "-m", "workbench.cli", "up", str(folder), "--api-port", ports[0], "--workbench-port"]
    variables = {**os.environ, "PLUMBLINE_HOME": str(settings.home)}
    with subprocess.Popen(
        [*command, ports[1]],
        env=variables,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as up:
        assert up.stdout is not None
        while not up.stdout.readline().startswith("Ctrl-C"):
            assert up.poll() is None
        job = awaited(desk, begun(desk, HANDBOOK_SET, FIRST), embeds)
        up.send_signal(signal.SIGTERM)
        assert up.wait(20) == 0
    job = desk.book.get(job.id)
    assert job.state == "interrupted"
    desk.go_on(job)
    job = awaited(desk, job.id, lambda job: job.ended or bool(progress(job).bundles[0].n))
    assert job.state in {"running", "done"}
    desk.stop_all()
    assert desk.book.get(job.id).ended
