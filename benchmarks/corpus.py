"""Real text as plain text files, and homes indexed from it: made once below `--work`, then used again."""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from indexing.workshop import Workshop
from rag.adapters.onnx import OnnxEmbedder
from rag.offline import switch_off_downloads
from rag.settings import Settings
from rag.types import Caller, Encoded, Matrix, Request, Vector

switch_off_downloads()

PLUMBLINE = str(Path(sys.executable).with_name("plumbline"))
CHARS_PER_CHUNK = 620  # of this text, with the default configuration: how much makes so many chunks
PASSAGE_CHARS = 1100
_SOME_REJECTED = 5  # exit code
# Who may read what: a caller with the role "public" sees about three quarters of the chunks.
ROLES = {"squad": "public", "scifact": "public", "cranfield": "public", "legal": "legal", "docs": "staff"}
QUESTION_FILES = ("squad/questions.jsonl", "ir/scifact/queries.jsonl", "legal/questions.jsonl")


@dataclass(frozen=True, slots=True)
class Text:
    """One document of the corpus."""

    source: str
    name: str
    text: str


def texts(data: Path) -> Iterator[Text]:
    """Yield all plain text of the development data, always in the same order: about 20,000 chunks."""
    for source, pattern in (("squad", "squad/corpus/*.txt"), ("legal", "legal/corpus/*.txt")):
        yield from _files(source, data, pattern)
    for pattern in ("docs/corpus/**/*.md", "docs/corpus/**/*.rst", "chunking/corpus/*.md"):
        yield from _files("docs", data, pattern)
    for source in ("scifact", "cranfield"):
        for line in _lines(data / "ir" / source, "corpus*.jsonl"):
            yield Text(source, line["_id"], f"{line['title']}\n\n{line['text']}\n")


def questions(data: Path, count: int) -> list[str]:
    """Return different questions over that text, in an order that repeats."""
    found = [str(line.get("question") or line["text"]) for name in QUESTION_FILES for line in _lines(data, name)]
    unique = sorted(set(found))
    random.Random(1).shuffle(unique)
    return unique[:count]


def request(question: str, *, role: str = "public", limit: int | None = None) -> Request:
    """Return a question as the API would ask it for a caller with one role."""
    return Request("benchmark", question, Caller(frozenset({role})), limit=limit)


def indexed_home(data: Path, work: Path, chunks: int) -> Settings:
    """Return settings of a home with about so many chunks of real text, indexed by `plumbline index build`."""
    place = work / f"text-{chunks}"
    sources = place / "sources.yaml"
    if not sources.exists():
        _write_corpus(data, place, chunks, sources)
    home = place / "home"
    plumbline(home, "index", "build", "--sources", str(sources), "--json")
    return Settings.load(home=home)


class RandomEmbedder:
    """The built-in embedder, except that a chunk's vector is made up: for what depends on the store alone."""

    def __init__(self, real: OnnxEmbedder) -> None:
        self._real = real
        self.identity, self.precision = real.identity, real.precision
        self.dim, self.max_tokens = real.dim, real.max_tokens

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = np.array([self._dice(text).normal(size=self.dim) for text in texts], np.float32)
        unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        return self._real.encode(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._real.count_tokens(texts)

    def token_ends(self, text: str) -> list[int]:
        return self._real.token_ends(text)

    def token_weights(self, token_ids: NDArray[np.int64]) -> Vector:
        return self._real.token_weights(token_ids)

    @staticmethod
    def _dice(text: str) -> np.random.Generator:
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))


@contextmanager
def random_workshop(home: Path) -> Iterator[Workshop]:
    """Open what the indexer uses, with made-up vectors."""
    with workshop(Settings.load(home=home), create=True) as shop:
        embedder = RandomEmbedder(OnnxEmbedder(home / "cache" / "models"))
        yield replace(shop, embedder=lambda _: embedder)


def small_files_home(data: Path, work: Path, documents: int) -> Settings:
    """Return settings of a home with so many small files, two chunks each, with made-up vectors."""
    place = work / f"small-{documents}"
    if not (place / "files").exists():
        for number, text in enumerate(passages(data, documents)):
            write_settled(place / "writing" / f"{number // 100:03}" / f"{number:05}.txt", text)
        (place / "writing").rename(place / "files")
    with random_workshop(place / "home") as shop:
        Indexer(shop).build(SourceRequest([place / "files"]))
    return Settings.load(home=place / "home")


def passages(data: Path, count: int) -> list[str]:
    """Return pieces of real text of about 1,100 characters; more than there are come with their words in disorder."""
    pieces = [piece for text in texts(data) for piece in _pieces(text.text)]
    dice = random.Random(1)
    while len(pieces) < count:
        pieces.append(" ".join(dice.sample(words := pieces[len(pieces) % count].split(), len(words))))
    return pieces[:count]


def plumbline(home: Path, *arguments: str, under: Sequence[str] = ()) -> str:
    """Run the command line on a home as a user does, and return what it prints; a few bad files are no failure.

    under: a command that runs it, such as strace. Raises CalledProcessError.
    """
    command = [*under, PLUMBLINE, *arguments]
    done = subprocess.run(command, env=environment(home), check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != _SOME_REJECTED:
        done.check_returncode()
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    """Return the variables of a process on that home."""
    return {**os.environ, "PLUMBLINE_HOME": str(home)}


def write_settled(path: Path, text: str) -> None:
    """Write a file that looks old enough for its time stamp to be trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    past = time.time() - 60
    os.utime(path, (past, past))


def _write_corpus(data: Path, place: Path, chunks: int, sources: Path) -> None:
    written = 0
    for each in texts(data):
        if written > chunks * CHARS_PER_CHUNK:
            break
        write_settled(place / "files" / each.source / f"{each.name}.txt", each.text)
        written += len(each.text)
    if written < chunks * CHARS_PER_CHUNK:
        raise SystemExit(f"{data} has text for {written // CHARS_PER_CHUNK} chunks only.")
    specs = [
        {"name": name, "path": f"files/{name}", "roles": [role]}
        for name, role in ROLES.items()
        if (place / "files" / name).exists()
    ]
    sources.write_text(yaml.safe_dump({"sources": specs}), encoding="utf-8")


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = text.find(" ", start + PASSAGE_CHARS)
        end = end if end >= 0 else len(text)
        yield text[start:end].strip() + "\n"
        start = end


def _files(source: str, data: Path, pattern: str) -> Iterator[Text]:
    for path in sorted(data.glob(pattern)):
        name = path.relative_to(data).as_posix().replace("/", "-").removesuffix(".txt")
        yield Text(source, name, path.read_text(encoding="utf-8", errors="replace"))


def _lines(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob(pattern)):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
