"""An embedding model of your own, by folder or by a name in the local cache: index a folder with it, and search.

    pip install 'plumbline[models]'
    python examples/own_embedder.py ~/models/multilingual-e5-small --folder ~/documents

To serve it, set PLUMBLINE_EMBEDDER before the first `plumbline index build`, or write `index: {embedder: ...}` into a
bundle, build that and release it.
"""

import argparse
import tempfile
from pathlib import Path

from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from rag.bootstrap import open_service
from rag.settings import Settings
from rag.types import Caller, Request

POLICIES = Path(__file__).with_name("handbook") / "policies"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", help="a folder, or a name in the local cache; nothing is downloaded")
    options.add_argument("--folder", type=Path, default=POLICIES)
    options.add_argument("--question", default="How many days of parental leave are there?")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load(home=home, embedder=given.model)
        with workshop(settings, create=True) as shop:
            report = Indexer(shop).build(SourceRequest([given.folder]))
        with open_service(settings) as service:
            embedder = service.backends.embedder_named(given.model)
            print(f"{report.chunks} chunks, vectors of {embedder.dim} numbers, embedder {embedder.identity}")
            request = Request("example", given.question, Caller(frozenset({"public"})), limit=3)
            for hit in service.pipeline.search(request).hits:
                print(f"  {hit.score:.3f}  {hit.document.uri}: {' '.join(hit.chunk.text.split())[:60]}")


if __name__ == "__main__":
    main()
