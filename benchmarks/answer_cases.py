"""Questions with what is found for them: as they are, and with what answers them left out."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.leave_out import Lab, Mask, document
from indexing.embedding import VectorCache
from rag.answers import Found
from rag.ports import Embedder
from rag.types import Document, Encoded

EXAMPLES = Path("examples/handbook")
HANDBOOK_QUESTIONS = Path("benchmarks/handbook_questions.jsonl")
DOCS_FOLDERS = ("handbook", "devguide", "security")
SCIFACT_QUERIES, SCIFACT_SHARE = 300, 6
_QUESTION_HEADING = re.compile(r"(?m)^#{2,6}\s+(?!What if)(\S+(?:[ ]+\S+){3,}\?)\s*$")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One question under one condition."""

    set: str
    group: str  # what is left out together when a model is tested: an article, a contract
    condition: str  # full | document out | passage out | absent
    question: str
    answerable: bool | None  # None: a trick question, which only looks answerable
    found: Found
    gold: tuple[tuple[str, int, int], ...] = ()  # uri and offsets of the answer


@dataclass(frozen=True, slots=True)
class World:
    """What every set needs."""

    data: Path
    embedder: Embedder
    cache: VectorCache

    def lab(self, documents: Sequence[Document]) -> Lab:
        return Lab(documents, self.embedder, self.cache)


def read_folder(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file()
    }


def read_lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def overlapping(lab: Lab, places: Sequence[tuple[str, int, int]]) -> Mask:
    """Return which chunks share text with one of the places."""
    return np.array(
        [
            any(
                row.document.uri == uri and row.chunk.start < end and start < row.chunk.end
                for uri, start, end in places
            )
            for row in lab.rows
        ]
    )


def squad(world: World) -> Iterator[Case]:
    """Yield the articles' questions; where a paragraph is left out, its article is parsed and chunked without it."""
    files = read_folder(world.data / "squad/corpus")
    questions = read_lines(world.data / "squad/questions.jsonl")
    base = [document(name, content) for name, content in files.items()]
    paragraphs = sorted({tuple(row["context"].values()) for row in questions if row["answerable"]})
    without = {each: _without(files, *each) for each in paragraphs}
    lab = world.lab([*base, *without.values()])
    whole = np.isin(lab.documents, [each.id for each in base])
    names = np.array([row.document.uri for row in lab.rows])
    encoded = world.embedder.encode([row["question"] for row in questions])
    for row, vector in zip(questions, encoded, strict=True):
        context = tuple(row["context"].values())
        article = context[0].removeprefix("corpus/")
        conditions = {"full": whole}
        if row["answerable"]:
            conditions["document out"] = whole & (names != article)
            conditions["passage out"] = conditions["document out"] | (lab.documents == without[context].id)
        gold = tuple((each["doc"].removeprefix("corpus/"), each["start"], each["end"]) for each in row["references"])
        for condition, exists in conditions.items():
            answerable = (condition == "full") if row["answerable"] else None
            found = lab.search(row["question"], exists, vector)
            yield Case("squad", article, condition, row["question"], answerable, found, gold)


def _without(files: dict[str, bytes], doc: str, start: int, end: int) -> Document:
    name = doc.removeprefix("corpus/")
    text = files[name].decode()
    return document(name, (text[:start] + text[end:]).encode(), f"{start}")


def spans(world: World, name: str, limit: int | None = None) -> Iterator[Case]:
    """Yield a set with spans (chunking, legal), without its unanswerable questions."""
    files = dict(list(read_folder(world.data / name / "corpus").items())[:limit])
    questions = [row for row in read_lines(world.data / name / "questions.jsonl") if row["references"]]
    questions = [row for row in questions if row["references"][0]["doc"].removeprefix("corpus/") in files]
    if name == "chunking":  # two documents: without one of them too little would be left to find
        files |= read_folder(world.data / "squad/corpus")
    lab = world.lab([document(each, content) for each, content in files.items()])
    encoded = world.embedder.encode([row["question"] for row in questions])
    for row, vector in zip(questions, encoded, strict=True):
        gold = tuple((each["doc"].removeprefix("corpus/"), each["start"], each["end"]) for each in row["references"])
        passage_out = name == "chunking"  # a contract says much twice
        yield from _conditions(lab, name, row["question"], vector, gold, passage_out=passage_out)


def _conditions(
    lab: Lab,
    name: str,
    question: str,
    vector: Encoded,
    gold: tuple[tuple[str, int, int], ...],
    *,
    passage_out: bool = True,
) -> Iterator[Case]:
    everything = np.ones(len(lab.rows), bool)
    sources = {uri for uri, _, _ in gold}
    inside = np.array([row.document.uri in sources for row in lab.rows])
    conditions = {"full": everything, "document out": ~inside}
    if passage_out:
        conditions["passage out"] = ~overlapping(lab, gold)
    for condition, exists in conditions.items():
        found = lab.search(question, exists, vector)
        yield Case(name, gold[0][0], condition, question, condition == "full", found, gold)


def scifact(world: World) -> Iterator[Case]:
    """Yield claims with their abstracts: other in kind than questions, and long."""
    rows = [row for path in sorted((world.data / "ir/scifact").glob("corpus*")) for row in read_lines(path)]
    relevant: dict[str, set[str]] = {}
    for line in (world.data / "ir/scifact/qrels.tsv").read_text().splitlines():
        query, *_, document_id, grade = line.split("\t")
        if grade.isdigit() and int(grade) > 0:
            relevant.setdefault(query, set()).add(document_id)
    queries = [row for row in read_lines(world.data / "ir/scifact/queries.jsonl") if row["_id"] in relevant]
    queries = queries[:SCIFACT_QUERIES]
    needed = {each for row in queries for each in relevant[row["_id"]]}
    kept = [row for place, row in enumerate(rows) if row["_id"] in needed or place % SCIFACT_SHARE == 0]
    lab = world.lab([document(f"{row['_id']}.md", f"# {row['title']}\n\n{row['text']}".encode()) for row in kept])
    for row, vector in zip(queries, world.embedder.encode([row["text"] for row in queries]), strict=True):
        gold = tuple((f"{each}.md", 0, 10**9) for each in sorted(relevant[row["_id"]]))
        yield from _conditions(lab, "scifact", row["text"], vector, gold, passage_out=False)


def docs(world: World) -> Iterator[Case]:
    """Yield a handbook's headings that are questions, and other sets' questions, which it does not answer."""
    root = world.data / "docs/corpus"
    files = {f"{each}/{name}": data for each in DOCS_FOLDERS for name, data in read_folder(root / each, "*.md").items()}
    lab = world.lab([document(name, content) for name, content in files.items()])
    asked = [
        (match[1].replace("*", ""), each) for each in _documents(lab) for match in _QUESTION_HEADING.finditer(each.text)
    ]
    for question, of in asked:
        start = of.text.index(question) if question in of.text else 0
        following = re.compile(r"(?m)^#{1,6}\s").search(of.text, start + len(question))
        gold = ((of.uri, start, following.start() if following else len(of.text)),)
        yield from _conditions(lab, "docs", question, world.embedder.encode([question])[0], gold)
    elsewhere = [row["question"] for row in read_lines(world.data / "squad/questions.jsonl") if row["answerable"]]
    yield from _absent(lab, "docs", random.Random(0).sample(elsewhere, 300), world.embedder)


def handbook(world: World) -> Iterator[Case]:
    """Yield our own questions about the example handbook; those without an expected text are not answered there."""
    lab = world.lab([document(name, content) for name, content in read_folder(EXAMPLES).items()])
    absent = []
    for row in read_lines(HANDBOOK_QUESTIONS):
        if row["expect"] is None:
            absent.append(row["question"])
            continue
        places = [(each.uri, each.text.find(row["expect"])) for each in _documents(lab)]
        gold = tuple((uri, start, start + len(row["expect"])) for uri, start in places if start >= 0)
        if not gold:
            raise SystemExit(f"the handbook no longer contains {row['expect']!r}")
        yield from _conditions(lab, "handbook", row["question"], world.embedder.encode([row["question"]])[0], gold)
    yield from _absent(lab, "handbook", absent, world.embedder)


def _absent(lab: Lab, name: str, questions: Sequence[str], embedder: Embedder) -> Iterator[Case]:
    everything = np.ones(len(lab.rows), bool)
    for place, (question, vector) in enumerate(zip(questions, embedder.encode(questions), strict=True)):
        yield Case(name, f"absent {place % 8}", "absent", question, False, lab.search(question, everything, vector))


def _documents(lab: Lab) -> list[Document]:
    return list({row.document.id: row.document for row in lab.rows}.values())


SETS = {
    "squad": squad,
    "handbook": handbook,
    "docs": docs,
    "chunking": lambda world: spans(world, "chunking"),
    "legal": lambda world: spans(world, "legal", 14),
    "scifact": scifact,
}
