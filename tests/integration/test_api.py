"""The HTTP API over the example handbook, as a client meets it."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from html import unescape

import httpx
import orjson
import pytest

from rag.api.app import create_app
from rag.api.openapi import text_of
from rag.bootstrap import Service
from rag.database.records import Record, recent
from rag.settings import ApiSettings, Settings
from tests.conftest import REPOSITORY, build, write
from tests.integration.serving import served, wait_until_ready

QUESTION = "How many weeks of parental leave do birth parents receive?"
SALARY = "What is the maximum salary of band B5?"
ANSWER_FIELDS = {
    "id": str,
    "status": str,
    "text": str,
    "reason": type(None),
    "answerability": float,
    "notices": list,
    "sentences": list,
    "citations": list,
    "answered_by": str,
    "revision": int,
    "generation": str,
    "bundle": str,
    "timings_ms": dict,
    "usage": dict,
}
CITATION_FIELDS = {
    *("marker", "document_id", "version", "chunk_id", "title", "uri", "page"),
    *("heading_path", "start", "end", "quote"),
}
HIT_FIELDS = {
    *("chunk_id", "document_id", "version", "uri", "title", "page", "heading_path", "start", "end", "text"),
    *("context", "score", "scores"),
}


@pytest.fixture(scope="module")
def api(indexed_home: Settings) -> Iterator[httpx.Client]:
    with served(create_app(indexed_home)) as client:
        yield client


@pytest.fixture(scope="module")
def hr_api(indexed_home: Settings) -> Iterator[httpx.Client]:
    with served(create_app(indexed_home.model_copy(update={"api": ApiSettings(roles=("public", "hr"))}))) as client:
        yield client


def ask(api: httpx.Client, question: str = QUESTION, **fields: object) -> dict:
    reply = api.post("/v1/answers", json={"question": question, **fields})
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


def search(api: httpx.Client, question: str = QUESTION, **fields: object) -> dict:
    reply = api.post("/v1/search", json={"question": question, **fields})
    assert reply.status_code == httpx.codes.OK, reply.text
    return reply.json()


def logged(service: Service, record_id: str) -> Record:
    for _ in range(60):
        for record in recent(service.backends.records, 20):
            if record.id == record_id:
                return record
        time.sleep(0.05)
    raise AssertionError("the record did not reach the log")


def test_an_answer_has_the_fields_of_the_contract(api):
    answer = ask(api)
    assert {name: type(value) for name, value in answer.items()} == ANSWER_FIELDS
    assert answer["status"] in {"answered", "partial"}
    assert "26 weeks" in answer["text"]
    assert "[1]" in answer["text"]
    assert [each["marker"] for each in answer["citations"]] == list(range(1, len(answer["citations"]) + 1))
    assert set(answer["citations"][0]) == CITATION_FIELDS
    assert {"supported", "score", "citations", "text"} == set(answer["sentences"][0])
    assert {"retrieve", "total"} <= set(answer["timings_ms"])
    assert answer["usage"] == {"input_tokens": 0, "output_tokens": 0, "cost_usd": "0", "estimated": False}


def test_every_quote_stands_word_for_word_in_the_document_it_names(api):
    for citation in ask(api)["citations"]:
        document = api.get(f"/v1/documents/{citation['document_id']}", params={"version": citation["version"]}).json()
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert document["version"] == citation["version"]
        assert citation["chunk_id"] in {chunk["id"] for chunk in document["chunks"]}


def test_a_question_without_an_answer_gets_a_reason_and_no_citation(api):
    answer = ask(api, "Which planet did the Voyager probe visit in 1989?")
    assert answer["status"] == "abstained"
    assert answer["text"] == ""
    assert answer["citations"] == []
    assert answer["reason"]["code"] in {"nothing_found", "not_answered", "not_supported"}
    assert answer["reason"]["detail"]


def test_answers_are_not_stored_by_anyone_on_the_way(api):
    reply = api.post("/v1/answers", json={"question": QUESTION})
    assert reply.headers["cache-control"] == "no-store"


def test_a_search_gives_hits_best_first_with_the_fields_of_the_contract(api):
    found = search(api, limit=7)
    assert {"hits", "revision", "generation", "bundle", "timings_ms"} <= set(found)
    assert len(found["hits"]) == 7
    assert set(found["hits"][0]) == HIT_FIELDS
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert {"dense", "lexical", "late_interaction"} >= set(found["hits"][0]["scores"])
    assert len(search(api)["hits"]) == 10


def test_a_filter_narrows_what_is_found(api):
    uris = {hit["uri"] for hit in search(api, where={"type": "runbook"}, limit=50)["hits"]}
    assert uris
    assert all("operations/" in uri for uri in uris)
    either = {hit["uri"] for hit in search(api, where={"type": ["runbook", "faq"]}, limit=100)["hits"]}
    assert uris < either
    assert search(api, where={"source": "elsewhere"})["hits"] == []
    assert search(api, where={"after": "2100-01-01"})["hits"] == []


def test_a_caller_finds_nothing_outside_the_roles_of_the_settings(api, hr_api):
    hidden = [hit for hit in search(hr_api, SALARY, limit=100)["hits"] if "/hr/" in hit["uri"]]
    assert hidden
    assert not [hit for hit in search(api, SALARY, limit=100)["hits"] if "/hr/" in hit["uri"]]
    assert "67,400" not in str(ask(api, SALARY))


@pytest.mark.parametrize("headers", [{"X-Roles": "hr"}, {"Authorization": "Bearer hr"}, {"X-Plumbline-Roles": "hr"}])
def test_a_header_gives_no_roles(api, headers):
    reply = api.post("/v1/search", json={"question": SALARY, "limit": 100}, headers=headers)
    assert not [hit for hit in reply.json()["hits"] if "/hr/" in hit["uri"]]


def test_a_body_gives_no_roles(api):
    for fields in ({"roles": ["hr"]}, {"where": {"roles": "hr"}}, {"caller": {"roles": ["hr"]}}):
        assert api.post("/v1/search", json={"question": SALARY, **fields}).status_code == 422


@pytest.mark.parametrize("address", ["/v1/documents/{}", "/v1/documents/{}/view"])
def test_a_document_that_may_not_be_read_looks_like_one_that_does_not_exist(api, hr_api, address):
    hit = next(hit for hit in search(hr_api, SALARY, limit=100)["hits"] if "/hr/" in hit["uri"])
    assert hr_api.get(address.format(hit["document_id"])).status_code == httpx.codes.OK
    secret, none = (api.get(address.format(name)) for name in (hit["document_id"], "0" * len(hit["document_id"])))
    assert (secret.status_code, none.status_code) == (404, 404)
    differing = {"request_id", "instance"}
    assert {name: value for name, value in secret.json().items() if name not in differing} == {
        name: value for name, value in none.json().items() if name not in differing
    }


def test_chunks_of_a_document_are_slices_of_its_text(api):
    hit = search(api)["hits"][0]
    document = api.get(f"/v1/documents/{hit['document_id']}").json()
    assert set(document) == {"id", "version", "uri", "title", "type", "text", "chunks"}
    assert all(chunk["text"] == document["text"][chunk["start"] : chunk["end"]] for chunk in document["chunks"])
    assert hit["chunk_id"] in {chunk["id"] for chunk in document["chunks"]}


def test_the_page_of_a_document_marks_the_quote_and_may_load_nothing(api):
    citation = ask(api)["citations"][0]
    span = {name: citation[name] for name in ("version", "start", "end")}
    page = api.get(f"/v1/documents/{citation['document_id']}/view", params=span)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    marked = "".join(re.findall(r"<mark[^>]*>(.*?)</mark>", page.text, flags=re.DOTALL))
    assert unescape(marked).split() == citation["quote"].split()


def test_a_bundle_that_is_not_whole_is_a_conflict(api):
    reply = api.post("/v1/answers", json={"question": QUESTION, "bundle": "0123456789ab"})
    assert (reply.status_code, reply.json()["code"]) == (409, "not_ready")
    serving = ask(api)["bundle"]
    assert ask(api, bundle=serving)["bundle"] == serving


def test_a_request_id_is_taken_over_where_it_is_one_and_made_where_not(api):
    assert api.get("/healthz", headers={"X-Request-ID": "trace-17"}).headers["x-request-id"] == "trace-17"
    for bad in ("with blank", "x" * 129, ""):
        given = api.get("/healthz", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{32}", given)


def test_metrics_show_stages_outcomes_and_the_index(api):
    ask(api)
    ask(api, "Which planet did the Voyager probe visit in 1989?")
    page = api.get("/metrics").text
    values = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert float(values['plumbline_stage_duration_seconds_count{stage="retrieve"}']) >= 2
    assert float(values['plumbline_answers_total{outcome="abstained"}']) >= 1
    assert float(values['plumbline_index_documents{state="indexed"}']) >= 10
    assert float(values["plumbline_index_chunks"]) > 50
    assert float(values["plumbline_index_size_bytes"]) > 50_000
    assert 0 < float(values["plumbline_index_age_seconds"]) < 3600
    assert 0 < float(values['plumbline_index_lag_seconds{source="handbook"}']) < 3600
    assert QUESTION not in page
    if promtool := shutil.which("promtool"):
        subprocess.run([promtool, "check", "metrics"], input=page, text=True, check=True)


def test_an_answer_reaches_the_log_with_its_trace_and_the_versions_it_shows(api, service):
    answer = ask(api)
    record = logged(service, answer["id"])
    assert (record.question, record.kind, record.roles, record.feature) == (QUESTION, "answers", ("public",), "api")
    assert record.answer is not None
    assert record.trace is not None
    assert orjson.loads(record.answer)["text"] == answer["text"]
    assert orjson.loads(record.trace)["candidates"]
    assert record.bundle == answer["bundle"]


def test_a_search_reaches_the_log(indexed_home, service):
    with served(create_app(indexed_home, service)) as client:
        search(client, "Where is the runbook for Tideline?")
    newest = recent(service.backends.records, 1)[0]
    assert (newest.kind, newest.question, newest.answer) == ("search", "Where is the runbook for Tideline?", None)


def test_it_lives_before_it_is_ready_and_finds_an_index_that_is_built_later(settings, tmp_path):
    with served(create_app(settings), ready=False) as client:
        reply = client.get("/readyz")
        assert reply.status_code == 503
        assert reply.json()["checks"]["service"] != "ok"
        assert client.post("/v1/answers", json={"question": QUESTION}).json()["code"] in {"no_index", "unavailable"}
        assert not settings.home.joinpath("records.db").exists()
        build(settings, write(tmp_path / "docs", {"tea.md": "# Tea\n\nTea is served at four o'clock."}))
        wait_until_ready(client)
        assert set(client.get("/readyz").json()["checks"].values()) == {"ok"}
        assert "four" in ask(client, "When is tea served?")["text"]


def test_the_committed_description_is_current(indexed_home):
    committed = (REPOSITORY / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert committed == text_of(create_app(indexed_home)), "run: python -m rag.api.openapi > docs/openapi.json"


def test_a_grounding_check_names_what_no_source_contains(api):
    body = {
        "id": "a1",
        "question": "How long is parental leave?",
        "sources": ["Birth parents receive 26 weeks of parental leave."],
        "answer": "Birth parents receive 26 weeks of parental leave. Partners receive 99 weeks in Lisbon.",
    }
    reply = api.post("/v1/checks/grounding", json=body).json()
    assert (reply["id"], reply["supported"]) == ("a1", False)
    first, second = reply["sentences"]
    assert first["supported"]
    assert body["sources"][first["source"]][first["source_start"] : first["source_end"]]
    assert not second["supported"]
    assert any("99" in each for each in second["missing"])
    assert (first["quoted"], second["quoted"]) == (True, False)


def test_a_threshold_of_a_grounding_check_changes_what_counts_as_supported(api):
    body = {"sources": ["Birth parents receive 26 weeks of leave."], "answer": "The leave of birth parents is long."}
    low, high = (api.post("/v1/checks/grounding", json=body | {"threshold": each}).json() for each in (0, 1))
    assert (low["supported"], high["supported"]) == (True, False)
    assert low["score"] == high["score"]
    assert api.post("/v1/checks/grounding", json=body | {"threshold": 1.5}).status_code == 422
