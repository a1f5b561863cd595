"""A cross-encoder as reranker: the fused order of a search, and the order that the model gives it.

    pip install 'plumbline[models]'
    plumbline index build --sources examples/handbook.yaml
    python examples/cross_encoder.py ~/models/ms-marco-MiniLM-L6-v2 "How long is parental leave?"

To serve it, write `query: {rerank: /home/you/models/ms-marco-MiniLM-L6-v2}` into a bundle and release that.
"""

import argparse

from rag.bootstrap import Service, open_service
from rag.config import Bundle, QueryConfig
from rag.settings import Settings
from rag.types import Caller, Request


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", help="a folder, or a name in the local cache; nothing is downloaded")
    options.add_argument("question")
    given = options.parse_args()
    with open_service(Settings.load()) as service:
        for rerank in ("none", given.model):
            show(service, Bundle(query=QueryConfig(rerank=rerank)), given.question)
        print(f"\nidentity of the model: {service.backends.reranker_named(given.model).identity}")


def show(service: Service, bundle: Bundle, question: str) -> None:
    print(f"\nrerank: {bundle.query.rerank}")
    for hit in service.pipeline.search(Request("example", question, Caller(frozenset({"public"})), bundle=bundle)).hits:
        print(f"  {hit.score:.3f}  {hit.document.uri} {hit.chunk.start}: {' '.join(hit.chunk.text.split())[:60]}")


if __name__ == "__main__":
    main()
