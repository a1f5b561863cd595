"""Kills whole refreshes before each of their writes, and prints what readers then saw: see `test_refresh_kills.py`.

Run as a module, which forks every process that opens a database and opens none itself.
"""

import json
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy import event as sql_event

from indexing import catalog, cleaning, indexer, refresh, writing
from indexing.indexer import Indexer
from indexing.locking import AlreadyRunningError
from indexing.sources_file import load_sources
from rag.errors import NoIndexError
from tests.integration import refresh_world as world
from tests.integration.paused_reader import paused_reader
from tests.integration.refresh_world import (
    BUNDLE,
    FIRST,
    NEW,
    OLD,
    OTHER,
    SERVER,
    Content,
    Library,
    build,
    copy_home,
    new_home,
    open_shop,
    show,
)
from tests.integration.store_kills import in_child

EVERY_WRITE = bool(os.environ.get("PLUMBLINE_TEST_EVERY_WRITE"))  # in about fifteen minutes
STATEMENTS = ("insert", "update", "delete", "create", "vacuum", "begin immediate", "commit", "pragma wal_checkpoint")
# Killed with PostgreSQL as the truth: the store's own writes are killed often enough with SQLite.
ON_POSTGRES = {"plain", "after a kill", "first build", "prune", "remove", "control: publish first"}
PUBLISHING = "insert into revisions"
CALLS = ("pwrite", "fdatasync", "fsync", "ftruncate", "rename", "unlink", "rmdir", "mkdir")

Step = Callable[[Path, Path], None]  # of home and sources file


@dataclass
class Case:
    """A step that is killed, what may be seen then, and the steps of which one follows."""

    base: Path
    step: Step
    expected: Sequence[Content]
    next_step: Step
    later: Sequence[Content]
    content: Content = field(default_factory=lambda: NEW)  # of the source, while it is killed
    every: int = 6  # of the writes that differ from the one before


# What is killed


def remove(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).remove("docs")


def prune(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).prune()


def rebuild(home: Path, _: Path) -> None:
    Indexer(open_shop(home)).rebuild()


def refresh_by_group(home: Path, sources: Path) -> None:
    """Publish after every three documents, which are a group."""
    shop = open_shop(home)
    with shop.database.write() as connection:
        for spec in load_sources(sources):
            catalog.put_source(connection, spec)
    Indexer(shop).refresh(publish_every=world.DOCUMENTS)


def refresh_only(home: Path, _: Path) -> None:
    while True:
        try:
            Indexer(open_shop(home)).refresh()
        except AlreadyRunningError:  # a server needs a moment to notice that a client was killed
            time.sleep(0.01)
        else:
            return


def build_too_early(home: Path, sources: Path) -> None:
    indexer.Refresh = PublishesTooEarly
    build(home, sources)


def build_uncleaned(home: Path, sources: Path) -> None:
    cleaning._clean_build = lambda *_: None
    build(home, sources)


class PublishesTooEarly(refresh.Refresh):
    def write(self, batch):
        vectors = writing.embed_batch(self.shop, self.targets, batch, self.report)
        ended = writing.write_truth(self.shop.database, self.targets, batch, self.pending.born)
        self.publish()
        for target in self.targets:
            with self.shop.store.writer(target.build) as store:
                store.retire(ended[target.build], self.pending.revision)
                store.upsert(writing.store_rows(target, batch, vectors), self.pending.revision)


def killed_before(number: int, step: Step, home: Path, sources: Path) -> list[str]:
    """The names of its writes, where it has fewer than `number`."""
    seen = []

    def event(name):
        seen.append(" ".join(name.lower().split()[:3]))
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    watch_server(event)

    def connect(*arguments, real=sqlite3.connect, **named):
        connection = real(*arguments, **named)
        connection.set_trace_callback(lambda sql: event(sql) if sql.lower().startswith(STATEMENTS) else None)
        return connection

    def wrapped(call):
        return lambda *arguments, **named: (event(call.__name__), call(*arguments, **named))[1]

    sqlite3.connect = sqlite3.dbapi2.connect = connect
    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))
    step(home, sources)
    return seen


def watch_server(event: Callable[[str], None]) -> None:
    """Tell of each write to a server, before it is sent."""
    writing: set[Connection] = set()

    def executing(connection: Connection, _cursor: object, sql: str, *_: object) -> None:
        if connection.dialect.name == "postgresql" and sql.lower().startswith(STATEMENTS):
            writing.add(connection)
            event(sql)

    def committing(connection: Connection) -> None:
        if connection in writing:
            writing.remove(connection)
            event("commit to server")

    sql_event.listen(Engine, "before_cursor_execute", executing)
    sql_event.listen(Engine, "commit", committing)


# What is seen


def seen_in(home: Path) -> dict[str, object]:
    try:
        truth, wrong = Library(home).look()
    except NoIndexError:
        return {"content": {}, "wrong": [], "rights": []}
    return {"content": truth.content, "wrong": wrong, "rights": sorted(truth.rights_differ())}


def unfinished(home: Path, content: Content) -> list[str]:
    """What is wrong after a run that was not killed."""
    seen, shop = seen_in(home), open_shop(home)
    problems = [*seen["wrong"], *(f"rights of {group}" for group in seen["rights"])]
    if seen["content"] != content:
        problems.append(f"content {seen['content']}")
    if not Indexer(shop).verify().ok:
        problems.append("verify")
    if len(shop.store.builds()) > 2:
        problems.append(f"builds {shop.store.builds()}")
    for path in [*home.glob("truth.db"), *home.glob("store/*/index.db")]:
        problems += [row[0] for row in sqlite3.connect(path).execute("pragma integrity_check") if row != ("ok",)]
    return problems


def fail_points(root: Path, case: Case) -> dict[str, object]:
    """Kill at writes; then a reader must see the old content or the new one, and the next step must end the work."""
    home, outcome, wrong = root / "home", Counter(), []
    expected = [json.loads(json.dumps(content)) for content in case.expected]
    writes = run(root, case, 0)
    numbers = points(writes, case.every)
    for kill, number in enumerate(numbers):
        assert run(root, case, number) is None, "it was to be killed"
        seen = in_child(seen_in, home)
        content = case.later[kill % len(case.later)]
        in_child(case.next_step, home, show(root / "source", content))
        after = in_child(unfinished, home, content)
        known = seen["content"] in expected
        outcome[("neither" if not known else "new" if expected.index(seen["content"]) else "old")] += 1
        if not known or seen["wrong"] or set(seen["rights"]) - {"g1"} or after:
            wrong.append([number, writes[number - 1], seen, after])
    names = Counter(name.split()[0] for name in writes)
    return {"kills": len(numbers), "writes": names, "wrong": wrong, "seen": outcome}


def run(root: Path, case: Case, number: int) -> list[str] | None:
    """Do a step on a fresh home; killed before write `number`, if it has so many."""
    copy_home(case.base, root / "home")
    return in_child(killed_before, number, case.step, root / "home", show(root / "source", case.content))


def points(writes: Sequence[str], every: int) -> list[int]:
    """All writes; or some, one of like ones in a row at most: in one transaction they leave the same behind."""
    if EVERY_WRITE:
        return list(range(1, len(writes) + 1))
    return [number for number, (former, name) in enumerate(pairwise(["", *writes]), 1) if name != former][::every]


def by_group() -> list[Content]:
    """From OLD to NEW, one group after the other; what is gone goes last."""
    contents = [OLD]
    for group in NEW:
        contents.append(contents[-1] | {group: NEW[group]})
    return [*contents, NEW]


def make_bases(root: Path) -> tuple[Path, Path, Path]:
    """An empty home, one with three revisions, and one in which a run was killed just before its publish."""
    empty, base, killed, source = root / "empty", root / "base", root / "killed", root / "source"
    for home in (empty, base):
        new_home(home)
    for content in (FIRST, NEW, OLD):
        in_child(build, base, show(source, content), BUNDLE)
    copy_home(base, root / "home")
    writes = in_child(killed_before, 0, build, root / "home", show(source, NEW))
    copy_home(base, killed)
    in_child(killed_before, 1 + writes.index(PUBLISHING), build, killed, show(source, NEW))
    return empty, base, killed


def main(root: Path) -> None:
    refresh.Parsers = world.PlainParsers
    empty, base, killed = make_bases(root)
    compacting = partial(build, compact_dead_share=0.001)
    first = partial(build, bundle=BUNDLE)
    both = {"expected": (OLD, NEW), "later": (NEW, OTHER)}
    rare = {"every": 16}
    cases = {
        "plain": Case(base, build, next_step=build, **both),
        "after a kill": Case(killed, build, next_step=build, **both),
        "with compaction": Case(base, compacting, next_step=compacting, **both),
        "publish every group": Case(base, refresh_by_group, by_group(), build, (NEW, OTHER), every=8),
        "first build": Case(empty, first, ({}, NEW), first, (NEW, OTHER), **rare),
        "prune": Case(killed, prune, (OLD,), build, (NEW, OTHER), **rare),
        "rebuild": Case(base, rebuild, (OLD, NEW), build, (NEW, OTHER), **rare),
        "remove": Case(base, remove, (OLD, {}), refresh_only, ({},), OLD, **rare),
        "control: publish first": Case(base, build_too_early, next_step=build, **both, **rare),
        "control: no clean-up": Case(killed, build_uncleaned, (OLD, OTHER), build_uncleaned, (OTHER,), OTHER, 30),
    }
    outcomes = {name: fail_points(root, case) for name, case in cases.items() if not SERVER or name in ON_POSTGRES}
    outcomes |= {
        "paused": paused_reader(root, base, checked=True),
        "paused, compaction": paused_reader(root, base, checked=True, share=0.001),
        "control: paused, unchecked": paused_reader(root, base, checked=False),
    }
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
