"""Our retriever in a program that is built on LlamaIndex: the same hits, the same rights."""

import asyncio
import threading
import time

import pytest
from llama_index.core.schema import MetadataMode, QueryBundle

from rag.adapters.llama_index import PlumblineRetriever
from rag.errors import QuestionRejectedError
from rag.types import ALL_ROLES, Caller, Filter, Request

QUESTION = "What is the bonus of a band?"
PUBLIC, STAFF = Caller(frozenset({"public"})), Caller(frozenset({"public", "hr"}))


def test_nodes_are_the_hits_of_the_same_search_with_their_places(service):
    everyone = Caller(frozenset({ALL_ROLES}))
    found = service.pipeline.search(Request("test", QUESTION, everyone, limit=7))
    nodes = PlumblineRetriever(service.pipeline, everyone, limit=7).retrieve(QUESTION)
    assert [node.node_id for node in nodes] == [hit.chunk.id for hit in found.hits]
    assert [node.score for node in nodes] == [hit.score for hit in found.hits]
    for node, hit in zip(nodes, found.hits, strict=True):
        text = service.reader.text(hit.document.id, hit.document.version, frozenset({ALL_ROLES}))
        assert text[node.node.start_char_idx : node.node.end_char_idx] == node.text == hit.chunk.text
        assert node.node.ref_doc_id == node.metadata["document_id"] == hit.document.id
        assert (node.metadata["uri"], node.metadata["version"]) == (hit.document.uri, hit.document.version)
        assert node.metadata["revision"] == found.revision


def test_a_caller_gets_only_what_its_roles_may_read(service):
    def uris(caller):
        return {
            node.metadata["uri"] for node in PlumblineRetriever(service.pipeline, caller, limit=20).retrieve(QUESTION)
        }

    assert any("/hr/" in uri for uri in uris(STAFF))
    assert not any("/hr/" in uri for uri in uris(PUBLIC))
    assert uris(Caller(frozenset())) == set()


def test_a_filter_holds_beside_the_rights(service):
    policies = Filter(keywords={"type": frozenset({"policy"})})
    nodes = PlumblineRetriever(service.pipeline, PUBLIC, limit=20, where=policies).retrieve(QueryBundle("travel"))
    assert nodes
    assert all("/policies/" in node.metadata["uri"] for node in nodes)


def test_a_prompt_gets_text_and_context_line_and_nothing_else(service):
    node = PlumblineRetriever(service.pipeline, PUBLIC).retrieve("How long is parental leave?")[0].node
    shown = node.get_content(MetadataMode.LLM)
    assert node.text in shown
    assert node.metadata["context"] in shown
    assert node.metadata["uri"] not in shown
    assert node.metadata["document_id"] not in shown


def test_a_question_that_cannot_be_used_raises_what_every_search_raises(service):
    with pytest.raises(QuestionRejectedError):
        PlumblineRetriever(service.pipeline, PUBLIC).retrieve(" ")


def test_the_event_loop_runs_while_a_search_does(service):
    class Slow:
        """The service's pipeline, after a while."""

        def search(self, request):
            searched_in.append(threading.current_thread())
            time.sleep(0.3)
            return service.pipeline.search(request)

    searched_in = []
    ticks = 0

    async def counting():
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async def both():
        counter = asyncio.create_task(counting())
        nodes = await PlumblineRetriever(Slow(), PUBLIC).aretrieve("How long is parental leave?")
        counter.cancel()
        return nodes

    assert asyncio.run(both())
    assert ticks >= 3
    assert searched_in[0] is not threading.main_thread()
