"""Chunks without an index are those of an index, and what a set adds to the documents that serve."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from evals.loading import load_set
from evals.set_spans import own_documents, spans_by_uri
from indexing.build import SourceRequest
from indexing.readable import readable_documents
from indexing.rechunking import read_file, rechunk
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig, QueryConfig
from rag.errors import ParseError
from tests.conftest import HANDBOOK_SET, build, indexing, write
from tests.postgres import ON_BOTH

pytestmark = ON_BOTH

CONFIGS = [
    IndexConfig(chunk_tokens=60),
    IndexConfig(strategy="tokens", chunk_tokens=80, overlap_tokens=20, context_line=False),
]


def rechunked(service, document, config):
    embedder = service.backends.embedder_named(config.embedder)
    return rechunk(document, config, embedder.count_tokens, embedder.max_tokens)


@pytest.mark.parametrize("config", CONFIGS)
def test_a_document_is_rechunked_as_an_index_with_that_config_holds_it(settings, tmp_path, config):
    text = "\n\n".join(
        f"## Rule {n}\n\nRule {n} says that ship {n} docks at pier {n}. It pays at once." for n in range(60)
    )
    folder = write(tmp_path / "harbour", {"rules.md": f"# Rules\n\n{text}\n"})
    with indexing(settings) as index:
        index.build(SourceRequest((folder,)), bundle=Bundle(index=config, query=QueryConfig()))
    with open_service(settings) as service, service.corpus.reading() as reading:
        (found,) = readable_documents(reading, frozenset({"public"}))
        stored = service.reader.document(found.id, None, frozenset({"public"}))
        made = rechunked(service, stored.document, config)
    assert list(made.chunks) == list(stored.chunks)
    sizes = [chunk.tokens for chunk in stored.chunks]
    figures = made.figures
    assert (figures.chunks, figures.smallest, figures.largest) == (len(sizes), min(sizes), max(sizes))
    assert figures.mean == pytest.approx(sum(sizes) / len(sizes))
    assert (figures.repeated > 0) == any(a.end > b.start for a, b in pairwise(stored.chunks))


def test_only_documents_that_the_caller_may_read_can_be_chosen(settings, tmp_path):
    build(settings, write(tmp_path / "open", {"open.md": "# Open\n\nFor everyone."}))
    build(settings, write(tmp_path / "closed", {"closed.md": "# Closed\n\nFor few."}), roles=("board",))
    with open_service(settings) as service, service.corpus.reading() as reading:
        names = {
            role: [each.title for each in readable_documents(reading, frozenset({role}))]
            for role in ("public", "board", "*")
        }
    assert names == {"public": ["Open"], "board": ["Closed"], "*": ["Closed", "Open"]}


SCAN = "handbook/scans/acceptance-note-2025-06-12.pdf"  # has no text


def test_every_span_of_the_example_stands_in_a_document_that_serves(service):
    eval_set = load_set(HANDBOOK_SET)
    with service.corpus.reading() as reading:
        known = {each.uri: each.path for each in readable_documents(reading, frozenset({"*"}))}
    spans = spans_by_uri(eval_set, known)
    references = {reference.doc for case in eval_set.cases for reference in case.references}
    assert sum(map(len, spans.values())) == sum(len(case.references) for case in eval_set.cases)
    assert len(spans) == len(references)
    assert [each.uri for each in own_documents(eval_set.corpus, set(known.values()))] == [SCAN]


def test_a_document_of_a_set_that_is_not_indexed_is_read_as_the_indexer_would(service, tmp_path, settings):
    write(
        tmp_path / "set" / "corpus",
        {"fish.md": "---\ntitle: Fish\n---\n\n# Fish\n\nFish 🐟 swim.\n", "blank.txt": "  \n"},
    )
    reference = {"doc": "corpus/fish.md", "start": 31, "end": 43, "text": "Fish 🐟 swim."}
    line = json.dumps({"id": "f-1", "question": "What do fish do?", "references": [reference]})
    write(tmp_path / "set", {"questions.jsonl": line})
    eval_set = load_set(tmp_path / "set")
    blank, fish = own_documents(eval_set.corpus, set[Path]())
    document = read_file(fish.source, fish.file, settings)
    (span,) = spans_by_uri(eval_set, {fish.uri: fish.file.path})[fish.uri]
    assert (document.id, document.title, span.case_id) == (fish.id, "Fish", "f-1")
    assert rechunked(service, document, IndexConfig()).figures.chunks == 1
    with pytest.raises(ParseError, match="blank"):
        read_file(blank.source, blank.file, settings)
