"""Kills processes that write the embedded store, and prints what readers then saw: see `test_store_kills.py`.

Run as a script, which forks every process that opens a database and opens none itself.
"""

import json
import math
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from rag.adapters.sqlite_store import SqliteStore, WriteLimits
from rag.errors import SnapshotGoneError
from rag.ports import Row
from rag.types import Filter

DIM, TOKEN_DIM, NAMES, WORDS, ROLES = (
    8,
    4,
    [f"chunk{number}" for number in range(12)],
    ["alpha", "beta", "gamma"],
    ["hr", "it"],
)
FIRST = 8  # revisions before the work that is killed: as many batches, so that it joins them
RANDOM_KILLS = 35
ONE_PIECE, ONE_WEIGHT = np.array([[0.1, 0.7, 0.5, -0.5]], np.float32), np.ones(1, np.float32)
OFTEN = WriteLimits(checkpoint_bytes=0)  # each write ends with a checkpoint


# What is written: the content of a corpus is the version of each chunk.


def row(name, version):
    dice = random.Random(f"{name}/{version}")
    vector = np.array([dice.gauss(0, 1) for _ in range(DIM)], np.float32)
    tokens = ("all", name, f"v{version}", *dice.choices(WORDS, k=dice.randint(1, 6)))
    pieces = [[dice.randint(-127, 127) for _ in range(TOKEN_DIM)] for _ in range(dice.randint(1, 5))]
    roles = (dice.choice(ROLES),)
    return Row(
        name, "doc", vector / np.linalg.norm(vector), tokens, {"roles": roles}, token_vectors=np.array(pieces, np.int8)
    )


def changed(content, seed):
    """The content after the next refresh: two chunks change, one appears or goes."""
    dice = random.Random(seed)
    first, second, third = dice.sample(NAMES, 3)
    new = {**content, first: dice.randrange(9), second: dice.randrange(9), third: dice.randrange(9)}
    return {name: version for name, version in new.items() if name != third or name not in content}


def write(store, build, revision, old, new):
    with store.writer(build) as writer:
        writer.retire([name for name in old if name not in new], revision)
        writer.upsert([row(name, new[name]) for name in new if old.get(name) != new[name]], revision)


def refresh(store, build, revision, old, new, *, clean=True):
    with store.writer(build) as writer:
        if clean:
            writer.clean_up(revision)
        writer.purge(revision - 1)
    write(store, build, revision + 1, old, new)


def history():
    contents = [{}]
    for revision in range(1, FIRST + 1):
        contents.append(changed(contents[-1], revision) | (dict.fromkeys(NAMES[:9], 0) if revision == 1 else {}))
    return contents


def wrong_with(folder, build, revision, content):
    """What a new reader finds that brute force does not."""
    rows, allowed = [row(*each) for each in content.items()], Filter(roles=frozenset({"hr"}))
    tokens, vector = ["all", "alpha", NAMES[3], "v0"], row("question", 0).vector
    with SqliteStore(folder).snapshot(build, revision) as found:
        nearest = {each.id: float(each.vector @ vector) for each in rows}
        checks = {
            "ids": sorted(found.scroll_ids()) == sorted(content),
            "dense": same(found.dense(vector, Filter(), 99), nearest),
            "late interaction": same(
                found.late_interaction(NAMES, ONE_PIECE, ONE_WEIGHT),
                {each.id: float((each.token_vectors / 127 @ ONE_PIECE[0]).max()) for each in rows},
            ),
            "BM25": same(found.lexical(tokens, Filter(), 99), bm25(rows, tokens)),
            "roles": {id_ for id_, _ in found.dense(vector, allowed, 99)}
            == {id_ for id_, _ in found.lexical(["all"], allowed, 99)}
            == {each.id for each in rows if each.keywords["roles"] == ("hr",)},
        }
    return [name for name, good in checks.items() if not good]


def same(found, expected):
    return dict(found).keys() == expected.keys() and all(abs(score - expected[id_]) < 1e-5 for id_, score in found)


def bm25(rows, tokens, k1=1.2, b=0.75):
    average, scores = sum(len(each.tokens) for each in rows) / max(len(rows), 1), Counter()
    for token in tokens:
        holding = sum(token in each.tokens for each in rows)
        for each in rows:
            if held := each.tokens.count(token):
                idf = math.log(1 + (len(rows) - holding + 0.5) / (holding + 0.5))
                scores[each.id] += idf * held * (k1 + 1) / (held + k1 * (1 - b + b * len(each.tokens) / average))
    return dict(scores)


# Kills at each write


def base(folder):
    store, contents = SqliteStore(folder), history()
    for build in ("build", "former"):
        store.create(build, DIM, TOKEN_DIM)
    for revision, (old, new) in enumerate(pairwise(contents), 1):
        write(store, "build", revision, old, new)


def work(folder, seed, *, limits=None, **options):
    content, store = history()[FIRST], SqliteStore(folder, limits)
    refresh(store, "build", FIRST, content, changed(content, seed), **options)
    store.compact("build", "target")
    store.drop("former")


def work_until(folder, number, seed):
    """The names of its writes, where it has fewer than `number`; else it is killed before that one."""
    seen = []

    def event(name):
        seen.append(name.split()[0])
        if len(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def connect(*arguments, real=sqlite3.connect, **named):
        connection = real(*arguments, **named)
        connection.set_trace_callback(lambda sql: sql.lower().startswith(("select", "--")) or event(sql))
        return connection

    def wrapped(call):
        return lambda *arguments, **named: (event(call.__name__), call(*arguments, **named))[1]

    sqlite3.connect = connect
    for name in ("pwrite", "fdatasync", "fsync", "ftruncate", "rename", "unlink", "rmdir", "mkdir"):
        setattr(os, name, wrapped(getattr(os, name)))
    work(folder, seed, limits=OFTEN)
    return seen


def kill_at_each_write(original, home, every=1, **options):
    """Kill before each write; afterwards a reader must see the old rows, and the next run must give the new ones."""
    kills, wrong, content = 0, [], history()[FIRST]
    while True:
        number = 1 + kills * every
        copy(original, home)
        if writes := in_child(work_until, home, number, "first"):
            return {"kills": kills, "wrong": wrong, "writes": Counter(writes)}
        kills += 1
        old = in_child(wrong_with, home, "build", FIRST, content)
        in_child(lambda: work(home, "second", **options))
        new = changed(content, "second")
        after = [in_child(wrong_with, home, build, FIRST + 1, new) for build in ("build", "target")]
        if any([old, *after, in_child(unsound, home)]):
            wrong.append([number, old, *after])


def unsound(folder):
    problems = set(SqliteStore(folder).builds()) - {"build", "target"}
    for path in Path(folder).glob("*/index.db"):
        problems |= {row[0] for row in sqlite3.connect(path).execute("pragma integrity_check")} - {"ok"}
    return sorted(problems)


def copy(original, home):
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(original, home)


def write_without_vectors(folder):
    os.pwrite = lambda _file, data, _offset: len(data)
    work(folder, "first")


def lose_vectors(original, home):
    copy(original, home)
    in_child(write_without_vectors, home)
    return {"wrong": in_child(wrong_with, home, "build", FIRST + 1, changed(history()[FIRST], "first"))}


# Random kills


def publish(folder, revision, content):
    draft = folder / f"published.{os.getpid()}"
    draft.write_text(json.dumps([revision, content]))
    draft.replace(folder / "published")


def keep_writing(folder):
    store = SqliteStore(folder / "store", WriteLimits(checkpoint_bytes=random.choice([0, 50_000])))
    while True:
        revision, content = json.loads((folder / "published").read_text())
        new = changed(content, random.random())
        refresh(store, "build", revision, content, new)
        publish(folder, revision + 1, new)
        log(folder, "writes", revision)


def keep_reading(folder):
    while True:
        revision, content = json.loads((folder / "published").read_text())
        try:
            log(folder, "readings", [revision, wrong_with(folder / "store", "build", revision, content)])
        except SnapshotGoneError:
            log(folder, "gone", revision)
        except Exception:
            log(folder, "readings", [revision, [traceback.format_exc()]])
            raise


def log(folder, name, value):
    with (folder / f"{name}.log").open("a") as file:
        file.write(json.dumps(value) + "\n")


def logged(folder, name):
    path = folder / f"{name}.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def kill_at_random(folder):
    folder.mkdir()
    in_child(lambda: SqliteStore(folder / "store").create("build", DIM, TOKEN_DIM))
    publish(folder, 0, {})
    jobs = [keep_writing, keep_reading]
    running = [start(job, folder) for job in jobs]
    for kill in range(RANDOM_KILLS):
        time.sleep(random.uniform(0.02, 0.25))
        victim = int(kill % 6 == 5)
        stop(running[victim])
        running[victim] = start(jobs[victim], folder)
    for process in running:
        stop(process)
    readings = logged(folder, "readings")
    wrong = [reading for reading in readings if reading[1]]
    writes = len(logged(folder, "writes"))
    return {"kills": RANDOM_KILLS, "writes": writes, "readings": len(readings), "wrong": wrong}


# Processes


def start(function, *arguments):
    process = os.fork()
    if not process:
        code = 1
        try:
            random.seed()
            function(*arguments)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return process


def stop(process):
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def in_child(function, *arguments):
    """Its result, from a process of its own; None where that was killed."""
    source, sink = os.pipe()
    process = start(lambda: os.write(sink, json.dumps(function(*arguments)).encode()))
    os.close(sink)
    with os.fdopen(source) as file:
        text = file.read()
    _, status = os.waitpid(process, 0)
    assert os.WIFSIGNALED(status) or not os.WEXITSTATUS(status), "a child failed"
    return json.loads(text) if text else None


def main(folder):
    original, home = folder / "base", folder / "home"
    in_child(base, original)
    outcomes = {
        "at each write": kill_at_each_write(original, home),
        "control: no clean-up": kill_at_each_write(original, home, every=7, clean=False),
        "control: no vectors": lose_vectors(original, home),
        "random": kill_at_random(folder / "random"),
    }
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
