"""A small corpus that changes in ways one can foresee, and a reader that compares all it finds with brute force.

A content says what each group of documents holds and who may read it. The documents of a group always change together.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml
from sqlalchemy import bindparam, create_engine, select

from indexing.build import SourceRequest
from indexing.indexer import Indexer
from indexing.parsing import Parsed, ParseTask
from indexing.vector_cache import VectorCache
from indexing.workshop import Workshop
from rag.adapters.sqlite_store import SqliteStore, WriteLimits
from rag.analysis import analyse, analyse_query
from rag.answering.writer import without_model
from rag.config import Bundle, IndexConfig
from rag.database import engine, schema
from rag.database import tables as t
from rag.database.corpus import SqlCorpus, SqlReading, alive, chunk_of
from rag.database.engine import Database
from rag.pipeline import Pipeline
from rag.ports import Row, Snapshot
from rag.settings import QuestionLimits, Retention, Settings
from rag.types import ALL_ROLES, Block, Caller, Chunk, Encoded, Filter, Matrix, Request, Vector
from tests.integration.store_kills import bm25, copy, in_child, same
from tests.postgres import address_of, new_database

Content = dict[str, tuple[int, str]]  # number of the text and role, by group

SERVER = os.environ.get("PLUMBLINE_TEST_POSTGRES", "")  # its address: the truth of a home is the database of its name
if SERVER:
    create_engine(SERVER)  # imports the driver once, before the children are forked; connects to nothing
DOCUMENTS, WORDS, DIM = 3, ["alpha", "beta", "gamma", "delta"], 16
GROUPS, ROLES = [f"g{number}" for number in range(6)], ["hr", "it"]
BUNDLE = Bundle(index=IndexConfig(chunk_tokens=32, token_vectors=False))
FIRST: Content = dict.fromkeys(GROUPS[:5], (0, "hr"))
OLD: Content = FIRST | {"g3": (1, "hr"), "g4": (0, "it")}
# A text changes, a role changes, a group goes, a former text returns, a group appears.
NEW: Content = {"g0": (2, "hr"), "g1": (0, "it"), "g3": (0, "hr"), "g4": (0, "it"), "g5": (0, "hr")}
# The roles of g1 are as before NEW, g3 changes in text and role.
OTHER: Content = {"g0": (3, "hr"), "g1": (0, "hr"), "g2": (0, "hr"), "g3": (2, "it"), "g5": (1, "it")}


class HashedWords:
    """An Embedder without a model: a text is the sum of the vectors that its words hash to."""

    identity, precision, dim, max_tokens = "hashed-words", "float32", DIM, 256

    def embed(self, texts: list[str]) -> Matrix:
        rows = np.array([sum(map(_word_vector, text.split())) for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode(self, texts: list[str]) -> list[Encoded]:
        tokens = [np.array([_word_vector(word) for word in text.split()], np.float32) for text in texts]
        return [Encoded(self.embed([text])[0], np.arange(len(words)), words) for text, words in zip(texts, tokens)]  # noqa: B905

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def token_ends(self, text: str) -> list[int]:
        return [found.end() for found in re.finditer(r"\S+", text)]

    def token_weights(self, token_ids: np.ndarray) -> Vector:
        return np.ones(len(token_ids), np.float32)


class PlainParsers:
    """Parsers of plain text without child processes, which cost half a second each."""

    def __init__(self, limits: object, known: object = None) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def parse_all(self, files: Iterable[ParseTask]) -> Iterator[tuple[ParseTask, Parsed]]:
        for task in files:
            content = task.path.read_bytes()
            text = content.decode()
            blocks = tuple(Block("paragraph", *found.span()) for found in re.finditer(r"[^\n]+", text))
            title = f"{task.path.parent.name} {task.path.stem}"
            yield task, Parsed(text, blocks, title, "", "text", hashlib.sha256(content).hexdigest(), "en")


@lru_cache(4096)
def _word_vector(word: str) -> Vector:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)


# Writing


def text_of(group: str, number: int, document: int) -> str:
    dice = np.random.default_rng([GROUPS.index(group), number, document])
    words = " ".join(dice.choice(WORDS, 25))
    return f"Everywhere {group} document{document} holds text{number} and {words}.\n\nMore of text{number}: {words}.\n"


def show(folder: Path, content: Mapping[str, tuple[int, str]]) -> Path:
    """Let the source hold a content, and return its sources file."""
    wanted = {
        folder / "docs" / group / f"{document}.txt": text_of(group, number, document)
        for group, (number, _) in content.items()
        for document in range(DOCUMENTS)
    }
    for path in set((folder / "docs").glob("*/*.txt")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    rules = [{"match": f"{group}/**", "roles": [role]} for group, (_, role) in sorted(content.items())]
    file = folder / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": [{"name": "docs", "path": "docs", "rules": rules}]}))
    return file


def truth_at(home: Path) -> Database:
    return Database(address_of(SERVER, home.name) if SERVER else home / "truth.db")


def new_home(home: Path) -> Path:
    """Make an empty home, with a database where a server holds the truth."""
    home.mkdir(parents=True)
    if SERVER:
        in_child(new_database, SERVER, home.name)
    return home


def copy_home(original: Path, home: Path) -> None:
    copy(original, home)
    if SERVER:
        in_child(new_database, SERVER, home.name, original.name)


def open_shop(home: Path, *, checkpoint_bytes: int = 0, **retention: float) -> Workshop:
    """Open what the indexer uses; each write of truth and store ends with a checkpoint, unless told otherwise."""
    engine.CHECKPOINT_AT = checkpoint_bytes
    kept = Retention(**{"purge_grace_s": 0, "compact_dead_share": 1, **retention})
    settings = Settings(home=home, retention=kept, database_url=address_of(SERVER, home.name) if SERVER else "")
    home.mkdir(parents=True, exist_ok=True)
    database, records = truth_at(home), Database(home / "records.db")
    schema.upgrade(database, "truth")
    store = SqliteStore(home / "store", WriteLimits(checkpoint_bytes=checkpoint_bytes))
    cache = VectorCache(home / "cache" / "vectors.db", 1 << 30)
    return Workshop(settings, database, records, store, lambda _: HashedWords(), cache)


def build(home: Path, sources: Path, bundle: Bundle | None = None, **retention: float) -> None:
    """Do what `plumbline index build --sources FILE` does."""
    Indexer(open_shop(home, **retention)).build(SourceRequest(sources_file=sources), bundle)


# Reading


@dataclass(slots=True)
class Truth:
    """What the truth holds at one moment, and what the store has otherwise."""

    revision: int
    build_revision: int
    chunks: dict[str, Chunk]
    rows: list[Row]  # as the store should have them
    now: dict[str, set[str]]  # who may read a document at this moment
    groups: dict[str, set[tuple[int, str]]]
    group_of: dict[str, str]  # by document
    removed: bool  # the source, which hides its documents at once
    wrong: list[str] = field(default_factory=list)

    @property
    def content(self) -> Content:
        return {} if self.removed else {group: next(iter(held)) for group, held in sorted(self.groups.items())}

    def readable(self, role: str) -> dict[str, str]:
        """Return the texts of chunks, by id."""
        rows = [] if self.removed else self.rows
        may = [each.id for each in rows if role == ALL_ROLES or self._may_read(each, role)]
        return {id_: self.chunks[id_].text for id_ in may}

    def _may_read(self, row: Row, role: str) -> bool:
        return role in row.keywords["roles"] and role in self.now.get(row.document_id, ())

    def rights_differ(self) -> set[str]:
        """Return the groups whose roles now are not those of the published revision."""
        differing = [row for row in self.rows if set(row.keywords["roles"]) != self.now.get(row.document_id, set())]
        return {self.group_of[row.document_id] for row in differing}


class Library:
    """The pipeline as it serves, which compares the store with the truth in the very transactions of its searches."""

    def __init__(self, home: Path, between=lambda: None) -> None:
        database, self._store, self._between = truth_at(home), SqliteStore(home / "store"), between
        schema.require(database, "truth")
        self._corpus = SqlCorpus(database)
        self.pipeline = Pipeline(self, self, lambda _: HashedWords(), QuestionLimits(), without_model())
        self.seen: Truth | None = None

    @contextmanager
    def reading(self, bundle: str | Bundle | None = None) -> Iterator[SqlReading]:
        with self._corpus.reading(bundle) as reading:
            self.seen = truth_of(reading)
            yield reading

    @contextmanager
    def snapshot(self, build: str, revision: int) -> Iterator[Snapshot]:
        self._between()
        with self._store.snapshot(build, revision) as rows:
            self.seen.wrong += wrong_with(rows, self.seen)
            yield rows

    def look(self) -> tuple[Truth, list[str]]:
        """Search as everybody and in one role; return the truth of the last search, and all that was wrong."""
        wrong = []
        for role in (ALL_ROLES, ROLES[0]):
            found = self.pipeline.search(
                Request("test", "everywhere alpha text0", Caller(frozenset({role})), limit=100)
            )
            wrong += self.seen.wrong
            if {hit.chunk.id: hit.chunk.text for hit in found.hits} != self.seen.readable(role):
                wrong.append(f"hits for {role}")
            if found.revision != self.seen.revision:
                wrong.append("revision")
        return self.seen, wrong


def truth_of(reading: SqlReading) -> Truth:
    pointer = reading.pointer
    chunks, rows, group_of = {}, [], {}
    groups: dict[str, set[tuple[int, str]]] = {}
    for each in reading.connection.execute(_CHUNKS, {"at": pointer.revision}):
        chunk = chunks[each.id] = chunk_of(each, each.text[each.start : each.end])
        tokens, keywords = tuple(analyse(chunk.indexed_text, each.language)), {"roles": tuple(each.roles)}
        rows.append(Row(each.id, each.document_id, HashedWords().embed([chunk.indexed_text])[0], tokens, keywords))
        group, number = re.search(r"Everywhere (g\d) \w+ holds text(\d+)", each.text).groups()
        group_of[each.document_id] = group
        groups.setdefault(group, set()).add((int(number), *each.roles))
    now: dict[str, set[str]] = {}
    for document, role in reading.connection.execute(select(t.document_roles)):
        now.setdefault(document, set()).add(role)
    removed = bool(reading.connection.execute(select(t.sources.c.name).where(t.sources.c.removed)).all())
    sizes = Counter(group_of.values())
    wrong = [f"torn {group}" for group in groups if len(groups[group]) > 1 or sizes[group] < DOCUMENTS]
    wrong += [
        f"granted early: {row.id}" for row in rows if now.get(row.document_id, set()) - set(row.keywords["roles"])
    ]
    return Truth(pointer.revision, pointer.build_revision, chunks, rows, now, groups, group_of, removed, wrong)


def wrong_with(found: Snapshot, truth: Truth) -> list[str]:
    """Return what the store says that brute force over the truth does not."""
    rows, everybody = truth.rows, Filter()
    tokens = sorted(analyse_query("everywhere alpha g0 text0", ["en"]))
    question = HashedWords().embed(["alpha text1"])[0]
    nearest = {each.id: float(each.vector @ question) for each in rows}
    of_role = {each.id for each in rows if ROLES[0] in each.keywords["roles"]}
    allowed = Filter(roles=frozenset(ROLES[:1]))
    checks = {
        "ids": sorted(found.scroll_ids()) == sorted(nearest),
        "dense": same(found.dense(question, everybody, 999), nearest),
        "BM25": same(found.lexical(tokens, everybody, 999), bm25(rows, tokens)),
        "dense role": {id_ for id_, _ in found.dense(question, allowed, 999)} == of_role,
        "lexical role": {id_ for id_, _ in found.lexical(tokens, allowed, 999)} == of_role,
    }
    return [name for name, good in checks.items() if not good]


_CHUNKS = (
    select(t.chunks, t.texts.c.text, t.versions.c.language, t.versions.c.roles)
    .join(t.texts, (t.texts.c.document_id == t.chunks.c.document_id) & (t.texts.c.born == t.chunks.c.version_born))
    .join(t.versions, (t.versions.c.document_id == t.texts.c.document_id) & (t.versions.c.born == t.texts.c.born))
    .where(alive(t.chunks, bindparam("at")))
)
