"""How far a batch is, bundle by bundle: what a job writes down and a page shows."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import BaseModel

BundleState: TypeAlias = Literal["waiting", "running", "done"]


class BundleProgress(BaseModel, frozen=True):
    """How far one bundle is."""

    name: str
    state: BundleState = "waiting"
    stage: str = ""  # what is done at the moment
    done: int = 0  # of that
    total: int = 0
    embedded: int = 0  # texts, since the bundle was begun the last time
    began_at: float | None = None  # seconds since 1970
    stage_began_at: float | None = None
    ended_at: float | None = None
    metric: str = ""  # the headline
    mean: float | None = None  # of the questions asked so far
    half: float = 0.0  # of the width of its 95 % interval
    n: int = 0  # questions with a value
    run: str = ""  # id, when it is done


class BatchProgress(BaseModel, frozen=True):
    """How far all bundles are, in their order."""

    bundles: tuple[BundleProgress, ...] = ()

    @property
    def current(self) -> BundleProgress | None:
        """The bundle at work."""
        return next((each for each in self.bundles if each.state == "running"), None)

    @property
    def runs(self) -> dict[str, str]:
        """Ids of finished runs by bundle name."""
        return {each.name: each.run for each in self.bundles if each.run}


def progress_of(content: Mapping[str, object], names: tuple[str, ...]) -> BatchProgress:
    """Return what a job has written down of these bundles; those that it does not mention wait."""
    found = {each.name: each for each in BatchProgress.model_validate(content).bundles}
    return BatchProgress(bundles=tuple(found.get(name, BundleProgress(name=name)) for name in names))


def seconds_left(told: Mapping[str, float], progress: BatchProgress, now: float) -> float | None:
    """Return about how many seconds are left: as told before the start, corrected by what came; None if unknown.

    told: seconds by bundle name, as far as they were told. now: seconds since 1970.
    """
    usual = _usual(progress, now)
    left = 0.0
    for each in progress.bundles:
        whole = told.get(each.name, usual)
        if each.state != "done" and whole is None:
            return None
        if each.state == "running":
            left += max((whole or 0.0) - (now - (each.began_at or now)), _of_stage(each, now), 0.0)
        elif each.state == "waiting":
            left += whole or 0.0
    return left


def _usual(progress: BatchProgress, now: float) -> float | None:
    """Return the mean seconds of finished bundles, else what the one at work will take at its present pace."""
    took = [each.ended_at - each.began_at for each in progress.bundles if each.ended_at and each.began_at]
    if took:
        return sum(took) / len(took)
    each = progress.current
    if each is None or not each.began_at or not _of_stage(each, now):
        return None
    return now - each.began_at + _of_stage(each, now)


def _of_stage(each: BundleProgress, now: float) -> float:
    """Return the seconds that the present stage still takes at its present pace; 0 where that is unknown."""
    if not each.done or not each.stage_began_at:
        return 0.0
    return (now - each.stage_began_at) / each.done * (each.total - each.done)
