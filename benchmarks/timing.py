"""Times in pairs, figures against their targets, and how they are shown.

Other programs use the same processor, so an absolute time says little: each is shown with its ratio to the time that
the embedder takes for a question in the same run, measured in turns with it.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import psutil  # type: ignore[import-untyped]  # has no stubs
from rich.console import Console
from rich.table import Table

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `embedder` is the same time in units of the embedder in the same run."""

    name: str
    value: float
    unit: str
    target: float | None = None  # in the unit of `value`
    at_least: bool = False  # else the target is the most that is allowed
    embedder: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return the options that all of these commands take."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="the folder with the development data")
    options.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "plumbline-benchmarks", help="kept between runs"
    )
    options.add_argument("--json", action="store_true", help="print one JSON document")
    return options


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def in_turns(works: Mapping[str, Callable[[Case], object]], cases: Iterable[Case]) -> dict[str, list[float]]:
    """Return the milliseconds of each work for each case: all works for the first case, then for the second."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for case in cases:
        for name, work in works.items():
            times[name].append(milliseconds(lambda: work(case)))  # noqa: B023  # called at once
    return times


def p50(times: Sequence[float]) -> float:
    return statistics.median(times)


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def spread(name: str, times: Sequence[float], embedder: float) -> list[Figure]:
    """Return the median and the 95th percentile of times in milliseconds, without targets."""
    return [
        Figure(f"{name}, p50", p50(times), "ms", embedder=p50(times) / embedder),
        Figure(f"{name}, p95", p95(times), "ms", embedder=p95(times) / embedder),
    ]


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print figures as a table, or as JSON with the machine that they are from."""
    if as_json:
        rows = [asdict(figure) | {"met": figure.met} for figure in figures]
        print(json.dumps({"machine": machine(), "figures": rows}, indent=1))
        return
    table = Table("figure", "value", "x embedder", "target", "met", title=machine())
    for figure in figures:
        table.add_row(figure.name, _amount(figure.value, figure.unit), _ratio(figure), _target(figure), _met(figure))
    Console(width=None if Console().is_terminal else 130).print(table)


def machine() -> str:
    """Return what the figures depend on: processor, cores, memory, Python."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{_processor()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _amount(value: float, unit: str) -> str:
    return f"{value:,.3g} {unit}" if abs(value) < 1000 else f"{value:,.0f} {unit}"


def _ratio(figure: Figure) -> str:
    return "" if figure.embedder is None else f"{figure.embedder:,.2f}"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'>=' if figure.at_least else '<='} {figure.target:g}"


def _met(figure: Figure) -> str:
    return {None: "", True: "yes", False: "[bold red]no"}[figure.met]
