"""The runs in the truth: begun, saved, listed, loaded; and those in files."""

import os
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from pydantic import ValidationError
from sqlalchemy import Row, delete, func, insert, select, update

from evals.run import Run, RunState
from rag.config import validation_message
from rag.database import tables as t
from rag.database.engine import Database
from rag.errors import NotFoundError, UsageError

_STALE_S = 30.0  # without a heartbeat, after which a run that says it is running is not


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list."""

    id: str
    set_name: str
    bundle: str
    state: RunState
    asked: int
    cases: int
    started_at: float


@dataclass(slots=True)
class RunBook:
    """The runs in the truth."""

    database: Database
    beat_at: float = field(default=0.0)

    def begin(self, key: str, facts: Mapping[str, object], cases: int) -> str:
        """Return the id of a new run, or of an interrupted one with the same key that goes on."""
        now = time.time()
        with self.database.write() as connection:
            query = select(t.runs).where(t.runs.c.key == key, t.runs.c.state != "done").order_by(t.runs.c.started_at)
            broken = next((row.id for row in connection.execute(query) if _state(row) != "running"), None)
            values = {"state": "running", "pid": os.getpid(), "heartbeat_at": now, "cases": cases, **facts}
            if broken:
                connection.execute(update(t.runs).where(t.runs.c.id == broken).values(values))
                return str(broken)
            run_id = f"{time.strftime('%Y%m%d', time.gmtime(now))}-{uuid4().hex[:8]}"
            values |= {"id": run_id, "key": key, "started_at": now, "asked": 0, "content": {}}
            connection.execute(insert(t.runs).values(values))
            return run_id

    def beat(self, run_id: str, asked: int) -> None:
        """Say, at most once a second, that the run is alive and how far it is."""
        now = time.time()
        if now - self.beat_at < 1:
            return
        self.beat_at = now
        with self.database.write() as connection:
            connection.execute(update(t.runs).where(t.runs.c.id == run_id).values(heartbeat_at=now, asked=asked))

    def holdout_openings(self, set_digest: str) -> int:
        """Return how many finished runs have seen the holdout split of a set: each makes it a little less of one."""
        query = select(func.count()).select_from(t.runs).where(t.runs.c.set_digest == set_digest)
        with self.database.read() as connection:
            return connection.execute(query.where(t.runs.c.split != "tune", t.runs.c.state == "done")).scalar_one()

    def end(self, run_id: str, state: RunState) -> None:
        """Say that a run ended without a result."""
        with self.database.write() as connection:
            connection.execute(update(t.runs).where(t.runs.c.id == run_id).values(state=state, pid=None))

    def save(self, run: Run) -> None:
        """Keep a run with its cases."""
        content, cases = run.as_json(cases=False), [case.model_dump(mode="json") for case in run.cases]
        blob = zlib.compress(orjson.dumps(cases), 3)
        values = {"state": run.state, "pid": None, "content": content, "asked": len(cases)}
        with self.database.write() as connection:
            connection.execute(update(t.runs).where(t.runs.c.id == run.id).values(values))
            connection.execute(delete(t.run_cases).where(t.run_cases.c.run_id == run.id))
            connection.execute(insert(t.run_cases).values(run_id=run.id, content=blob))

    def load(self, run_id: str) -> Run:
        """Return a run with its cases. Raises NotFoundError."""
        query = select(t.runs.c.content, t.run_cases.c.content.label("cases")).join(t.run_cases)
        with self.database.read() as connection:
            row = connection.execute(query.where(t.runs.c.id == run_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no finished run {run_id!r}. `plumbline eval runs` lists them.")
        return Run.model_validate({**row.content, "cases": orjson.loads(zlib.decompress(row.cases))})

    def list(self) -> list[RunLine]:
        """Return all runs, the latest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(t.runs).order_by(t.runs.c.started_at.desc())).all()
        return [
            RunLine(row.id, row.set_name, row.bundle, _state(row), row.asked, row.cases, row.started_at) for row in rows
        ]


def load_file(path: Path) -> Run:
    """Read a run that `eval run --out` wrote. Raises UsageError with what is wrong."""
    try:
        return Run.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"The run {path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise UsageError(
            f"{path} is not what `plumbline eval run --out` writes: {validation_message(error)}."
        ) from error


def _state(row: Row[Any]) -> RunState:
    """Return a run's state; one that stopped without a word was interrupted."""
    silent = row.state == "running" and time.time() - row.heartbeat_at > _STALE_S
    return "interrupted" if silent else row.state
