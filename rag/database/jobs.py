"""Work in a process of its own: begun from a page, watched, stopped, taken up again. SQL only."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from sqlalchemy import Row, insert, select, update

from rag.database import tables as t
from rag.database.engine import Database
from rag.errors import JobError, NotFoundError
from rag.processes import Worker, this_process

JobKind: TypeAlias = Literal["index", "experiment", "release"]
JobState: TypeAlias = Literal["waiting", "running", "done", "interrupted", "failed"]
Content: TypeAlias = Mapping[str, object]  # JSON

_BEGINS_WITHIN_S = 60.0  # a process that did not begin its work by then has died before it could say so
_LONGEST_ERROR = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work; what it is asked, how far it is and what came of it are JSON of its kind."""

    id: str
    kind: JobKind
    title: str
    state: JobState
    request: Content
    progress: Content
    result: Content
    error: str
    created_at: float  # seconds since 1970
    began_at: float | None  # the last time
    ended_at: float | None
    worker: Worker

    @property
    def ended(self) -> bool:
        return self.state not in {"waiting", "running"}


@dataclass(frozen=True, slots=True)
class JobBook:
    """The jobs in the truth."""

    database: Database

    @property
    def exists(self) -> bool:
        """Whether there is a place for jobs."""
        return self.database.holds(t.jobs.name)

    def add(self, kind: JobKind, title: str, request: Content) -> str:
        """Write down what is to be done, and return its id."""
        now = time.time()
        job_id = f"{time.strftime('%Y%m%d', time.gmtime(now))}-{uuid4().hex[:8]}"
        values = {"id": job_id, "kind": kind, "title": title, "request": dict(request), "created_at": now}
        values |= {"state": "waiting", "heartbeat_at": now, "progress": {}, "result": {}, "error": "", **_from_here()}
        with self.database.write() as connection:
            connection.execute(insert(t.jobs).values(values))
        return job_id

    def take(self, job_id: str) -> Job:
        """Let this process do the job, and return it: of two that ask at once, one gets it.

        Raises NotFoundError, and JobError for a job that does not wait for a process.
        """
        now = time.time()
        values = {"state": "running", "heartbeat_at": now, "began_at": now, "ended_at": None, "error": ""}
        if not self._change(job_id, "waiting", {**values, **this_process()}):
            job = self.get(job_id)
            raise JobError(f"The job {job_id} is {job.state}: a process takes up what waits for one.")
        return self.get(job_id)

    def wait_again(self, job_id: str) -> None:
        """Let a job that ended without a result wait for a process. Raises NotFoundError, JobError for another job.

        Of two that ask at once, one succeeds.
        """
        values = {"state": "waiting", "heartbeat_at": time.time(), "pid": None, "error": "", **_from_here()}
        with self.database.write() as connection:
            row = connection.execute(select(t.jobs).where(t.jobs.c.id == job_id).with_for_update()).one_or_none()
            if row is None:
                raise NotFoundError(f"There is no job {job_id!r}.")
            state = _job(row).state
            if state not in {"interrupted", "failed"}:
                raise JobError(f"The job {job_id} is {state}: only what was interrupted or failed is taken up again.")
            connection.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(values))

    def give_up(
        self, job_id: str, state: Literal["interrupted", "failed"], *, error: str = "", since: float | None = None
    ) -> bool:
        """End a job that no process has taken; return whether that was so.

        since: it has waited since then at the latest, in seconds since 1970; who let it wait again later is another.
        """
        values = {"state": state, "ended_at": time.time(), "error": error}
        return self._change(job_id, "waiting", values, heard_by=since)

    def beat(self, job: Job, progress: Content) -> bool:
        """Say that a job which this process took is alive, and how far it is; return whether it is still its own."""
        return self._change_taken(job, {"heartbeat_at": time.time(), "progress": dict(progress)})

    def end(self, job: Job, state: JobState, *, result: Content | None = None, error: str = "") -> bool:
        """Say how a job which this process took ended; return whether it was still its own."""
        values = {"state": state, "ended_at": time.time(), "pid": None, "result": dict(result or {})}
        return self._change_taken(job, {**values, "error": error[:_LONGEST_ERROR]})

    def _change_taken(self, job: Job, values: Content) -> bool:
        """Change a job as it was taken: one that was taken up again since, unheard of for too long, is another's."""
        taken = (t.jobs.c.state == "running", t.jobs.c.began_at == job.began_at)
        worker = (t.jobs.c.host == job.worker.host, t.jobs.c.pid == job.worker.pid)
        statement = update(t.jobs).where(t.jobs.c.id == job.id, *taken, *worker).values(dict(values))
        with self.database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def going(self) -> set[str]:
        """Return the ids of jobs that have not ended."""
        if not self.exists:
            return set()
        query = select(t.jobs).where(t.jobs.c.state.in_(("waiting", "running")))
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return {job.id for job in map(_job, rows) if not job.ended}

    def blank_errors(self) -> None:
        """Take away what failed jobs said: an error may quote a document."""
        if self.exists:
            with self.database.write() as connection:
                connection.execute(update(t.jobs).where(t.jobs.c.error != "").values(error=""))

    def _change(self, job_id: str, state: JobState, values: Content, *, heard_by: float | None = None) -> bool:
        """Change a job that is in this state, in one step; return whether there was one."""
        statement = update(t.jobs).where(t.jobs.c.id == job_id, t.jobs.c.state == state).values(dict(values))
        if heard_by is not None:
            statement = statement.where(t.jobs.c.heartbeat_at <= heard_by)
        with self.database.write() as connection:
            return connection.execute(statement).rowcount == 1

    def get(self, job_id: str) -> Job:
        """Return a job. Raises NotFoundError."""
        row = None
        if self.exists:
            with self.database.read() as connection:
                row = connection.execute(select(t.jobs).where(t.jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no job {job_id!r}.")
        return _job(row)

    def list(self, *kinds: JobKind, limit: int = 50) -> list[Job]:
        """Return the jobs of these kinds, or of all, the latest first."""
        if not self.exists:
            return []
        query = select(t.jobs).order_by(t.jobs.c.created_at.desc()).limit(limit)
        with self.database.read() as connection:
            rows = connection.execute(query.where(t.jobs.c.kind.in_(kinds)) if kinds else query).all()
        return [_job(row) for row in rows]


def _job(row: Row[Any]) -> Job:
    worker = Worker(row.host, row.pid, row.process_started_at, row.heartbeat_at)
    return Job(
        id=row.id,
        kind=row.kind,
        title=row.title,
        state=_state(row.state, worker),
        request=row.request,
        progress=row.progress,
        result=row.result,
        error=row.error,
        created_at=row.created_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        worker=worker,
    )


def _state(written: JobState, worker: Worker) -> JobState:
    """Return a job's state; one whose process is gone without a word was interrupted."""
    if written == "running" and not worker.is_alive:
        return "interrupted"
    if written == "waiting" and time.time() - worker.heartbeat_at > _BEGINS_WITHIN_S:
        return "interrupted"
    return written


def _from_here() -> Content:
    """Return the host whose processes a waiting job waits for."""
    return {"host": this_process()["host"]}
