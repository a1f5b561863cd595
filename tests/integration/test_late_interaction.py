"""Late interaction as a bundle's setting: indexed with token vectors, asked, rebuilt, refused without them."""

from pathlib import Path

import pytest

from indexing.build import SourceRequest
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig, QueryConfig
from rag.settings import Settings
from rag.types import Caller, Request
from tests.conftest import HANDBOOK_SOURCES, indexing, plumbline, write

LATE = Bundle(index=IndexConfig(token_vectors=True), query=QueryConfig(rerank="late_interaction"))
WITHOUT = Bundle(index=IndexConfig(token_vectors=False))
PLAIN = Bundle(query=QueryConfig(rerank="none"))
QUESTION = "How many days of annual leave do employees get?"


@pytest.fixture(scope="module")
def late_home(home_at, tmp_path_factory) -> Settings:
    """Settings of a home whose handbook serves with late interaction."""
    settings = home_at(tmp_path_factory.mktemp("late") / "home")
    with indexing(settings) as index:
        index.build(SourceRequest(sources_file=HANDBOOK_SOURCES), WITHOUT)
        report = index.build(SourceRequest(), LATE, serve=True)
        assert report.embedded > 0  # the cached vectors came without token vectors
    return settings


def request(bundle: Bundle | None = None) -> Request:
    return Request("test", QUESTION, Caller(frozenset({"*"})), bundle=bundle)


def test_a_question_is_answered_from_what_late_interaction_put_first(late_home):
    with open_service(late_home) as service:
        answered = service.pipeline.answer(request())
    assert answered.answer.bundle == LATE.digest
    assert answered.answer.status == "answered"
    assert "27 days" in answered.answer.text
    assert set(answered.trace.legs) == {"dense", "lexical"}
    compared = [each for each in answered.trace.candidates if "late_interaction" in each.scores]
    assert len(compared) == min(50, len(answered.trace.candidates))
    assert all(-1 <= each.scores["late_interaction"] <= 1 for each in compared)


def test_the_order_is_that_of_both_scores_and_hits_show_them(late_home):
    with open_service(late_home) as service:
        found = service.pipeline.search(request())
        plain = service.pipeline.search(request(PLAIN))
    assert all("late_interaction" in hit.scores for hit in found.hits)
    assert not any("late_interaction" in each.scores for each in plain.trace.candidates)
    order, before = ([each.chunk_id for each in each_found.trace.candidates] for each_found in (found, plain))
    assert sorted(order[:50]) == sorted(before[:50])
    assert order[:50] != before[:50]
    assert order[50:] == before[50:]
    scores = [each.score for each in found.trace.candidates]
    assert scores == sorted(scores, reverse=True)


def test_a_rebuild_embeds_nothing_and_finds_the_same(late_home):
    with open_service(late_home) as service:
        before = service.pipeline.search(request())
    with indexing(late_home) as index:
        assert index.rebuild().embedded == 0
        assert index.verify().ok
    with open_service(late_home) as service:
        after = service.pipeline.search(request())
    assert [(hit.chunk.id, hit.scores) for hit in after.hits] == [(hit.chunk.id, hit.scores) for hit in before.hits]


def test_a_new_text_is_embedded_once_for_generations_with_and_without_token_vectors(settings, tmp_path: Path):
    folder = write(tmp_path / "docs", {"leave.txt": "Leave is thirty days a year."})
    with indexing(settings) as index:
        assert index.build(SourceRequest((folder,)), WITHOUT).embedded == 1
        assert index.build(SourceRequest(), LATE).embedded == 1
        write(folder, {"parking.txt": "Parking on level 2 costs nothing."})
        assert index.build(SourceRequest(), LATE).embedded == 1
    with open_service(settings) as service:
        found = service.pipeline.search(Request("test", "parking", Caller(frozenset({"public"})), bundle=LATE.digest))
    assert {hit.document.uri.rsplit("/", 1)[-1] for hit in found.hits} == {"leave.txt", "parking.txt"}


def test_late_interaction_without_token_vectors_is_a_usage_error(late_home, tmp_path: Path):
    file = tmp_path / "late.yaml"
    file.write_text("query: {rerank: late_interaction}\n")
    done = plumbline(late_home.home, "release", "set", str(file))
    assert done.returncode == 2
    assert "index.token_vectors: true" in " ".join(done.stderr.split())
