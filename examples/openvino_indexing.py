"""Embedding by OpenVINO beside ONNX Runtime: how fast, in which precision, and whether the same chunks are found.

    pip install 'plumbline[fast]'
    python examples/openvino_indexing.py --folder ~/documents

To use it, set PLUMBLINE_ACCELERATOR=openvino where you index; questions are embedded by ONNX Runtime all the same.
"""

import argparse
import tempfile
import time
from pathlib import Path

from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from rag.bootstrap import open_service
from rag.config import BUILT_IN_EMBEDDER
from rag.settings import Settings
from rag.types import Caller, Request

POLICIES = Path(__file__).with_name("handbook") / "policies"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, default=POLICIES)
    options.add_argument("--question", default="How many days of parental leave are there?")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [
            indexed(Path(folder) / name, accelerator, given.folder, given.question)
            for name, accelerator in (("onnx", ""), ("openvino", "openvino"))
        ]
    print("the same chunks in the same order" if found[0] == found[1] else "other chunks, or in another order")


def indexed(home: Path, accelerator: str, folder: Path, question: str) -> list[str]:
    """Index the folder, say how long it took, and return the ids of what a question finds."""
    settings = Settings.load(home=home, accelerator=accelerator)
    started = time.perf_counter()
    with workshop(settings, create=True) as shop:
        report = Indexer(shop).build(SourceRequest([folder]))
    seconds = time.perf_counter() - started
    with open_service(settings) as service:
        precision = service.backends.embedder_named(BUILT_IN_EMBEDDER).precision
        print(f"{home.name}, {precision}: {report.chunks} chunks in {seconds:.1f} s")
        request = Request("example", question, Caller(frozenset({"public"})))
        return [hit.chunk.id for hit in service.pipeline.search(request).hits]


if __name__ == "__main__":
    main()
