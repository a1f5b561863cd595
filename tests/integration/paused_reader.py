"""A reader that is paused between pointer and snapshot, while the index is replaced twice: see `refresh_kills.py`."""

import os
import sqlite3
import time
from pathlib import Path

from tests.integration.refresh_world import NEW, OTHER, Library, build, copy_home, show
from tests.integration.store_kills import in_child, start


def paused_reader(root: Path, base: Path, *, checked: bool, share: float = 1) -> dict[str, object]:
    home = root / "paused"
    copy_home(base, home)
    process = start(replace_and_purge, root, home, checked, share)

    def pause():
        (home / "paused").touch()
        while not (home / "go").exists():
            time.sleep(0.01)

    seen = in_child(lambda: outcome_of(Library(home, pause)))
    os.waitpid(process, 0)
    return seen


def outcome_of(library: Library) -> dict[str, object]:
    truth, wrong = library.look()
    return {"content": truth.content, "wrong": wrong}


def replace_and_purge(root: Path, home: Path, checked: bool, share: float) -> None:
    while not (home / "paused").exists():
        time.sleep(0.01)
    for content in (NEW, OTHER):
        build(home, show(root / "source", content), compact_dead_share=share)
    if not checked:
        for path in home.glob("store/*/index.db"):
            sqlite3.connect(path, isolation_level=None).execute("update meta set value = 0 where name = 'purged'")
    (home / "go").touch()
