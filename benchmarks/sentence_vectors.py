"""Could answers be made of token vectors that the index holds? `python -m benchmarks.sentence_vectors --data DIR`.

The questions of data/squad that have an answer, each with the five chunks that the product finds; the answerer is the
product's, and only the token vectors that it compares with the question differ:

- "alone": as in the product, each sentence encoded by itself (384 numbers a word piece);
- "in context": those of the whole chunk, encoded once, cut into sentences by offsets (384 numbers);
- "projected": the same in the 64 bytes a word piece that an index with token vectors keeps.

Times are those of the answerer with no sentence known; "in context" and "projected" take the chunk's token vectors as
given, for an index would hold them, but cut them. Gold is the span of any annotator.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.answer_cases import Row, read_folder, read_lines
from benchmarks.leave_out import Lab, document
from benchmarks.quality import share
from benchmarks.timing import Figure, milliseconds, p50, p95, parser, show
from indexing.embedding import VectorCache
from rag.adapters.minilm_projection import project, project_to_bytes
from rag.adapters.onnx import OnnxEmbedder
from rag.answering.extractive import SentenceCache, draft_extractive
from rag.answering.reading import ReadSentence, read
from rag.answering.sentence_cache import TokenVectors
from rag.answers import Draft, Found
from rag.types import TOKEN_SCALE, Chunk, Hit, TokenRows

WARM_UP = 5  # questions that are not counted in times


@dataclass(frozen=True, slots=True)
class CutText:
    """A chunk's word pieces as the embedder sees them in the indexed text."""

    ids: np.ndarray  # shape [tokens]
    vectors: np.ndarray  # shape [tokens, 384 or 64], half precision
    ends: np.ndarray  # offsets into the indexed text

    def between(self, start: int, end: int) -> TokenVectors:
        """Return the word pieces that end within a span of the indexed text."""
        here = (self.ends > start) & (self.ends <= end)
        return TokenVectors(self.ids[here], self.vectors[here])


class Given:
    """Stands where the answerer has its cache of sentences: their token vectors are known."""

    def __init__(self, given: Sequence[TokenVectors]) -> None:
        self._given = list(given)

    def encode(self, texts: Sequence[str], _: object) -> list[TokenVectors]:
        assert len(texts) == len(self._given)
        return self._given


@dataclass(frozen=True, slots=True)
class Kept:
    """What an index would hold of a chunk."""

    ids: np.ndarray  # shape [tokens]
    whole: np.ndarray  # shape [tokens, 384], half precision
    projected: TokenRows


@dataclass(slots=True)
class Chunks:
    """Chunks as they would lie in an index: made once, outside the times."""

    embedder: OnnxEmbedder
    made: dict[str, Kept] = field(default_factory=dict)

    def of(self, chunk: Chunk) -> Kept:
        if chunk.indexed_text not in self.made:
            encoded = self.embedder.encode([chunk.indexed_text])[0]
            vectors = encoded.token_vectors
            kept = Kept(encoded.token_ids.astype(np.int32), vectors.astype(np.float16), project_to_bytes(vectors))
            self.made[chunk.indexed_text] = kept
        return self.made[chunk.indexed_text]


@dataclass(slots=True)
class Tally:
    """What became of the gold sentences under one way to make token vectors."""

    first: list[float] = field(default_factory=list)  # the first that is quoted
    among_three: list[float] = field(default_factory=list)  # one of those that are quoted
    best_three: list[float] = field(default_factory=list)  # one of the three best scores, quoted or not
    times_ms: list[float] = field(default_factory=list)


def main() -> None:
    options = _options(parser(__doc__))
    embedder = OnnxEmbedder(options.work / "models")
    files = read_folder(options.data / "squad/corpus")
    lab = Lab([document(*each) for each in files.items()], embedder, VectorCache(options.work / "vectors.db", 10**10))
    questions = [row for row in read_lines(options.data / "squad/questions.jsonl") if row["answerable"]]
    chosen = questions[:: max(1, len(questions) // options.limit)][: options.limit] if options.limit else questions
    show(figures(measure(lab, chosen, embedder), len(chosen)), as_json=options.json)


def _options(options: argparse.ArgumentParser) -> argparse.Namespace:
    options.add_argument("--limit", type=int, default=0, help="questions, from all over the set; 0: all")
    return options.parse_args()


def measure(lab: Lab, questions: Sequence[Row], embedder: OnnxEmbedder) -> dict[str, Tally]:
    tallies, chunks = {name: Tally() for name in WAYS}, Chunks(embedder)
    everything = np.ones(len(lab.rows), bool)
    for row in questions:
        found = lab.search(row["question"], everything)
        for hit in found.hits:
            chunks.of(hit.chunk)
        for name, way in WAYS.items():
            count(tallies[name], row, found, lambda: way(found, chunks))  # noqa: B023  # called at once
    return tallies


def count(tally: Tally, row: Row, found: Found, way: Callable[[], Draft]) -> None:
    drafts: list[Draft] = []
    tally.times_ms.append(milliseconds(lambda: drafts.append(way())))
    quoted = [is_gold(row, found.hits[each.hit], each.start, each.end) for each in drafts[0].sentences]
    by_id = {hit.chunk.id: hit for hit in found.hits}
    quotable = [each for each in drafts[0].considered if each.fate != "a heading"]
    best = sorted(quotable, key=lambda each: -each.score)[:3]
    tally.first.append(float(bool(quoted) and quoted[0]))
    tally.among_three.append(float(any(quoted)))
    tally.best_three.append(float(any(is_gold(row, by_id[each.chunk_id], each.start, each.end) for each in best)))


def is_gold(row: Row, hit: Hit, start: int, end: int) -> bool:
    return any(
        hit.document.uri == each["doc"].removeprefix("corpus/") and start < each["end"] and each["start"] < end
        for each in row["references"]
    )


def alone(found: Found, chunks: Chunks) -> Draft:
    return draft_extractive(found, chunks.embedder, SentenceCache(), found.bundle.answer)


def in_context(found: Found, chunks: Chunks) -> Draft:
    return _answered(found, chunks, lambda kept: kept.whole)


def projected(found: Found, chunks: Chunks) -> Draft:
    question = replace(found.encoded, token_vectors=project(found.encoded.token_vectors))
    return _answered(replace(found, encoded=question), chunks, lambda kept: kept.projected / np.float16(TOKEN_SCALE))


WAYS = {"alone": alone, "in context": in_context, "projected": projected}


def _answered(found: Found, chunks: Chunks, vectors: Callable[[Kept], np.ndarray]) -> Draft:
    cut = [_cut(hit.chunk, chunks, vectors) for hit in found.hits]
    reading = read(found.hits)
    sentences = [_sentence(each, found.hits[each.hit].chunk, cut[each.hit]) for each in reading]
    contexts = [text.between(0, len(hit.chunk.context)) for text, hit in zip(cut, found.hits, strict=True)]
    return draft_extractive(found, chunks.embedder, Given([*sentences, *contexts]), found.bundle.answer)


def _cut(chunk: Chunk, chunks: Chunks, vectors: Callable[[Kept], np.ndarray]) -> CutText:
    kept = chunks.of(chunk)
    ends = np.array(chunks.embedder.token_ends(chunk.indexed_text))[: len(kept.ids)]  # beyond them the embedder cut
    return CutText(kept.ids, vectors(kept), ends)


def _sentence(each: ReadSentence, chunk: Chunk, text: CutText) -> TokenVectors:
    before = len(chunk.indexed_text) - len(chunk.text) - chunk.start
    return text.between(each.start + before, each.end + before)


def figures(tallies: dict[str, Tally], questions: int) -> list[Figure]:
    rows = [Figure("questions", questions, "")]
    for name, tally in tallies.items():
        kinds = {
            "gold sentence quoted first": tally.first,
            "gold sentence quoted": tally.among_three,
            "gold sentence among the three best": tally.best_three,
        }
        for kind, values in kinds.items():
            rows += [*share(f"{name}: {kind}", values, None), Figure(f"{name}: {kind}, count", sum(values), "")]
        rows.append(Figure(f"{name}: answer, p50", p50(tally.times_ms[WARM_UP:]), "ms"))
        rows.append(Figure(f"{name}: answer, p95", p95(tally.times_ms[WARM_UP:]), "ms"))
    return rows


if __name__ == "__main__":
    main()
