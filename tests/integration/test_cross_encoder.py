"""A cross-encoder as the bundle's reranker: on the path that serves and in experiments, named by its weights."""

import json

import pytest

from rag.bootstrap import open_service
from rag.config import Bundle, QueryConfig
from rag.errors import ModelUnavailableError
from rag.reranking import CROSS_COMPARED
from rag.types import ALL_ROLES, Caller, Request
from tests.conftest import plumbline, write
from tests.tiny_models import write_cross_encoder

QUESTION = "How many days of annual leave do employees get?"


def request(bundle):
    return Request("test", QUESTION, Caller(frozenset({ALL_ROLES})), bundle=bundle, limit=40)


def test_without_the_model_the_error_names_it(service):
    bundle = Bundle(query=QueryConfig(rerank="/no/such/model"))
    with pytest.raises(ModelUnavailableError, match=r"plumbline\[models\]|/no/such/model"):
        service.pipeline.search(request(bundle))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("sentence_transformers", reason="the extra `models` is not installed")
    return write_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


def test_the_best_are_in_the_models_order_and_the_rest_follow_in_theirs(service, folder):
    fused = service.pipeline.search(request(Bundle(query=QueryConfig(rerank="none")))).hits
    bundle = Bundle(query=QueryConfig(rerank=str(folder)))
    found = service.pipeline.search(request(bundle))
    reranker = service.backends.reranker_named(str(folder))
    scores = reranker.scores(QUESTION, [hit.chunk.indexed_text for hit in fused[:CROSS_COMPARED]])
    expected = dict(zip([hit.chunk.id for hit in fused[:CROSS_COMPARED]], scores, strict=True))
    read = found.hits[:CROSS_COMPARED]
    assert {hit.chunk.id for hit in read} == set(expected)
    assert [hit.score for hit in read] == sorted([hit.score for hit in read], reverse=True)
    assert {hit.chunk.id: hit.score for hit in read} == pytest.approx(expected, abs=1e-5)
    assert all(hit.scores["cross_encoder"] == hit.score for hit in read)
    rest = [hit.chunk.id for hit in found.hits[CROSS_COMPARED:]]
    assert rest == [hit.chunk.id for hit in fused[CROSS_COMPARED:]]
    assert all(hit.score <= 0 for hit in found.hits[CROSS_COMPARED:])


def test_an_answer_is_made_from_what_the_model_put_first(indexed_home, folder):
    bundle = Bundle(query=QueryConfig(rerank=str(folder)))
    with open_service(indexed_home) as service:
        answered = service.pipeline.answer(Request("test", QUESTION, Caller(frozenset({ALL_ROLES})), bundle=bundle))
    assert answered.answer.bundle == bundle.digest
    assert "rerank" in answered.trace.timings_ms


def test_an_experiment_reads_each_pair_once_and_records_the_model(settings, folder, tmp_path):
    text = "Leave is thirty days. A bicycle costs 35 euro."
    asked = [("q1", "How long is leave?", 0, 21), ("q2", "What does a bicycle cost?", 22, 46)]
    lines = [
        {"id": id_, "question": question, "answerable": True, "answers": [], "tags": []}
        | {"references": [{"doc": "corpus/a.txt", "start": start, "end": end, "text": text[start:end]}]}
        for id_, question, start, end in asked
    ]
    files = {"corpus/a.txt": text, "questions.jsonl": "\n".join(map(json.dumps, lines))}
    files["bundle.yaml"] = f"query: {{rerank: {folder}}}\n"
    place = write(tmp_path / "set", files)
    arguments = ("eval", "run", str(place), "--bundle", str(place / "bundle.yaml"), "--retrieval-only", "--json")
    runs = [plumbline(settings.home, *arguments, timeout=140) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    first, again = (json.loads(run.stdout) for run in runs)
    assert first["stages"]["rerank"]["computed"] == 2
    assert again["stages"]["rerank"]["computed"] == 0
    assert first["metrics"]["recall@5"] == again["metrics"]["recall@5"]
    assert first["reranker"] == again["reranker"] != ""
