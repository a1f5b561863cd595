"""What one run of the indexer did."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or folder that could not be indexed, and why."""

    uri: str
    reason: str


@dataclass(slots=True)
class FileCounts:
    seen: int = 0
    read: int = 0  # content opened in this run


@dataclass(slots=True)
class DocumentCounts:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    flagged: int = 0
    rejected: int = 0
    excluded: int = 0


@dataclass(slots=True)
class Report:
    """The outcome of `index build` and `index refresh`."""

    revision: int = 0
    generation: str = ""
    files: FileCounts = field(default_factory=FileCounts)
    documents: DocumentCounts = field(default_factory=DocumentCounts)
    chunks: int = 0  # alive in the serving generation
    embedded: int = 0  # texts embedded in this run
    oversized: int = 0  # chunks of this run above the limit: one unbreakable unit each
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what the user should know beside
    stage_seconds: dict[str, float] = field(default_factory=dict)  # parse, chunk

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what the block takes to a stage's seconds."""
        started = time.perf_counter()
        yield
        self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + time.perf_counter() - started

    def timed(self, stage: str, items: Iterator[T]) -> Iterator[T]:
        """Yield the items; what getting them takes is added to a stage's seconds."""
        while True:
            with self.timing(stage):
                item = next(items, None)
            if item is None:
                return
            yield item

    def as_json(self) -> dict[str, object]:
        """Return the report as the contract names its fields."""
        return asdict(self)


class Progress(Protocol):
    """Told how a run goes on; a terminal shows bars, anything else nothing."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


class Silent:
    """Shows nothing."""

    def stage(self, name: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...
