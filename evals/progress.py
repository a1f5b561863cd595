"""How far an evaluation is, on a terminal: nothing elsewhere."""

from math import sqrt
from statistics import NormalDist
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from evals.outcome import Outcome

_Z = NormalDist().inv_cdf(0.975)


class RunningMean:
    """Mean and 95 % interval of values as they come (Welford, 1962; the interval by the normal approximation)."""

    def __init__(self) -> None:
        self.n, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        step = value - self.mean
        self.mean += step / self.n
        self._squares += step * (value - self.mean)

    @property
    def half(self) -> float:
        """Half the width of the interval; 0 below two values."""
        return _Z * sqrt(self._squares / max(self.n - 1, 1) / max(self.n, 1))


class EvalBars:
    """One bar at a time, for indexing and for asking; the latter with the headline metric and its interval so far."""

    def __init__(self, headline: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        screen = Console(stderr=True)
        self._bars = Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)
        self._headline = headline
        self._task: TaskID | None = None
        self._name = ""
        self._seen = RunningMean()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin another bar."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._name, self._task = name, self._bars.add_task(name, total=total)
        self._seen = RunningMean()

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._bars.advance(self._task, count)

    def watch(self, _: Outcome, value: float | None) -> None:
        """Show the headline metric of what was asked so far."""
        if value is not None:
            self._seen.add(value)
        if self._task is not None and self._seen.n > 1:
            self._bars.update(self._task, description=f"{self._name}: {self.so_far}")

    @property
    def so_far(self) -> str:
        """Mean and half the width of its 95 % interval."""
        return f"{self._headline} {self._seen.mean:.3f} ± {self._seen.half:.3f}"
