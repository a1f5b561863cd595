"""Where a language model fails, stalls, floods or is not there: the documents are quoted, and it is said."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.answers import Usage
from rag.errors import CancelledError
from tests.fake_provider import NAME, Reply
from tests.integration.generating import GOOD, SECOND, ask, degraded, request, writing

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=400), "answered 400"),
        (Reply(status=500), "answered 500"),
        (Reply("", finish="content_filter"), "refused"),
        (Reply("", refusal="I cannot help with that."), "refused"),
        (Reply("I'm sorry, but I can't help with that."), "do not support"),
        (Reply("Birth parents receive 99 weeks. [1]"), "do not support"),
        (Reply("blah " * 3000), "no readable answer"),
        (Reply("Cats purr loudly. [1]\n" * 4000), "more than it was allowed"),
        (Reply(GOOD, cut_after=0), "broke off"),
        (Reply(raw=b"data: {not json\n\n"), "no answer"),
        (Reply(raw=b'data: {"choices": "none", "model": 7}\n\n'), "in the middle"),
        (Reply(raw=b'data: {"choices": [{"delta": {"content": {"a": 1}}}]}\n\n'), "in the middle"),
        (Reply(raw=b"data: " + b"[" * 100_000 + b"\n\n"), "no answer"),
        (Reply(raw=b"\xff\xfe\x00garbage"), "no answer"),
        (Reply(GOOD, model="cheaper-1"), "Another model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_the_model_fails_the_documents_are_quoted_and_it_is_said(service, provider, reply, said):
    provider.script = [reply]
    answered = ask(service, model=NAME)
    assert said in degraded(answered)
    assert answered.answer.answered_by == "extractive"
    assert "26 weeks" in answered.answer.text
    assert answered.answer.citations


def test_a_service_that_is_not_there_is_told_without_its_address_or_key(indexed_home):
    with writing(indexed_home, url="http://127.0.0.1:9/v1", api_key="k-secret") as (service, _):
        said = degraded(ask(service))
    assert "cannot be reached" in said
    assert "127.0.0.1" not in said
    assert "k-secret" not in said


def test_a_slow_model_is_given_up_within_the_deadline(service, provider):
    provider.script = [Reply(GOOD, first_token_s=30)]
    started = time.monotonic()
    answered = ask(service, seconds=2)
    assert time.monotonic() - started < 2
    assert "in time" in degraded(answered)
    assert answered.answer.answered_by == "extractive"


def test_what_passed_before_a_cut_stays_and_is_told(service, provider):
    provider.script = [Reply(GOOD + SECOND + "Birth parents", ends_clean=False)]
    answered = ask(service)
    assert answered.answer.status == "partial"
    assert answered.answer.text == f"{GOOD.strip()} {SECOND.strip().replace('[1]', '[2]')}"
    assert "in the middle" in degraded(answered)


def test_what_passes_is_tried_again_and_what_does_not_is_not(service, provider):
    provider.script = [Reply(status=500), Reply(status=429, retry_after="0"), Reply(GOOD)]
    assert ask(service).answer.answered_by == NAME
    assert len(provider.calls) == 3
    provider.calls.clear()
    provider.script = [Reply(status=401), Reply(GOOD)]
    assert degraded(ask(service))
    assert len(provider.calls) == 1


def test_a_wait_that_is_longer_than_the_time_left_is_not_begun(service, provider):
    provider.script = [Reply(status=429, retry_after="60"), Reply(GOOD)]
    started = time.monotonic()
    assert "429" in degraded(ask(service, seconds=20))
    assert time.monotonic() - started < 10


def test_a_cut_stream_is_not_asked_for_again(service, provider):
    provider.script = [Reply(GOOD + SECOND, cut_after=18), Reply(GOOD)]
    ask(service)
    assert len(provider.calls) == 1


def test_a_newer_dialect_is_found_out_once(indexed_home):
    def reply(call):
        return Reply(status=400, error_param="max_tokens") if "max_tokens" in call.body else Reply(GOOD)

    with writing(indexed_home) as (service, provider):
        provider.script = reply
        assert ask(service).answer.answered_by == ask(service).answer.answered_by == NAME
        assert ["max_tokens" in call.body for call in provider.calls] == [True, False, False]


def test_two_calls_at_once_both_find_out_the_newer_dialect(indexed_home):
    together = threading.Barrier(2)

    def reply(call):
        if "max_tokens" in call.body:
            together.wait(10)
            return Reply(status=400, error_param="max_tokens")
        return Reply(GOOD)

    with writing(indexed_home) as (service, provider), ThreadPoolExecutor() as pool:
        provider.script = reply
        assert {each.answer.answered_by for each in pool.map(ask, [service, service])} == {NAME}


@pytest.mark.parametrize("param", [["max_tokens"], [], {"a": 1}], ids=str)
def test_an_error_that_names_its_field_as_no_text_is_an_error_like_others(service, provider, param):
    provider.script = [Reply(status=400, error_param=param)]
    assert "answered 400" in degraded(ask(service))


def test_more_statements_than_there_is_time_to_check_leave_time_for_quotes(indexed_home):
    with writing(indexed_home, max_output_tokens=16_384, context_tokens=40_000) as (service, provider):
        provider.script = [Reply(GOOD), Reply("a [1][2][3][4][5].\n" * 8000, piece_chars=200_000)]
        ask(service)  # opens the model
        answered = ask(service, seconds=5)
    assert "in time" in degraded(answered)
    assert answered.answer.citations


def test_nobody_is_asked_for_who_has_gone(service, provider):
    gone = request()
    gone.cancelled.set()
    with pytest.raises(CancelledError):
        service.pipeline.answer(gone)
    assert provider.calls == []


def test_a_call_that_was_turned_down_used_nothing(service, provider):
    provider.script = [Reply(status=401)]
    assert ask(service).answer.usage == Usage()


def test_a_service_sets_no_cookies(service, provider):
    provider.script = [Reply(GOOD, cookie="a=b")]
    ask(service)
    ask(service)
    assert [call.cookie for call in provider.calls] == ["", ""]


def test_a_flood_ends_early_and_takes_no_memory(service, provider):
    before = resident_bytes()
    provider.script = [Reply(flood_bytes=50 * MB)]
    assert degraded(ask(service))
    assert resident_bytes() - before < 30 * MB


def resident_bytes():
    with open("/proc/self/statm") as file:  # noqa: PTH123  # no file of ours
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
