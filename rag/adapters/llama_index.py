"""Our retriever for programs that are built on LlamaIndex: the same search, as a caller with roles."""

import asyncio
import time
from collections.abc import Coroutine
from uuid import uuid4

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from rag.answers import Found
from rag.config import Bundle
from rag.pipeline import Pipeline
from rag.types import Caller, Filter, Hit, Request

_READ_BY_MODELS = "context"  # what else stands in the metadata is for programs: it never enters a prompt


class PlumblineRetriever(BaseRetriever):
    """Hits as nodes, best first: rights, filters and bundle act as in every other search.

    A node's id is the chunk's; `start_char_idx` and `end_char_idx` are code points of the document's canonical text.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        caller: Caller,
        *,
        limit: int | None = None,
        where: Filter | None = None,
        bundle: str | Bundle | None = None,
        timeout_s: float = 30,
    ) -> None:
        """caller: whose rights hold; make it from who asks, never from what is asked.

        limit: hits wanted; None: the bundle's `top_k`, as far as they fit its `context_tokens`.
        bundle: None: what serves.
        """
        super().__init__()
        self._pipeline, self._caller, self._timeout_s = pipeline, caller, timeout_s
        self._limit, self._where, self._bundle = limit, where or Filter(), bundle

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the hits of the question's text. Raises what `Pipeline.search` raises."""
        request = Request(
            id=uuid4().hex,
            question=query_bundle.query_str,
            caller=self._caller,
            where=self._where,
            bundle=self._bundle,
            limit=self._limit,
            deadline=time.monotonic() + self._timeout_s,
        )
        found = self._pipeline.search(request)
        return [NodeWithScore(node=_node(hit, found), score=hit.score) for hit in found.hits]

    def _aretrieve(self, query_bundle: QueryBundle) -> Coroutine[None, None, list[NodeWithScore]]:
        """Search in a thread: the library's own would hold the event loop up."""
        return asyncio.to_thread(self._retrieve, query_bundle)


def _node(hit: Hit, found: Found) -> TextNode:
    chunk, document = hit.chunk, hit.document
    metadata = {
        "context": chunk.context,
        "uri": document.uri,
        "title": document.title,
        "document_id": document.id,
        "version": document.version,
        "page": chunk.page,
        "heading_path": list(chunk.heading_path),
        "revision": found.revision,
        "bundle": found.bundle.digest,
    }
    hidden = [name for name in metadata if name != _READ_BY_MODELS or not chunk.context]
    return TextNode(
        id_=chunk.id,
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.id)},
    )
