"""Bulk embedding with OpenVINO: `python -m benchmarks.openvino --data DIR [--reference-python PATH]`.

Chunks of data/squad, as they are indexed, in parts; each part is embedded by ONNX Runtime, by OpenVINO and, where
`--reference-python` names a Python that has it, by sentence-transformers with the same model, in turns. Beside the
clock's seconds stand those of processor time: where other programs run, the clock says little. Then data/squad is
indexed by both, and what its questions get is compared.
"""

import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

from benchmarks import reference, timing
from benchmarks.answer_cases import Row, read_lines
from benchmarks.reference import Took
from benchmarks.timing import Figure
from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from rag.adapters.onnx import OnnxEmbedder
from rag.adapters.openvino import OpenVinoEmbedder
from rag.answers import Found
from rag.bootstrap import open_service
from rag.config import Bundle, QueryConfig
from rag.settings import Settings
from rag.types import Caller, Request

BUNDLES = {"fused": Bundle(query=QueryConfig(rerank="none")), "late interaction": Bundle()}
SHOWN = 5  # chunks that an answer is made from
TARGET = 2.5  # times sentence-transformers, on a processor with bfloat16

Embed = Callable[[Sequence[str]], Took]


def main() -> None:
    options = timing.parser(__doc__)
    options.add_argument("--parts", type=int, default=6, help="parts that the chunks are divided into")
    options.add_argument("--questions", type=int, default=600, help="whose rankings are compared")
    options.add_argument("--reference-python", type=Path, help="a Python with sentence-transformers and the weights")
    given = options.parse_args()
    rows = read_lines(given.data / "squad" / "questions.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        homes = [_indexed(given, Path(folder) / (name or "onnx"), name) for name in ("", "openvino")]
        figures = _speeds(given, _texts(homes[0]))
        figures += _rankings(homes, rows[:: max(1, len(rows) // given.questions)])
    timing.show(figures, as_json=given.json)


def _indexed(given: Namespace, home: Path, accelerator: str) -> Settings:
    """Return settings of a home with data/squad, embedded with an accelerator or without."""
    settings = Settings.load(home=home, accelerator=accelerator)
    (home / "cache").mkdir(parents=True)
    (given.work / "models").mkdir(parents=True, exist_ok=True)
    (home / "cache" / "models").symlink_to(given.work / "models")
    with workshop(settings, create=True) as shop:
        Indexer(shop).build(SourceRequest([given.data / "squad" / "corpus"]))
    return settings


def _texts(settings: Settings) -> list[str]:
    with open_service(settings) as service, service.corpus.reading() as reading:
        build, revision = reading.pointer.build, reading.pointer.build_revision
        with service.backends.store.snapshot(build, revision) as rows:
            return [chunk.indexed_text for chunk in reading.chunks(sorted(rows.scroll_ids())).values()]


def _speeds(given: Namespace, texts: Sequence[str]) -> list[Figure]:
    onnx = OnnxEmbedder(given.work / "models")
    fast = OpenVinoEmbedder(onnx, given.work / "models")
    fast.embed(texts[:8])  # compiles
    works: dict[str, Embed] = {
        "ONNX Runtime": partial(_took, onnx.embed),
        "OpenVINO": partial(_took, fast.embed),
        "ONNX Runtime, with token vectors": partial(_took, onnx.embed_tokens),
        "OpenVINO, with token vectors": partial(_took, fast.embed_tokens),
    }
    with ExitStack() as stack:
        if given.reference_python:
            other = stack.enter_context(reference.started(given.reference_python))
            works["sentence-transformers"] = partial(reference.embed, other)
        took: dict[str, list[Took]] = {name: [] for name in works}
        for start in range(given.parts):
            for name, work in works.items():
                took[name].append(work(texts[start :: given.parts]))
    cosines = (onnx.embed(texts) * fast.embed(texts)).sum(axis=1)
    return [
        Figure(f"chunks of data/squad; OpenVINO computes in {fast.precision}", len(texts), ""),
        Figure("lowest cosine between OpenVINO and ONNX Runtime", float(cosines.min()), "", 0.9999, at_least=True),
        *_rates(took, len(texts), fast.precision == "bfloat16"),
    ]


def _took(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> Took:
    clock, processor = perf_counter(), process_time()
    embed(texts)
    return perf_counter() - clock, process_time() - processor


def _rates(took: Mapping[str, Sequence[Took]], count: int, native: bool) -> Iterator[Figure]:
    """Yield chunks per second, and how many times the speed of the others OpenVINO has."""
    clock, processor = ({name: sum(each[at] for each in times) for name, times in took.items()} for at in (0, 1))
    for name in took:
        yield Figure(f"{name}, by the clock", count / clock[name], "chunks/s")
        yield Figure(f"{name}, processor time", count / processor[name], "chunks/s a core")
    for name in took:
        ours = "OpenVINO, with token vectors" if name.endswith("token vectors") else "OpenVINO"
        if name != ours:
            target = TARGET if native and name == "sentence-transformers" else None
            yield Figure(f"{ours} / {name}, by the clock", clock[name] / clock[ours], "x", target, at_least=True)
            yield Figure(f"{ours} / {name}, processor time", processor[name] / processor[ours], "x")


def _rankings(homes: Sequence[Settings], rows: Sequence[Row]) -> Iterator[Figure]:
    yield Figure("questions compared", len(rows), "")
    for name, bundle in BUNDLES.items():
        exact, fast = (_search(settings, bundle, rows) for settings in homes)
        same = [_first(ours) == _first(its) for ours, its in zip(exact, fast, strict=True)]
        members = [set(_first(ours)) == set(_first(its)) for ours, its in zip(exact, fast, strict=True)]
        yield Figure(f"{name}: the same first {SHOWN} in the same order", 100 * sum(same) / len(same), "%")
        yield Figure(f"{name}: the same first {SHOWN}", 100 * sum(members) / len(members), "%")
        held, held_fast = (_held(found, rows) for found in (exact, fast))
        for engine, found in (("ONNX Runtime", held), ("OpenVINO", held_fast)):
            yield Figure(f"{name}: reference in the first {SHOWN}, {engine}", 100 * sum(found) / len(found), "%")
        gained, lost = (
            sum(a > b for a, b in zip(*each, strict=True)) for each in ((held_fast, held), (held, held_fast))
        )
        yield Figure(f"{name}: answerable questions that gained a reference by OpenVINO", gained, f"of {len(held)}")
        yield Figure(f"{name}: answerable questions that lost it", lost, f"of {len(held)}")


def _search(settings: Settings, bundle: Bundle, rows: Sequence[Row]) -> list[Found]:
    caller = Caller(frozenset({"public"}))
    with open_service(settings) as service:
        return [service.pipeline.search(Request("benchmark", row["question"], caller, bundle=bundle)) for row in rows]


def _first(found: Found) -> list[str]:
    return [each.chunk_id for each in found.trace.candidates[:SHOWN]]


def _held(found: Sequence[Found], rows: Sequence[Row]) -> list[bool]:
    """Return of each answerable question whether a chunk among the first holds a reference whole."""
    pairs = zip(found, rows, strict=True)
    return [any(_holds(each, place) for place in row["references"]) for each, row in pairs if row["references"]]


def _holds(found: Found, place: Mapping[str, object]) -> bool:
    return any(
        hit.document.uri == place["doc"]
        and hit.chunk.start <= int(str(place["start"]))
        and int(str(place["end"])) <= hit.chunk.end
        for hit in found.hits[:SHOWN]
    )


if __name__ == "__main__":
    main()
