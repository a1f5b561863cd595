"""Throughput of `index build` on plain text: `python -m benchmarks.indexing --data DIR [--reference-python PATH]`.

data/squad and the Markdown files of data/docs, all as plain text, in parts. Each part is indexed into a new home, then
its chunks are embedded alone, then, where `--reference-python` names a Python that has it, by sentence-transformers.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks import corpus, reference, timing
from benchmarks.reference import Reference
from benchmarks.timing import Figure
from indexing import versions
from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.generations import serving_config
from indexing.indexer import Indexer
from indexing.workshop import Workshop
from rag.adapters.onnx import OnnxEmbedder
from rag.settings import Settings


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--parts", type=int, default=5, help="parts that the files are divided into")
    options.add_argument("--reference-python", type=Path, help="a Python with sentence-transformers and the weights")
    given = options.parse_args()
    embedder = OnnxEmbedder(given.work / "models")
    with ExitStack() as stack:
        other = stack.enter_context(reference.started(given.reference_python)) if given.reference_python else None
        rows = [_measured(files, embedder, other, given.work) for files in _parts(given.data, given.parts)]
    timing.show(_figures(rows), as_json=given.json)


def _parts(data: Path, count: int) -> list[list[corpus.Text]]:
    files = [text for text in corpus.texts(data) if text.source == "squad" or text.name.endswith(".md")]
    return [files[start::count] for start in range(count)]


def _measured(
    files: Sequence[corpus.Text], embedder: OnnxEmbedder, other: Reference | None, work: Path
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        for text in files:
            corpus.write_settled(Path(folder) / "files" / f"{text.source}-{text.name}.txt", text.text)
        with _new_home(Path(folder) / "home", work) as shop:
            started = perf_counter()
            Indexer(shop).build(SourceRequest([Path(folder) / "files"]))
            seconds = {"build": perf_counter() - started}
            texts = _chunks(shop)
    started = perf_counter()
    embedder.embed(texts)
    seconds |= {"embedder": perf_counter() - started, "chunks": len(texts)}
    return seconds | ({"reference": reference.embed(other, texts)[0]} if other else {})


@contextmanager
def _new_home(home: Path, work: Path) -> Iterator[Workshop]:
    """Open an empty home that has the model's graph already."""
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "models").symlink_to(work / "models")
    with workshop(Settings.load(home=home), create=True) as shop:
        yield shop


def _chunks(shop: Workshop) -> list[str]:
    """Return the indexed texts in the order of documents and places."""
    with shop.database.read() as connection:
        config = serving_config(connection)
        assert config is not None
        generation = config.digest
        ids = versions.with_chunks(connection, generation, born=2)
        return list(versions.read_texts(connection, ids, generation).values())


def _figures(rows: Sequence[dict[str, float]]) -> list[Figure]:
    total = {name: sum(row[name] for row in rows) for name in rows[0]}
    rate = {name: total["chunks"] / seconds for name, seconds in total.items() if name != "chunks"}
    alone = rate["embedder"]
    figures = [
        Figure("chunks", total["chunks"], ""),
        Figure("index build", rate["build"], "chunks/s", embedder=rate["build"] / alone),
        Figure("embedder alone", alone, "chunks/s", embedder=1.0),
        Figure("index build / embedder alone", 100 * rate["build"] / alone, "%", target=80, at_least=True),
    ]
    if "reference" in rate:
        share = 100 * rate["build"] / rate["reference"]
        figures += [
            Figure("sentence-transformers", rate["reference"], "chunks/s", embedder=rate["reference"] / alone),
            Figure("index build / sentence-transformers", share, "%", target=100, at_least=True),
        ]
    return figures


if __name__ == "__main__":
    main()
