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
