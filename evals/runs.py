"""The runs in the truth: begun, saved, listed, loaded; and those in files."""

import builtins
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

import orjson
from pydantic import BaseModel, ValidationError
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from evals.run import Run, RunState, Summary
from rag.config import Bundle, validation_message
from rag.database import tables as t
from rag.database.engine import Database
from rag.errors import NotFoundError, UsageError
from rag.processes import Worker, this_process

_Model = TypeVar("_Model", bound=BaseModel)
_APART = b"\x02"  # begins cases whose rankings lie apart; what zlib writes begins otherwise
_LENGTH_BYTES = 8
Case: TypeAlias = dict[str, object]  # JSON
_NONE = "There are no runs yet. `plumbline eval run SET` makes one."


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
    name: str = ""  # of the bundle's file, a floor, a repeat
    parent: str = ""  # the run that it was made for


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run with a result, as people choose from."""

    id: str
    begun: int  # how often: what was made for another run may be made again in its place
    name: str
    bundle: str
    set_name: str
    set_path: str
    split: str
    cases: int
    started_at: float
    headline: str
    mean: Summary | None  # of the headline metric
    metrics: tuple[str, ...]
    parent: str  # the run that it was made for
    bundle_content: Bundle
    code: str  # digest
    model: str  # identity of the embedder


@dataclass(slots=True)
class RunBook:
    """The runs in the truth."""

    database: Database
    beat_at: float = field(default=0.0)

    @property
    def exists(self) -> bool:
        """Whether there ever was a run."""
        return self.database.holds(t.runs.name)

    def begin(self, key: str, facts: Mapping[str, object], cases: int) -> str:
        """Return the id of a new run, or of an interrupted one with the same key that goes on.

        What was made for another run is made again in its place, even when it was done.
        """
        now = time.time()
        with self.database.write() as connection:
            values = {"state": "running", "heartbeat_at": now, "cases": cases, **this_process(), **facts}
            if broken := _broken(connection, key, facts):
                values["begun"] = t.runs.c.begun + 1
                connection.execute(update(t.runs).where(t.runs.c.id == broken).values(values))
                return broken
            run_id = f"{time.strftime('%Y%m%d', time.gmtime(now))}-{uuid4().hex[:8]}"
            values |= {"id": run_id, "key": key, "started_at": now, "asked": 0, "begun": 1, "content": {}}
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
        """Return how often a command has looked at the holdout of a set: each makes it a little less of one."""
        query = select(func.coalesce(func.sum(t.runs.c.begun), 0)).where(t.runs.c.set_digest == set_digest)
        with self.database.read() as connection:
            return int(connection.execute(query.where(t.runs.c.split != "tune", t.runs.c.parent == "")).scalar_one())

    def end(self, run_id: str, state: RunState) -> None:
        """Say that a run ended without a result."""
        with self.database.write() as connection:
            connection.execute(update(t.runs).where(t.runs.c.id == run_id).values(state=state, pid=None))

    def save(self, run: Run) -> None:
        """Keep a run with its cases."""
        content, blob = run.as_json(cases=False), _packed([case.model_dump(mode="json") for case in run.cases])
        values = {"state": run.state, "pid": None, "content": content, "asked": len(run.cases)}
        with self.database.write() as connection:
            connection.execute(update(t.runs).where(t.runs.c.id == run.id).values(values))
            connection.execute(delete(t.run_cases).where(t.run_cases.c.run_id == run.id))
            connection.execute(insert(t.run_cases).values(run_id=run.id, content=blob))

    def load(self, run_id: str) -> Run:
        """Return a run with its cases. Raises NotFoundError."""
        return Run.model_validate(self.raw(run_id))

    def raw(self, run_id: str) -> Mapping[str, object]:
        """Return a run with its cases as it is stored, unchecked. Raises NotFoundError."""
        content, cases, rankings = self.apart(run_id)
        for case, ranking in zip(cases, rankings, strict=False):  # of older runs none lies apart
            case["ranking"] = orjson.loads(ranking)
        return {**content, "cases": cases}

    def apart(self, run_id: str) -> tuple[Mapping[str, object], builtins.list[Case], builtins.list[bytes]]:
        """Return a run, its cases, and their rankings as JSON each, which are most of it. Raises NotFoundError."""
        if not self.exists:
            raise NotFoundError(f"There is no finished run {run_id!r}. {_NONE}")
        query = select(t.runs.c.content, t.run_cases.c.content.label("cases")).join(t.run_cases)
        with self.database.read() as connection:
            row = connection.execute(query.where(t.runs.c.id == run_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no finished run {run_id!r}. `plumbline eval runs` lists them.")
        return row.content, *_unpacked(row.cases)

    def latest_here(self, limit: int) -> list[Run]:
        """Return the latest runs that were made on this host, without their cases, the latest first."""
        if not self.exists:
            return []
        query = select(t.runs.c.content).where(t.runs.c.state == "done", t.runs.c.host == this_process()["host"])
        with self.database.read() as connection:
            found = connection.execute(query.order_by(t.runs.c.started_at.desc()).limit(limit)).scalars().all()
        return [run for content in found if (run := _read(Run, content))]

    def set_paths(self) -> tuple[Path, ...]:
        """Return where the sets of finished runs were, the latest first."""
        if not self.exists:
            return ()
        query = select(t.runs.c.content["set_path"].as_string()).where(t.runs.c.state == "done", t.runs.c.parent == "")
        with self.database.read() as connection:
            found = connection.execute(query.order_by(t.runs.c.started_at.desc())).scalars()
            return tuple(Path(path) for path in dict.fromkeys(found) if path and Path(path).is_absolute())

    def list(self, *, everything: bool = False) -> list[RunLine]:
        """Return the runs, the latest first; everything: also those that were made for another."""
        if not self.exists:
            return []
        query = select(t.runs).order_by(t.runs.c.started_at.desc())
        with self.database.read() as connection:
            rows = connection.execute(query if everything else query.where(t.runs.c.parent == "")).all()
        return [_line(row) for row in rows]

    def finished(self) -> builtins.list[FinishedRun]:
        """Return the runs with a result, the latest first; with those that were made for another.

        What another version of Plumbline saved, and this one cannot read, is left out; `list` has it.
        """
        if not self.exists:
            return []
        query = select(t.runs).where(t.runs.c.state == "done").order_by(t.runs.c.started_at.desc())
        with self.database.read() as connection:
            return [run for row in connection.execute(query) if (run := _finished(row))]


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


def _packed(cases: Sequence[Case]) -> bytes:
    """Return cases as they are stored: deflated, with their rankings apart, a line each."""
    rankings = b"\n".join(orjson.dumps(case.pop("ranking")) for case in cases)
    head = zlib.compress(orjson.dumps(cases), 3)
    return _APART + len(head).to_bytes(_LENGTH_BYTES) + head + zlib.compress(rankings, 3)


def _unpacked(blob: bytes) -> tuple[list[Case], list[bytes]]:
    """Return stored cases and their rankings; of older runs the rankings stand in the cases."""
    if not blob.startswith(_APART):
        return orjson.loads(zlib.decompress(blob)), []
    begin = len(_APART) + _LENGTH_BYTES
    end = begin + int.from_bytes(blob[len(_APART) : begin])
    cases = orjson.loads(zlib.decompress(blob[begin:end]))
    return cases, zlib.decompress(blob[end:]).split(b"\n") if cases else []


def _line(row: Row[Any]) -> RunLine:
    return RunLine(
        row.id, row.set_name, row.bundle, _state(row), row.asked, row.cases, row.started_at, row.name, row.parent
    )


def readable_bundle(content: object) -> Bundle | None:
    """Return a bundle that was written down; None where this version of Plumbline cannot read it."""
    return _read(Bundle, content) if content else None


def _read(kind: type[_Model], content: object) -> _Model | None:
    try:
        return kind.model_validate(content)
    except ValidationError:
        return None


def _finished(row: Row[Any]) -> FinishedRun | None:
    content = row.content
    headline, metrics = str(content.get("headline", "")), content.get("metrics", {})
    bundle, mean = _read(Bundle, content.get("bundle_content", {})), _read(Summary, metrics.get(headline))
    if bundle is None or (headline in metrics and mean is None):
        return None
    return FinishedRun(
        id=row.id,
        begun=row.begun,
        name=row.name,
        bundle=row.bundle,
        set_name=row.set_name,
        set_path=str(content.get("set_path", "")),
        split=row.split,
        cases=row.cases,
        started_at=row.started_at,
        headline=headline,
        mean=mean,
        metrics=tuple(metrics),
        parent=row.parent,
        bundle_content=bundle,
        code=str(content.get("code", "")),
        model=str(content.get("model", "")),
    )


def _broken(connection: Connection, key: str, facts: Mapping[str, object]) -> str | None:
    """Return the run that goes on where this one is asked for."""
    parent = facts.get("parent", "")
    same: list[ColumnElement[bool]] = [t.runs.c.key == key, t.runs.c.parent == parent]
    same.append(t.runs.c.name == facts["name"] if parent else t.runs.c.state != "done")
    found = connection.execute(select(t.runs).where(*same).order_by(t.runs.c.started_at))
    return next((row.id for row in found if _state(row) != "running"), None)


def _state(row: Row[Any]) -> RunState:
    """Return a run's state; one that stopped without a word was interrupted."""
    return "interrupted" if row.state == "running" and not _worker(row).is_alive else row.state


def _worker(row: Row[Any]) -> Worker:
    return Worker(row.host, row.pid, row.process_started_at, row.heartbeat_at)
