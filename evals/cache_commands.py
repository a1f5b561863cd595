"""What `eval cache` does: how much evaluations keep, and taking it away."""

from dataclasses import asdict, dataclass

from rich.table import Column, Table

from indexing.experiment_homes import homes, prune_homes
from indexing.forgetting import EXPERIMENTS, stage_cache
from rag.settings import Settings
from rag.terminal import Options, console, print_json


@dataclass(frozen=True, slots=True)
class KeptStage:
    """Results of one stage."""

    stage: str
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """The index of one corpus and one index configuration."""

    digest: str
    bytes: int
    used_at: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Kept:
    """All that evaluations keep."""

    stages: list[KeptStage]
    experiments: list[KeptIndex]

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.stages) + sum(each.bytes for each in self.experiments)


def show(options: Options, *, as_json: bool) -> int:
    """Print entries and bytes of every stage, and the indexes of experiments."""
    found = _kept(options.settings())
    if as_json:
        print_json(asdict(found))
        return 0
    table = Table("kept", Column("entries", justify="right"), Column("MB", justify="right"))
    for each in found.stages:
        table.add_row(each.stage, f"{each.entries:,}", f"{each.bytes / 1e6:,.1f}")
    total = sum(each.bytes for each in found.experiments)
    table.add_row("indexes of experiments", f"{len(found.experiments):,}", f"{total / 1e6:,.1f}")
    console(options).print(table)
    return 0


def prune(options: Options, *, everything: bool, as_json: bool) -> int:
    """Bring the cache within its limits, or empty it; what is in use stays."""
    settings = options.settings()
    before, limits = _kept(settings).bytes, settings.retention
    stage_cache(settings).prune(0 if everything else limits.stage_cache_bytes)
    prune_homes(settings.home / EXPERIMENTS, 0 if everything else limits.experiments_bytes)
    freed = max(before - _kept(settings).bytes, 0)
    print_json({"bytes": freed}) if as_json else console(options).print(f"Took away {freed / 1e6:,.1f} MB.")
    return 0


def _kept(settings: Settings) -> Kept:
    sizes = stage_cache(settings).sizes()
    found = homes(settings.home / EXPERIMENTS)
    return Kept(
        [KeptStage(kind, count, size) for kind, (count, size) in sorted(sizes.items())],
        [KeptIndex(home.path.name, home.bytes, home.used_at) for home in found],
    )
