"""Jobs as pages handle them: begun in a process of their own, stopped, taken up again."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexing.forgetting import JOB_LOGS
from rag.database.jobs import Content, Job, JobBook, JobKind
from rag.errors import JobError
from rag.settings import Settings

_STOPS_WITHIN_S = 10.0
_LOG_BYTES = 200_000  # of a process that has ended, the latest
_LOOKED_AT = 20  # of the latest jobs


@dataclass(frozen=True, slots=True)
class JobDesk:
    """Where jobs are begun and ended."""

    book: JobBook
    settings: Settings
    config: Path | None = None  # the settings file, which a job reads too

    def begin(self, kind: JobKind, title: str, request: Content) -> str:
        """Write a job down and start its process; return its id."""
        job_id = self.book.add(kind, title, request)
        self._start(job_id)
        return job_id

    def go_on(self, job: Job) -> None:
        """Take up again what was interrupted or failed. Raises JobError for another job."""
        self.book.wait_again(job.id)
        self._start(job.id)

    def stop(self, job: Job) -> None:
        """Interrupt a job; what it has done is kept. Raises JobError where its process is on another host."""
        if self.book.give_up(job.id, "interrupted"):
            return
        job = self.book.get(job.id)
        if job.state == "running":
            if not job.worker.is_here or job.worker.pid is None:
                raise JobError(f"The job runs on {job.worker.host}: it can be stopped there alone.")
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(job.worker.pid, signal.SIGINT)

    def going_on(self) -> list[Job]:
        """Return the jobs that have not ended, latest first; also the very latest, if it ended without a result."""
        jobs = self.book.list(limit=_LOOKED_AT)
        return [job for at, job in enumerate(jobs) if not job.ended or (at == 0 and job.state != "done")]

    def stop_all(self, within_s: float = _STOPS_WITHIN_S) -> None:
        """Interrupt every job of this host and wait until they have ended; what is left by then is killed."""
        until = time.monotonic() + within_s
        for job in self._going_here():
            self.stop(job)
        while (going := self._going_here()) and time.monotonic() < until:
            time.sleep(0.1)
        for job in going:
            _kill(job)

    def _going_here(self) -> list[Job]:
        return [job for job in map(self.book.get, self.book.going()) if not job.ended and job.worker.is_here]

    def log_of(self, job_id: str) -> Path:
        """Return where the process of a job writes what it says."""
        return self.settings.home / JOB_LOGS / f"{job_id}.log"

    def _start(self, job_id: str) -> None:
        """Start a job's process in a session of its own: it outlives this one."""
        log = self.log_of(job_id)
        log.parent.mkdir(parents=True, exist_ok=True)
        config = ["--config", str(self.config)] if self.config else []
        command = [sys.executable, "-m", "workbench.cli", *config, "job", job_id]
        variables = {**os.environ, "PLUMBLINE_HOME": str(self.settings.home)}
        with log.open("ab") as said:
            process = subprocess.Popen(command, env=variables, stdout=said, stderr=said, start_new_session=True)
        threading.Thread(target=self._await_end, args=(process, job_id, time.time()), daemon=True).start()

    def _await_end(self, process: subprocess.Popen[bytes], job_id: str, began: float) -> None:
        """Take a process's exit code, or it stays a zombie; say so where it died before it took its job."""
        code = process.wait()
        _cut(self.log_of(job_id))
        said = f"The process ended with code {code} before it could begin."
        self.book.give_up(job_id, "failed", error=said, since=began)


def _kill(job: Job) -> None:
    """Kill a job's process with those that it started; who waits for one finds out that it is not to begin."""
    if job.worker.is_alive and job.worker.pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(job.worker.pid, signal.SIGKILL)


def _cut(log: Path) -> None:
    """Leave the end of a log alone, where it is long."""
    with suppress(FileNotFoundError):  # documents were forgotten, and what was said of them too
        if log.stat().st_size > _LOG_BYTES:
            log.write_bytes(log.read_bytes()[-_LOG_BYTES:])
