"""The corpus page over 50,000 documents: `python -m benchmarks.workbench_corpus [--documents 50000] [--browser]`.

What the page reads and filters, in this process; with --browser also what a person waits for in Chromium, from the
click on *Corpus* until the table is painted. The documents are rows alone: nothing is parsed or embedded.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, update

from benchmarks import timing
from benchmarks.pages import chromium, settle, workbench
from benchmarks.timing import Figure
from indexing.corpus_table import Wanted, mark, read_rows
from indexing.generations import Target, publish_build
from indexing.identity import hashed
from rag.bootstrap import truth_of
from rag.config import Bundle
from rag.database import schema
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.releases import keep_bundle, point_to
from rag.settings import Settings
from workbench.widgets.documents import as_table, choices_of

TYPES = ("markdown", "pdf", "policy", "html", "contract")
REASONS = ("no text could be read: it may be a scan", "it is encrypted", "it holds more than 100 MB")
WORDS = ("leave", "travel", "safety", "budget", "hiring", "parking", "payroll", "harbour", "energy", "audit")
CHUNKS, SOURCES, TARGET_MS, RUNS = 5, 4, 2000, 5
EVERYBODY = frozenset({"*"})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=int, default=50_000)
    options.add_argument("--browser", action="store_true", help="also in Chromium")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(home=Path(folder) / "home", sets=Path(folder) / "sets")
        fill(settings, given.documents)
        figures = in_process(settings)
        if given.browser:
            figures += in_browser(settings)
    timing.show(figures, as_json=given.json)


def fill(settings: Settings, documents: int) -> None:
    """Write a truth with that many documents: one in 50 rejected, one in 100 flagged, the others indexed."""
    settings.home.mkdir(parents=True, exist_ok=True)
    database = truth_of(settings)
    schema.upgrade(database, "truth")
    with database.write() as connection:
        _publish(connection)
        rows = [*_documents(documents)]
        connection.execute(insert(t.documents), [_ledger(*row) for row in rows])
        indexed = [row for row in rows if row[1] != "rejected"]
        connection.execute(insert(t.versions), [_version(number) for number, _ in indexed])
        connection.execute(
            insert(t.document_roles), [{"document_id": _id(number), "role": _role(number)} for number, _ in indexed]
        )
        for at in range(0, len(indexed), 5000):
            part = indexed[at : at + 5000]
            connection.execute(insert(t.chunks), [_chunk(number, at) for number, _ in part for at in range(CHUNKS)])
    database.close()


def in_process(settings: Settings) -> list[Figure]:
    """Return what each part of the page's data takes; the median of some runs."""
    database = truth_of(settings)
    rows = _read(database)
    table = as_table(rows)
    wanted = Wanted(text="payroll", types=("pdf",), after=date(2022, 1, 1))
    works = {
        "see whether anything changed": lambda: _mark(database),
        "read all rows": lambda: _read(database),
        "rows to columns": lambda: as_table(rows),
        "filter by text, type and date": lambda: table.take(wanted.among(rows)),
        "what can be filtered by": lambda: choices_of(rows),
    }
    times = {name: timing.p50([timing.milliseconds(work) for _ in range(RUNS)]) for name, work in works.items()}
    figures = [Figure(name, took, "ms") for name, took in times.items()]
    began = time.process_time()
    for work in works.values():
        work()
    processor = 1000 * (time.process_time() - began)
    database.close()
    return [
        Figure("documents", len(rows), ""),
        *figures,
        Figure("all of it", sum(times.values()), "ms", TARGET_MS),
        Figure("all of it, processor time", processor, "ms"),
    ]


def in_browser(settings: Settings) -> list[Figure]:
    """Return the time from the click on *Corpus* until the table is painted: the first time, and with cached data."""
    with workbench(settings) as served, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(served.address)  # where a person arrives
        times = []
        for _ in range(RUNS + 1):
            settle(page)
            started = time.perf_counter()
            page.get_by_role("link", name="Corpus").click()
            page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
            settle(page)
            times.append(1000 * (time.perf_counter() - started))
            page.get_by_role("link", name="Chunks").click()
            page.get_by_role("heading", name="Chunks").wait_for()
            page.locator('[data-testid="stDataFrame"]').wait_for(state="detached")
    return [
        Figure("click to painted table, first", times[0], "ms", TARGET_MS),
        Figure("click to painted table, data cached, p50", timing.p50(times[1:]), "ms", TARGET_MS),
    ]


def _mark(database: Database) -> object:
    with database.read() as connection:
        return mark(connection)


def _read(database: Database):  # type: ignore[no-untyped-def]  # rows
    with database.read() as connection:
        return read_rows(connection, EVERYBODY)


def _publish(connection: Connection) -> None:
    """Let the default bundle serve revision 1."""
    bundle = Bundle()
    digest = bundle.index.digest
    generation = {"config": bundle.index.model_dump(mode="json"), "embedder": "none", "dim": 384}
    connection.execute(insert(t.generations).values(digest=digest, **generation))
    publish_build(connection, Target(digest, bundle.index, f"made-{digest}", -1), 1)
    connection.execute(insert(t.revisions).values(number=1, published_at=time.time()))
    connection.execute(update(t.corpus).values(revision=1, languages=["en"]))
    keep_bundle(connection, bundle)
    point_to(connection, bundle, time.time())
    specs = [{"name": f"source{number}", "path": f"/made/{number}"} for number in range(SOURCES)]
    connection.execute(insert(t.sources), [{"name": spec["name"], "spec": spec, "managed_by": ""} for spec in specs])


def _documents(count: int) -> Iterator[tuple[int, str]]:
    for number in range(count):
        yield number, "rejected" if number % 50 == 0 else "flagged" if number % 100 == 1 else "indexed"


def _id(number: int) -> str:
    return hashed("made", str(number))


def _path(number: int) -> str:
    return f"folder-{number % 97}/{WORDS[number % 10]}-{number}.pdf"


def _role(number: int) -> str:
    return ("public", "hr", "it")[number % 3]


def _ledger(number: int, state: str) -> dict[str, object]:
    reason = {"rejected": REASONS[number % 3], "flagged": "a page is a picture"}.get(state)
    source = f"source{number % SOURCES}"
    return {
        "id": _id(number),
        "source": source,
        "path": _path(number),
        "uri": f"{source}/{_path(number)}",
        "state": state,
        "reason": reason,
        "content_hash": hashed(str(number)),
        "parser_version": "1",
        "rules": "made",
        "size": random.Random(number).randrange(2_000, 2_000_000),
        **dict.fromkeys(("mtime_ns", "ctime_ns", "inode", "scanned_ns"), number),
    }


def _version(number: int) -> dict[str, object]:
    return {
        "document_id": _id(number),
        "born": 1,
        "version": hashed("version", str(number)),
        "title": f"{WORDS[number % 10].capitalize()} rules of {1990 + number % 35}, part {number}",
        "type": TYPES[number % 5],
        "language": ("en", "de")[number % 7 == 0],
        "day": date(2015, 1, 1).toordinal() + number % 4000,
        "owner": "people-team",
        "tags": [],
        "roles": [_role(number)],
        "indexed_at": time.time() - number,
        "removed": False,
    }


def _chunk(number: int, at: int) -> dict[str, object]:
    return {
        "id": hashed(str(number), str(at)),
        "born": 1,
        "generation": Bundle().index.digest,
        "document_id": _id(number),
        "version_born": 1,
        "start": 800 * at,
        "end": 800 * (at + 1),
        "tokens": 190,
        "kind": "paragraph",
        "text_hash": hashed(str(number), str(at)),
        "heading_path": ["Rules", "General"],
        "context": "Rules › General",
    }


if __name__ == "__main__":
    main()
