"""A job's own process: takes the job, does it, tells how far it is once a second, and how it ended."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, Self

from pydantic import BaseModel, model_validator

from evals.batch import Batch, run_batch
from evals.evidence import Evidence
from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from indexing.report import Report
from rag.bootstrap import truth_of
from rag.config import Bundle
from rag.database.jobs import Content, Job, JobBook
from rag.errors import RagError
from rag.settings import Settings
from rag.terminal import Options
from workbench.job_progress import JobProgress

_NICENESS = 19  # queries stay as fast as they are
_INTERRUPTED = 130


class IndexWork(BaseModel, frozen=True, extra="forbid"):
    """An `index build` of paths or of a sources file, an `index refresh`, or what is done with one document."""

    action: Literal["build", "refresh", "exclude", "include", "reindex"]
    paths: tuple[Path, ...] = ()
    roles: tuple[str, ...] = ()
    sources_file: Path | None = None
    document: str = ""  # id
    reason: str = ""  # of an exclusion


class ReleaseWork(BaseModel, frozen=True, extra="forbid"):
    """A bundle that is to serve, once its generation is whole, or the one that served before."""

    action: Literal["serve", "roll_back"] = "serve"
    bundle: Bundle | None = None  # none for a step back
    evidence: Evidence | None = None  # kept with the job

    @model_validator(mode="after")
    def _has_a_bundle(self) -> Self:
        if (self.action == "serve") != (self.bundle is not None):
            raise ValueError("a release names its bundle, a step back names none")
        return self


def work(options: Options, job_id: str) -> int:
    """Do a job; return 0, or 130 where it was interrupted or another process has it now.

    Raises what keeps it from a result, after saying so.
    """
    settings = options.settings()
    os.nice(_NICENESS)
    _let_signals_interrupt()
    with closing(truth_of(settings)) as database:
        book = JobBook(database)
        job = book.take(job_id)
        try:
            with JobProgress(book, job) as progress:
                result = _done(job, settings, progress)
        except KeyboardInterrupt:
            book.end(job, "interrupted")
            return _INTERRUPTED
        except BaseException as error:
            book.end(job, "failed", error=_said(error))
            raise
        return 0 if book.end(job, "done", result=result) else _INTERRUPTED


def _done(job: Job, settings: Settings, progress: JobProgress) -> Content:
    match job.kind:
        case "index":
            return _index(IndexWork.model_validate(job.request), settings, progress)
        case "experiment":
            batch = Batch.model_validate(job.request)
            progress.begin([named.name for named in batch.bundles])
            return {"runs": run_batch(batch, settings, progress, done=progress.runs)}
        case "release":
            return _release(ReleaseWork.model_validate(job.request), settings, progress)


def _index(wanted: IndexWork, settings: Settings, progress: JobProgress) -> Content:
    with _indexer(settings, progress) as index:
        return _report(wanted, index).as_json()


def _report(wanted: IndexWork, index: Indexer) -> Report:
    match wanted.action:
        case "build":
            return index.build(SourceRequest(wanted.paths, wanted.roles, wanted.sources_file))
        case "refresh":
            return index.refresh()
        case "exclude":
            return index.exclude(wanted.document, wanted.reason)
        case "include":
            return index.include(wanted.document)
        case "reindex":
            return index.reindex(wanted.document)


def _release(wanted: ReleaseWork, settings: Settings, progress: JobProgress) -> Content:
    with _indexer(settings, progress) as index:
        if wanted.bundle is None:
            former = index.roll_back()
            return {"bundle": former.digest, "generation": former.index.digest}
        report = index.build(SourceRequest(), wanted.bundle, serve=True)
    serves = {"bundle": wanted.bundle.digest, "generation": wanted.bundle.index.digest, "report": report.as_json()}
    return serves | ({"evidence": wanted.evidence.model_dump(mode="json")} if wanted.evidence else {})


@contextmanager
def _indexer(settings: Settings, progress: JobProgress) -> Iterator[Indexer]:
    with workshop(settings, create=True) as shop:
        yield Indexer(shop, progress, lambda: progress.stage("Waiting for another run to end", 0))


def _said(error: BaseException) -> str:
    return f"{error.title}: {error}" if isinstance(error, RagError) else f"Unexpected: {type(error).__name__}"


def _let_signals_interrupt() -> None:
    """Let SIGTERM do what Ctrl-C does, and Ctrl-C too: who starts a process in the background may have it ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Interrupt the work, once: what is then put in order is not interrupted again."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
