"""A job's own process: takes the job, does it, tells how far it is once a second, and how it ended."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel

from evals.batch import Batch, run_batch
from evals.outcome import Outcome
from evals.progress import RunningMean
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
    """A bundle that is to serve, once its generation is whole."""

    bundle: Bundle


def work(options: Options, job_id: str) -> int:
    """Do a job; return 0, or 130 where it was interrupted. Raises what keeps it from a result, after saying so."""
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
            book.end(job_id, "interrupted")
            return _INTERRUPTED
        except BaseException as error:
            book.end(job_id, "failed", error=_said(error))
            raise
        book.end(job_id, "done", result=result)
        return 0


def _done(job: Job, settings: Settings, progress: "JobProgress") -> Content:
    match job.kind:
        case "index":
            return _index(IndexWork.model_validate(job.request), settings, progress)
        case "experiment":
            batch = Batch.model_validate(job.request)
            return {"runs": run_batch(batch, settings, progress, done=progress.runs)}
        case "release":
            return _release(ReleaseWork.model_validate(job.request).bundle, settings, progress)


def _index(wanted: IndexWork, settings: Settings, progress: "JobProgress") -> Content:
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


def _release(bundle: Bundle, settings: Settings, progress: "JobProgress") -> Content:
    with _indexer(settings, progress) as index:
        report = index.build(SourceRequest(), bundle, serve=True)
    return {"bundle": bundle.digest, "generation": bundle.index.digest, "report": report.as_json()}


@contextmanager
def _indexer(settings: Settings, progress: "JobProgress") -> Iterator[Indexer]:
    with workshop(settings, create=True) as shop:
        yield Indexer(shop, progress, lambda: progress.stage("Waiting for another run to end", 0))


def _said(error: BaseException) -> str:
    return f"{error.title}: {error}" if isinstance(error, RagError) else f"Unexpected: {type(error).__name__}"


def _let_signals_interrupt() -> None:
    """Let SIGTERM do what Ctrl-C does, and Ctrl-C too: who starts a process in the background may have it ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


class JobProgress:
    """Implements `evals.batch.Watcher`: how far a job is, written down once a second by a thread of its own."""

    def __init__(self, book: JobBook, job: Job) -> None:
        self.runs: dict[str, str] = _texts(job.progress.get("runs"))  # by bundle name
        self._book, self._job = book, job
        self._state: dict[str, object] = {}
        self._seen, self._metric = RunningMean(), ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def bundle(self, name: str, number: int, metric: str) -> None:
        self._metric = metric
        self._state |= {"bundle": name, "number": number}

    def stage(self, name: str, total: int) -> None:
        self._seen = RunningMean()
        self._state |= {"stage": name, "done": 0, "total": total, "metric": "", "n": 0}

    def advance(self, count: int) -> None:
        self._state["done"] = int(str(self._state.get("done", 0))) + count

    def asked(self, _: Outcome, value: float | None) -> None:
        if value is not None:
            self._seen.add(value)
            seen = self._seen
            self._state |= {"metric": self._metric, "mean": seen.mean, "half": seen.half, "n": seen.n}

    def finished(self, name: str, run_id: str) -> None:
        self.runs[name] = run_id

    def _beat(self) -> None:
        while not self._ended.wait(1.0):
            self._write()
        self._write()

    def _write(self) -> None:
        self._book.beat(self._job.id, {**self._state, "runs": dict(self.runs)})


def _texts(content: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in content.items()} if isinstance(content, dict) else {}
