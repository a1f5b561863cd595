"""Kills `exclude`, `include` and `reindex` before their writes, and prints what readers then saw: `test_exclusion.py`.

Run as a module, which forks every process that opens a database and opens none itself.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from indexing import refresh
from indexing.identity import document_id
from indexing.indexer import Indexer
from indexing.listing import documents
from rag.adapters.sqlite_store import SqliteStore
from rag.answering.writer import without_model
from rag.database.corpus import SqlCorpus
from rag.pipeline import Pipeline
from rag.settings import QuestionLimits
from rag.types import ALL_ROLES, Caller, Request
from tests.integration import refresh_world as world
from tests.integration.refresh_kills import killed_before, points
from tests.integration.refresh_world import BUNDLE, HashedWords, build, copy_home, open_shop
from tests.integration.store_kills import in_child

CONTENT = {"g0": (0, "hr"), "g1": (1, "it")}
DOCUMENT = document_id("docs", "g0/0.txt")
EVERY = 3  # of the writes that differ from the one before

Step = Callable[[Path, Path], None]


def exclude(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).exclude(DOCUMENT, "old")


def include(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).include(DOCUMENT)


def reindex(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).reindex(DOCUMENT)


def refresh_all(home: Path) -> None:
    Indexer(open_shop(home)).refresh()


def hits(home: Path) -> dict[str, int]:
    """How many chunks a search finds, by document."""
    corpus, store = SqlCorpus(world.truth_at(home)), SqliteStore(home / "store")
    pipeline = Pipeline(corpus, store, lambda _: HashedWords(), QuestionLimits(), without_model())
    request = Request("test", "everywhere alpha text0", Caller(frozenset({ALL_ROLES})), limit=100)
    found: dict[str, int] = {}
    for hit in pipeline.search(request).hits:
        found[hit.document.id] = found.get(hit.document.id, 0) + 1
    return found


def state(home: Path) -> str:
    listed = documents(open_shop(home), [])["documents"]
    return next(each["state"] for each in listed if each["id"] == DOCUMENT)


def is_whole(home: Path) -> bool:
    return Indexer(open_shop(home)).verify().ok


def killing(root: Path, base: Path, step: Step) -> dict[str, object]:
    """Kill at writes; a search then finds the document whole or not at all, and never once it is listed as excluded."""
    home, wrong, seen = root / "home", [], []
    before = in_child(hits, base)
    copy_home(base, home)
    writes = in_child(killed_before, 0, step, home, root)
    after = in_child(hits, home)
    numbers = points(writes, EVERY)
    for number in numbers:
        copy_home(base, home)
        assert in_child(killed_before, number, step, home, root) is None, "it was to be killed"
        now, listed = in_child(hits, home), in_child(state, home)
        seen.append(listed)
        in_child(refresh_all, home)
        ended, ended_as = in_child(hits, home), in_child(state, home)
        expected = before if listed == in_child(state, base) else after
        good = now in (before, after) and (listed != "excluded" or DOCUMENT not in now)
        if not (good and ended == expected and (ended_as == "excluded") == (DOCUMENT not in ended)):
            wrong.append([number, writes[number - 1], listed, now, ended_as, ended])
        if not in_child(is_whole, home):
            wrong.append([number, writes[number - 1], "verify"])
    return {"kills": len(numbers), "wrong": wrong, "seen": sorted(set(seen))}


def main(root: Path) -> None:
    refresh.Parsers = world.PlainParsers
    base, excluded = root / "base", root / "excluded"
    in_child(build, world.new_home(base), world.show(root / "source", CONTENT), BUNDLE)
    copy_home(base, excluded)
    in_child(exclude, excluded, root)
    outcomes = {
        "exclude": killing(root, base, exclude),
        "include": killing(root, excluded, include),
        "reindex": killing(root, base, reindex),
    }
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
