"""What is wrong with an eval set, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.api.view import visible
from rag.errors import UsageError

_SHOWN = 20  # faults in one message


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one case, or with the file."""

    line: int  # in the file, counted from 1; 0: the whole file
    case_id: str  # empty where it is unknown
    message: str

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        place += [f"case {self.case_id}"] if self.case_id else []
        return visible(f"{', '.join(place)}: {self.message}" if place else self.message)


class EvalSetError(UsageError):
    """An eval set that cannot be used, with all its faults."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(_message(path, self.faults))


def _message(path: Path, faults: Sequence[Fault]) -> str:
    if len(faults) == 1:
        return f"{path} cannot be used: {faults[0]}."
    shown = "\n".join(f"  {fault}" for fault in faults[:_SHOWN])
    more = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return f"{path} cannot be used: it has {len(faults)} faults.\n{shown}{more}"
