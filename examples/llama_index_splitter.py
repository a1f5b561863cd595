"""A splitter of LlamaIndex as the way in which documents are cut, compared with the default one.

python examples/llama_index_splitter.py
python examples/llama_index_splitter.py --splitter TokenTextSplitter --folder ~/documents
"""

import argparse
import tempfile
from pathlib import Path

from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig
from rag.settings import Settings
from rag.types import Caller, Request

POLICIES = Path(__file__).with_name("handbook") / "policies"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--splitter", default="SentenceSplitter")
    options.add_argument("--folder", type=Path, default=POLICIES)
    options.add_argument("--question", default="How many days of parental leave are there?")
    given = options.parse_args()
    split = Bundle(index=IndexConfig(strategy=f"llama_index:{given.splitter}"))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load(home=home)
        with workshop(settings, create=True) as shop:
            for bundle in (Bundle(), split):
                Indexer(shop).build(SourceRequest([given.folder]), bundle)
        for bundle in (Bundle(), split):
            show(settings, bundle, given.question)


def show(settings: Settings, bundle: Bundle, question: str) -> None:
    """Print the first hits; each is a slice of its document, wherever it was cut."""
    print(f"\n{bundle.index.strategy}, generation {bundle.index.digest}")
    request = Request("example", question, Caller(frozenset({"public"})), bundle=bundle, limit=3)
    with open_service(settings) as service:
        for hit in service.pipeline.search(request).hits:
            chunk = hit.chunk
            print(f"  {hit.document.uri} {chunk.start}-{chunk.end}, {chunk.tokens} tokens: {chunk.text[:60]!r}")


if __name__ == "__main__":
    main()
