"""How far a job is, written down once a second by a thread of its own."""

import signal
import threading
import time
from _thread import interrupt_main
from collections.abc import Sequence
from typing import Self

from evals.batch_progress import BatchProgress, BundleProgress, progress_of
from evals.experiment import ASKING
from evals.outcome import Outcome
from evals.progress import RunningMean
from rag.database.jobs import Content, Job, JobBook
from rag.errors import DatabaseUnavailableError, DiskFullError

_EVERY_S = 1.0


class JobProgress:
    """Implements `evals.batch.Watcher`. What the thread reads is replaced as a whole, never changed."""

    def __init__(self, book: JobBook, job: Job) -> None:
        self._book, self._job = book, job
        self._stage: Content = {}
        self._bundles: dict[str, BundleProgress] = {}
        self._at = ""  # name of the bundle at work
        self._asking = 0  # times that a stage of asking began for it: the first is its own, the others are floors
        self._seen = RunningMean()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def runs(self) -> dict[str, str]:
        """Ids of finished runs by bundle name."""
        return BatchProgress(bundles=tuple(self._bundles.values())).runs

    def begin(self, names: Sequence[str]) -> None:
        """Take up the bundles of a batch where the job left them; the one at work begins anew."""
        former = progress_of({"bundles": self._job.progress.get("bundles", ())}, tuple(names)).bundles
        self._bundles = {each.name: each if each.run else BundleProgress(name=each.name) for each in former}

    def bundle(self, name: str, number: int, metric: str) -> None:  # noqa: ARG002  # the order is known
        self._at, self._asking = name, 0
        self._change(state="running", began_at=time.time(), metric=metric)

    def stage(self, name: str, total: int) -> None:
        self._stage = {"stage": name, "done": 0, "total": total}
        if name.startswith(ASKING):
            self._asking += 1
            self._seen = RunningMean()
            name = ASKING if self._asking == 1 else name.replace("bundle", "floor")
        self._change(stage=name, done=0, total=total, stage_began_at=time.time())

    def advance(self, count: int) -> None:
        done = int(str(self._stage.get("done", 0))) + count
        self._stage = {**self._stage, "done": done}
        self._change(done=done)

    def embedded(self, count: int) -> None:
        if self._at:
            self._change(embedded=self._bundles[self._at].embedded + count)

    def asked(self, _: Outcome, value: float | None) -> None:
        if value is not None and self._asking == 1:
            self._seen.add(value)
            self._change(mean=self._seen.mean, half=self._seen.half, n=self._seen.n)

    def finished(self, name: str, run_id: str) -> None:  # noqa: ARG002  # it is the one at work
        """Take a run, and write it down at once: it is not to be made again."""
        self._change(state="done", run=run_id, ended_at=time.time(), stage="", done=0, total=0)
        self._at = ""
        self._write()

    def _change(self, **values: object) -> None:
        if self._at:
            changed = self._bundles.get(self._at, BundleProgress(name=self._at)).model_copy(update=values)
            self._bundles = {**self._bundles, self._at: changed}

    def _beat(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._try_to_write()
        self._try_to_write()

    def _try_to_write(self) -> None:
        """Write, where that is possible now: the next beat says what this one could not."""
        try:
            self._write()
        except (DiskFullError, DatabaseUnavailableError):
            return

    def _write(self) -> None:
        bundles = [each.model_dump(mode="json") for each in self._bundles.values()]
        if not self._book.beat(self._job, {**self._stage, "bundles": bundles}):
            self._ended.set()
            interrupt_main(signal.SIGINT)  # another process has the job: two would do it twice
