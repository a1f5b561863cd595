"""Plumbline as the retriever of a program that is built on LlamaIndex.

plumbline index build --sources examples/handbook.yaml
python examples/llama_index_retriever.py "How long is parental leave?"
python examples/llama_index_retriever.py "What is the bonus of band 4?" --roles public,hr
"""

import argparse

from rag.adapters.llama_index import PlumblineRetriever
from rag.bootstrap import open_service
from rag.settings import Settings
from rag.types import Caller


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("question")
    options.add_argument(
        "--roles", default="public", help="of who asks; your program knows them, the question does not"
    )
    given = options.parse_args()
    caller = Caller(frozenset(given.roles.split(",")))
    with open_service(Settings.load()) as service:
        retriever = PlumblineRetriever(service.pipeline, caller)
        for found in retriever.retrieve(given.question):
            node = found.node
            place = f"{node.metadata['uri']} {node.start_char_idx}-{node.end_char_idx}"
            print(f"{found.score:.3f}  {place}  {' '.join(node.text.split())[:70]}")


if __name__ == "__main__":
    main()
