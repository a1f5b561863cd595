"""What a pipeline relies on, whichever library talks to the model."""

import threading
import time

import pytest

from rag.adapters.openai import OpenAIModel
from rag.errors import CancelledError, ModelTimeoutError, ModelUnavailableError
from rag.ports import Completed, ModelCall, Prompt
from rag.settings import ModelSettings
from tests.fake_provider import NAME, Reply, fake_provider

PROMPT = Prompt("You answer.", "How long?")
GIVEN_UP_WITHIN_S = 10  # of half a second: far more than a busy machine takes, far less than the service does


@pytest.fixture(scope="module")
def provider():
    with fake_provider() as serving:
        yield serving


@pytest.fixture(params=["openai", pytest.param("litellm", marks=pytest.mark.filterwarnings("ignore"))])  # its own
def model(request, provider):
    if request.param == "openai":
        opened = OpenAIModel(ModelSettings(url=provider.url, name=NAME, api_key="k-1"))
    else:
        pytest.importorskip("litellm")
        from rag.adapters.litellm import LiteLLMModel

        opened = LiteLLMModel(ModelSettings(via="litellm", url=provider.url, api_key="k-1"))
    yield opened
    opened.close()


def call(model, **changed):
    name = NAME if isinstance(model, OpenAIModel) else f"openai/{NAME}"
    return ModelCall(**{"model": name, "until": time.monotonic() + 10, "max_tokens": 64, **changed})


def heard(model, provider, *replies, **changed):
    provider.script = list(replies)
    provider.calls.clear()
    return list(model.complete(PROMPT, call(model, **changed)))


def test_text_comes_in_pieces_and_then_how_it_ended(model, provider):
    *pieces, end = heard(model, provider, Reply("It lasts 26 weeks. [1]\n", usage=(11, 7)))
    assert "".join(pieces) == "It lasts 26 weeks. [1]\n"
    assert isinstance(end, Completed)
    assert (end.finish, end.input_tokens, end.output_tokens) == ("whole", 11, 7)


def test_the_service_gets_prompt_key_and_bounds(model, provider):
    heard(model, provider, Reply("Yes."))
    (asked,) = provider.calls
    assert asked.key == "Bearer k-1"
    assert asked.prompt == "You answer.\nHow long?"
    assert (asked.body["max_tokens"], asked.body["temperature"], asked.body["stream"]) == (64, 0, True)


def test_a_first_piece_comes_before_the_last_is_written(model, provider):
    provider.script = [Reply("one two", tokens_per_s=0.01)]  # the second word comes after the time that the call has
    pieces = model.complete(PROMPT, call(model))
    assert next(pieces).strip() == "one"
    pieces.close()


@pytest.mark.parametrize(("finish", "expected"), [("length", "cut"), ("content_filter", "refused"), ("stop", "whole")])
def test_how_it_ended_is_told(model, provider, finish, expected):
    assert heard(model, provider, Reply("It lasts", finish=finish))[-1].finish == expected


def test_a_service_that_answers_with_an_error_is_unavailable(model, provider):
    with pytest.raises(ModelUnavailableError):
        heard(model, provider, Reply(status=401))


def test_a_service_that_is_silent_is_given_up_in_time(model, provider):
    provider.script = [Reply("late", first_token_s=60)]
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        list(model.complete(PROMPT, call(model, until=time.monotonic() + 0.4)))
    assert time.monotonic() - started < GIVEN_UP_WITHIN_S


def test_a_service_that_trickles_is_given_up_in_time_too(model, provider):
    provider.script = [Reply("w " * 1_000, tokens_per_s=20)]
    started = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        list(model.complete(PROMPT, call(model, until=time.monotonic() + 0.6)))
    assert time.monotonic() - started < GIVEN_UP_WITHIN_S


def test_who_has_gone_is_not_written_for(model, provider):
    provider.script = [Reply("late", first_token_s=20)]
    provider.calls.clear()
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with pytest.raises(CancelledError):
        list(model.complete(PROMPT, call(model, cancelled=cancelled)))
    assert closed_soon(provider)


def test_leaving_the_pieces_closes_the_connection(model, provider):
    provider.script = [Reply("w " * 500, tokens_per_s=50)]
    provider.calls.clear()
    pieces = model.complete(PROMPT, call(model))
    next(pieces)
    pieces.close()
    assert closed_soon(provider)


def test_a_model_that_is_pinned_answers_itself_or_not_at_all(model, provider):
    if not isinstance(model, OpenAIModel):
        pytest.skip("litellm tells the name that was asked for, whoever answers")
    with pytest.raises(ModelUnavailableError):
        heard(model, provider, Reply("Yes.", model="cheaper-1"), pinned=True)
    assert heard(model, provider, Reply("Yes."), pinned=True)[0] == "Yes."


def closed_soon(provider):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if provider.calls and provider.calls[0].closed_at:
            return True
        time.sleep(0.01)
    return False
