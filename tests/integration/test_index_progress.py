"""How far a run is, as bars and pages show it: in documents, while their texts are embedded too."""

from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from tests.conftest import write

BERTHS = 12


def berth(number: int) -> str:
    """A text of some twenty chunks, each like no other."""
    return f"# Berth {number}\n\n" + " ".join(f"Crane {number * line} reaches {line} metres." for line in range(400))


class Told:
    """Keeps what a run tells."""

    def __init__(self) -> None:
        self.total, self.steps = 0, list[int]()

    def stage(self, _: str, total: int) -> None:
        self.total = total

    def advance(self, count: int) -> None:
        self.steps.append(count)


def test_a_run_tells_how_far_it_is_while_it_embeds_and_ends_at_all_documents(settings, tmp_path) -> None:
    berths = {f"berth{number}.md": berth(number) for number in range(1, BERTHS + 1)}
    folder = write(tmp_path / "port", {**berths, "blank.md": " \n"})
    told = Told()
    with workshop(settings, create=True) as shop:
        report = Indexer(shop, told).build(SourceRequest((folder,)))
    assert report.embedded > 128  # more than one slice
    assert told.total == sum(told.steps) == BERTHS + 1
    assert sum(step > 0 for step in told.steps) > 2
    assert min(told.steps) >= 0
