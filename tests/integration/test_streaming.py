"""Answers as server-sent events over a real socket, slow models, and clients that break off."""

import sqlite3
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import httpx
import orjson
import pytest

from rag.api.app import create_app
from rag.errors import DeadlineError
from tests.conftest import HANDBOOK_SOURCES, build, indexing
from tests.fake_provider import NAME, Reply, fake_provider
from tests.integration.generating import GOOD, QUESTION, SECOND, generative, with_model
from tests.integration.serving import served

EVENTS = {"Accept": "text/event-stream"}


@contextmanager
def generating(settings, **limits):
    """Serve an API whose released bundle answers by a fake provider's model."""
    with fake_provider() as provider, served(create_app(with_model(settings, provider, **limits))) as client:
        yield client, provider


@pytest.fixture(scope="module")
def released(home_at, tmp_path_factory):
    """Settings of a home of its own, with a generative bundle released."""
    settings = home_at(tmp_path_factory.mktemp("generating") / "home")
    build(settings, sources_file=HANDBOOK_SOURCES)
    with indexing(settings) as index:
        index.release(generative())
    return settings


@pytest.fixture(scope="module")
def api(released):
    with generating(released) as made:
        yield made


@pytest.fixture
def client(api):
    api[1].calls.clear()
    return api[0]


@pytest.fixture
def provider(api):
    return api[1]


def events_of(client, question=QUESTION):
    with client.stream("POST", "/v1/answers", json={"question": question}, headers=EVENTS) as reply:
        assert reply.status_code == httpx.codes.OK
        assert reply.headers["content-type"].startswith("text/event-stream")
        return list(parsed(reply))


def parsed(reply: httpx.Response) -> Iterator[tuple[int, str, dict]]:
    fields = {}
    for line in reply.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield int(fields["id"]), fields["event"], orjson.loads(fields["data"])
            fields = {}


def body(client, question=QUESTION):
    return client.post("/v1/answers", json={"question": question}).json()


def stable(answer):
    return {name: value for name, value in answer.items() if name not in {"id", "timings_ms"}}


def test_events_come_in_order_and_the_last_is_the_whole_answer(client, provider):
    provider.script = [Reply(GOOD + SECOND)]
    events = events_of(client)
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    names = [name for _, name, _ in events]
    assert names == ["meta", "progress", "progress", "sentence", "sentence", "usage", "done"]
    done = events[-1][2]
    assert done["answered_by"] == NAME
    assert stable(done) == stable(body(client))
    meta = events[0][2]
    assert (meta["id"], meta["generation"], meta["bundle"]) == (done["id"], done["generation"], done["bundle"])


def test_released_sentences_are_those_of_the_answer_at_their_places(client, provider):
    provider.script = [Reply(GOOD + "Birth parents receive 997 weeks. [1]\n" + SECOND)]
    events = events_of(client)
    done = events[-1][2]
    sentences = [content for _, name, content in events if name == "sentence"]
    assert [{name: each[name] for name in done["sentences"][0]} for each in sentences] == done["sentences"]
    assert [done["text"][each["start"] : each["end"]] for each in sentences] == [each["text"] for each in sentences]
    assert [citation for each in sentences for citation in each["cited"]] == done["citations"]
    assert "997 weeks" not in orjson.dumps(events).decode()


def test_a_sentence_comes_while_the_model_still_writes(client, provider):
    provider.script = [Reply(GOOD + "Partners receive 8 weeks of parental leave " * 3, tokens_per_s=20)]
    with client.stream("POST", "/v1/answers", json={"question": QUESTION}, headers=EVENTS) as reply:
        arrived = {name: time.monotonic() for _, name, _ in parsed(reply)}
    assert arrived["done"] - arrived["sentence"] > 0.5


def test_an_extractive_answer_streams_too(indexed_home):
    with served(create_app(indexed_home)) as client:
        names = [name for _, name, _ in events_of(client)]
    assert names[0] == "meta"
    assert names.count("sentence") >= 1
    assert names[-2:] == ["usage", "done"]


def test_a_question_that_is_rejected_is_a_problem_before_any_event(client):
    reply = client.post("/v1/answers", json={"question": " "}, headers=EVENTS)
    assert reply.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert reply.json()["code"] == "question_rejected"


def test_a_failure_after_the_first_event_is_an_event_of_its_own(client, provider, monkeypatch):
    def fail(*_: object) -> None:
        raise DeadlineError("The deadline passed before the stage 'draft'.")

    monkeypatch.setattr("rag.pipeline.draft_extractive", fail)
    provider.script = [Reply(GOOD, first_token_s=20)]
    *_, (_, name, problem) = events_of(client)
    assert (name, problem["status"]) == ("error", 504)
    assert problem["request_id"]


def test_a_fault_of_ours_after_the_first_event_is_told_too(client, monkeypatch):
    def fail(*_: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("rag.pipeline.draft_extractive", fail)
    seen = []
    sent = client.stream("POST", "/v1/answers", json={"question": QUESTION}, headers=EVENTS)
    with sent as reply, pytest.raises(httpx.RemoteProtocolError):
        seen.extend(parsed(reply))
    _, name, problem = seen[-1]
    assert (name, problem["code"]) == ("error", "internal")
    assert "a bug" not in str(problem)


@pytest.mark.parametrize("headers", [EVENTS, {}], ids=["events", "json"])
def test_a_client_that_breaks_off_ends_the_provider_s_call_within_a_second(client, provider, headers):
    provider.script = [Reply(GOOD, first_token_s=20)]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/v1/answers", json={"question": QUESTION}, headers=headers, timeout=httpx.Timeout(10, read=0.7))
    gone = time.monotonic()
    call = provider.calls[0]
    while call.closed_at is None and time.monotonic() < gone + 1:
        time.sleep(0.01)
    assert call.closed_at is not None


def test_slow_answers_leave_searches_their_speed(released):
    with generating(released, concurrency=4, timeout_s=10) as (client, provider):
        provider.script = [Reply(GOOD), Reply(GOOD, first_token_s=30)]
        body(client)  # what is found has been read then, so that all that follow wait for the model soon
        provider.calls.clear()
        quiet_ms = searching_ms(client)
        with ThreadPoolExecutor(40) as asking:
            waiting = [asking.submit(body, client) for _ in range(40)]
            wait_for(lambda: len(provider.calls) == 4)
            time.sleep(2)  # until the others have come as far
            assert len(provider.calls) == 4
            busy_ms = searching_ms(client)
            assert not any(each.done() for each in waiting)
            answers = [each.result() for each in waiting]
    assert busy_ms < max(3 * quiet_ms, 150)
    assert {each["answered_by"] for each in answers} == {"extractive"}
    assert all(each["notices"][0]["kind"] == "degraded" for each in answers)


def wait_for(reached, within_s=30):
    until = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.02)


def searching_ms(client):
    times = []
    for number in range(20):
        started = time.perf_counter()
        client.post("/v1/search", json={"question": f"notice period {number}"})
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def test_no_transaction_is_open_while_the_model_writes(released, client, provider):
    provider.script = [Reply(GOOD, first_token_s=1.5)]
    with ThreadPoolExecutor(1) as asking:
        answer = asking.submit(body, client)
        time.sleep(0.7)
        assert provider.calls
        with closing(sqlite3.connect(released.home / "truth.db", isolation_level=None)) as truth:
            truth.execute("PRAGMA user_version = 1")
            busy, _, _ = truth.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not answer.done()
        assert busy == 0
        assert answer.result()["answered_by"] == NAME
