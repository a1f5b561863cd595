"""Kills refreshes, another writer and readers of one home at random and prints what was read: `test_refresh_chaos.py`.

Run as a module, which forks every process that opens a database and opens none itself.
"""

import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from functools import partial
from pathlib import Path

from sqlalchemy import text

from indexing import catalog, indexer, refresh
from indexing.indexer import Indexer
from indexing.locking import AlreadyRunningError
from indexing.sources_file import load_sources
from rag.database import engine
from rag.errors import SnapshotGoneError
from tests.integration import refresh_world as world
from tests.integration.refresh_kills import unfinished
from tests.integration.refresh_world import BUNDLE, GROUPS, OLD, ROLES, Content, Library, build, open_shop, show
from tests.integration.store_kills import in_child, log, logged, start, stop

KILLS = int(os.environ.get("PLUMBLINE_TEST_KILLS", "35"))


class MovingRefresh(refresh.Refresh):
    """A refresh of a source that has changed since the last one; not while it is read, so that groups stay whole."""

    def scan(self, *, verify_hashes):
        root = self.shop.settings.home.parent
        content = moved(contents_of(root))
        sources = show(root, content)
        with self.shop.database.write() as connection:
            for spec in load_sources(sources):
                catalog.put_source(connection, spec)
        save(root, content)
        return super().scan(verify_hashes=verify_hashes)


def moved(content: Content) -> Content:
    """One group has another text, one another role, one appears or goes."""
    first, second, third = random.sample(GROUPS, 3)
    number, role = random.randrange(4), random.choice(ROLES)
    new = content | {first: (number, role)}
    if second in content:
        new[second] = content[second][0], role
    return {**new, third: (number, role)} if third not in content else {k: v for k, v in new.items() if k != third}


def contents_of(root: Path) -> Content:
    return {group: tuple(held) for group, held in json.loads((root / "content.json").read_text()).items()}


def save(root: Path, content: Content) -> None:
    draft = root / f"content.{os.getpid()}"
    draft.write_text(json.dumps(content))
    draft.replace(root / "content.json")


def keep_refreshing(root: Path) -> None:
    refresh.Parsers, indexer.Refresh = world.PlainParsers, MovingRefresh
    options = {"checkpoint_bytes": random.choice([0, 100_000]), "compact_dead_share": random.choice([0.05, 0.3, 0.9])}
    while True:
        try:
            Indexer(open_shop(root / "home", purge_grace_s=0.3, **options)).refresh()
            log(root, "refreshes", options)
        except AlreadyRunningError:
            time.sleep(random.uniform(0, 0.05))


def keep_writing(root: Path) -> None:
    """Write into the truth beside the refreshes, with checkpoints."""
    engine.CHECKPOINT_AT = random.choice([0, 100_000])
    database = world.truth_at(root / "home")
    while True:
        with database.write() as connection:
            connection.execute(text("create table if not exists clerk(at real)"))
            connection.execute(text("insert into clerk values(:at)"), {"at": time.time()})
        time.sleep(random.uniform(0, 0.05))


def keep_reading(root: Path) -> None:
    """Read, with a pause now and then between the pointer and its snapshot."""
    library = Library(root / "home", lambda: time.sleep(random.uniform(0, 0.7) if random.random() < 0.05 else 0))
    while True:
        try:
            truth, wrong = library.look()
            log(root, "readings", [truth.revision, json.dumps(truth.content), wrong])
        except SnapshotGoneError:
            log(root, "gave up", True)
        except Exception:
            log(root, "failures", traceback.format_exc())
            raise


def enough(root: Path, kills: int) -> bool:
    """Whether so many kills are done, between refreshes that came to their end: on a busy machine few do."""
    revisions = {revision for revision, _, _ in logged(root, "readings")}
    return kills >= 5 * KILLS or (kills >= KILLS and min(len(logged(root, "refreshes")), len(revisions)) > KILLS / 7)


def main(root: Path) -> None:
    refresh.Parsers = world.PlainParsers
    in_child(partial(build, bundle=BUNDLE), world.new_home(root / "home"), show(root, OLD))
    save(root, OLD)
    jobs = [keep_refreshing, keep_refreshing, keep_writing, keep_reading, keep_reading]
    running, kills = [start(job, root) for job in jobs], Counter()
    while not enough(root, kills.total()):
        time.sleep(random.uniform(0.1, 0.9) * (1 + kills.total() / KILLS))  # the slower the machine, the longer
        [victim] = random.choices(range(len(jobs)), [3, 3, 1, 1, 0])
        stop(running[victim])
        running[victim] = start(jobs[victim], root)
        kills[jobs[victim].__name__] += 1
    for process in running:
        stop(process)
    content = contents_of(root)
    in_child(build, root / "home", show(root, content))
    readings = logged(root, "readings")
    outcome = {
        "kills": kills,
        "refreshes": len(logged(root, "refreshes")),
        "readings": len(readings),
        "revisions": len({revision for revision, _, _ in readings}),
        "contents": len({(revision, content) for revision, content, _ in readings}),
        "gave up": len(logged(root, "gave up")),
        "wrong": [reading for reading in readings if reading[2]] + logged(root, "failures"),
        "after all": in_child(unfinished, root / "home", content),
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
