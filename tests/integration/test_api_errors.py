"""Errors over HTTP: all are problem documents, whatever went wrong."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from fastapi import HTTPException

from rag.api.app import create_app
from rag.settings import Settings
from tests.integration.serving import served

QUESTION = "How many weeks of parental leave do birth parents receive?"
NEWER = """
    CREATE TABLE alembic_version_truth (version_num TEXT);
    INSERT INTO alembic_version_truth VALUES ('9999');
"""
PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}


@pytest.fixture(scope="module")
def api(indexed_home: Settings) -> Iterator[httpx.Client]:
    with served(create_app(indexed_home)) as client:
        yield client


@pytest.mark.parametrize(
    ("status", "method", "address", "options"),
    [
        (404, "GET", "/nowhere", {}),
        (404, "GET", "/v1/documents/none", {}),
        (405, "GET", "/v1/answers", {}),
        (409, "POST", "/v1/search", {"json": {"question": "a", "bundle": "none"}}),
        (413, "POST", "/v1/search", {"json": {"question": "a" * 100_000}}),
        (415, "POST", "/v1/search", {"content": b"question=a"}),
        (422, "POST", "/v1/search", {"json": {}}),
        (422, "GET", "/v1/documents/none/view?start=-1", {}),
    ],
)
def test_every_error_is_a_problem_document_with_the_request_id(api, status, method, address, options):
    reply = api.request(method, address, headers={"X-Request-ID": "trace-18"}, **options)
    assert_problem(reply, status)
    assert reply.json()["request_id"] == reply.headers["x-request-id"] == "trace-18"
    assert api.get(reply.json()["type"]).json()["code"] == reply.json()["code"]


def test_a_fault_and_a_refusal_are_problem_documents_without_their_cause(indexed_home, service):
    app = create_app(indexed_home, service)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the secret cause")

    @app.get("/busy")
    def busy() -> None:
        raise HTTPException(429, "Too many questions at once.", headers={"Retry-After": "7"})

    with served(app) as client:
        reply = client.get("/broken", headers={"X-Request-ID": "trace-19"})
        later = client.get("/busy")
    assert_problem(later, 429)
    assert later.headers["retry-after"] == "7"
    assert_problem(reply, 500)
    assert "secret" not in reply.text
    assert reply.headers["x-request-id"] == "trace-19"


def assert_problem(reply: httpx.Response, status: int) -> None:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    problem = reply.json()
    assert set(problem) == PROBLEM_FIELDS
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


@pytest.mark.parametrize(
    ("content", "code"),
    [("this is no database, whatever its name says " * 100, "damaged"), (NEWER, "database_version")],
    ids=["damaged", "newer"],
)
def test_a_database_that_cannot_be_used_is_named_and_the_process_lives(settings, content, code):
    path = settings.home / "truth.db"
    if content is NEWER:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(NEWER)
    else:
        path.write_text(content)
    with served(create_app(settings), ready=False) as client:
        wait_until_told(client, code)
        reply = client.get("/readyz")
        assert reply.status_code == 503
        assert str(path) in reply.json()["checks"]["service"]


def wait_until_told(client: httpx.Client, code: str) -> None:
    for _ in range(200):
        reply = client.post("/v1/answers", json={"question": QUESTION})
        assert_problem(reply, 503)
        if reply.json()["code"] == code:
            return
        time.sleep(0.05)
    raise AssertionError(f"still {reply.json()['code']}")
