"""Bad input over HTTP: a clear 4xx problem document, and the service answers on."""

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings

from rag.api.app import create_app
from rag.api.openapi import openapi_of
from rag.settings import ApiSettings, Settings
from tests.integration.serving import served

JSON = {"Content-Type": "application/json"}
ROUTES = ("/v1/answers", "/v1/search")


@pytest.fixture(scope="module")
def api(indexed_home: Settings) -> Iterator[httpx.Client]:
    with served(create_app(indexed_home)) as client:
        yield client


@pytest.fixture(scope="module")
def wide_api(indexed_home: Settings) -> Iterator[httpx.Client]:
    """Reads bodies of any size, so that what is behind the size limit is met too."""
    with served(create_app(indexed_home.model_copy(update={"api": ApiSettings(max_body_bytes=10**8)}))) as client:
        yield client


def refused(api: httpx.Client, address: str, content: bytes, status: int = 422) -> dict:
    reply = api.post(address, content=content, headers=JSON)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert api.post("/v1/search", json={"question": "leave"}).status_code == httpx.codes.OK
    return reply.json()


@pytest.mark.parametrize("address", ROUTES)
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ('""', "empty"),
        ('"   \\n\\t "', "empty"),
        ('"\\u200b\\u202e"', "empty"),
        ('"a\\u0000b"', "NUL"),
        ('"\\ud800"', "surrogate"),
        ('"x\\udfffy"', "surrogate"),
        (f'"{"long " * 1000}"', "4,999"),
        ("null", "string"),
        ("17", "string"),
        ('["leave"]', "string"),
        ('{"text": "leave"}', "string"),
    ],
)
def test_a_question_that_is_none_is_refused_with_what_is_wrong(api, address, question, said):
    assert said in refused(api, address, f'{{"question": {question}}}'.encode())["detail"]


@pytest.mark.parametrize("address", ROUTES)
@pytest.mark.parametrize("question", ["x" * 1_000_000, " " * 1_000_000], ids=["1 MB", "a million spaces"])
def test_a_huge_question_is_refused_by_its_size_and_behind_that_by_its_length(api, wide_api, address, question):
    content = f'{{"question": "{question}"}}'.encode()
    assert refused(api, address, content, status=413)["code"] == "too_large"
    assert refused(wide_api, address, content)["status"] == 422


def test_a_huge_body_that_does_not_say_its_length_is_refused(api):
    parts = (b" " * 10_000 for _ in range(100))
    reply = api.post("/v1/answers", content=parts, headers=JSON)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("address", ROUTES)
@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b'{"question": "leave", "roles": ["hr"]}', ["body", "roles"]),
        (b'{"question": "leave", "where": {"role": "hr"}}', ["body", "where", "role"]),
        (b'{"question": "leave", "where": []}', ["body", "where"]),
        (b'{"question": "leave", "where": {"type": 5}}', ["body", "where", "type"]),
        (b'{"question": "leave", "where": {"type": []}}', ["body", "where", "type"]),
        (b'{"question": "leave", "where": {"tag": "\\ud800"}}', ["body", "where", "tag", 0]),
        (b'{"question": "leave", "where": {"tag": ["a", "b\\u0000"]}}', ["body", "where", "tag", 1]),
        (b'{"question": "leave", "where": {"after": "yesterday"}}', ["body", "where", "after"]),
        (b'{"question": "leave", "where": {"before": 20260101}}', ["body", "where", "before"]),
        (b'{"question": "leave", "where": {"before": "2026-02-30"}}', ["body", "where", "before"]),
        (b'{"question": "leave", "bundle": "../x"}', ["body", "bundle"]),
        (b'{"question": "leave", "bundle": 5}', ["body", "bundle"]),
        (b"{}", ["body", "question"]),
        (b'"leave"', ["body"]),
        (b"", ["body"]),
        (b"{", ["body", 1]),
    ],
)
def test_a_field_that_is_unknown_or_of_the_wrong_type_is_named(api, address, content, where):
    assert where in [each["loc"] for each in refused(api, address, content)["errors"]]


@pytest.mark.parametrize("limit", [0, 101, -1, 10**30, "5", 5.5, True, None])
def test_a_limit_beyond_1_to_100_is_refused(api, limit):
    reply = api.post("/v1/search", json={"question": "leave", "limit": limit})
    assert (reply.status_code, reply.json()["errors"][0]["loc"]) == (422, ["body", "limit"])


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 60_000, b'{"question": ' + b"9" * 5000 + b"}"])
def test_a_body_that_is_no_json_is_refused(api, content):
    reply = api.post("/v1/answers", content=content, headers=JSON)
    assert reply.status_code in {400, 422}
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["%00", "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A9", "a'--", "x" * 200])
def test_a_document_id_that_is_none_is_not_found(api, name):
    assert api.get(f"/v1/documents/{name}").status_code == 404
    assert api.get(f"/v1/documents/{name}/view").status_code == 404
    assert api.get("/v1/documents/none", params={"version": "\0"}).status_code == 404


@pytest.mark.parametrize(
    "span", ["start=5", "end=5", "start=5&end=5", "start=9&end=5", "start=0&end=99999999", "start=a"]
)
def test_a_span_that_does_not_lie_in_the_text_is_refused(api, span):
    document = api.post("/v1/search", json={"question": "leave"}).json()["hits"][0]["document_id"]
    reply = api.get(f"/v1/documents/{document}/view?{span}")
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")


def test_no_request_that_the_description_allows_or_forbids_breaks_the_service(api, indexed_home):
    schema = schemathesis.openapi.from_dict(openapi_of(create_app(indexed_home)))
    schema.config.update(base_url=str(api.base_url))
    checks = [
        schemathesis.checks.CHECKS.get_one(name)
        for name in (
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_headers_conformance",
            "response_schema_conformance",
        )
    ]
    for result in schema.get_all_operations():
        _try(result.ok(), checks)


def _try(operation, checks) -> None:
    @seed(20261121)
    @hypothesis_settings(
        max_examples=15,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def attempt(case) -> None:
        case.call_and_validate(checks=checks)

    attempt()
