"""A handbook of our own, a model's service that does as it is told, and answers written by it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from rag.answers import Answered
from rag.bootstrap import Service, open_service
from rag.config import Bundle
from rag.settings import ModelSettings, Settings
from rag.types import Caller, Request
from tests.fake_provider import NAME, FakeProvider, fake_provider

QUESTION = "How many weeks of parental leave do birth parents receive?"
GOOD = "Birth parents receive 26 weeks of parental leave, of which 18 weeks are at full pay. [1]\n"
SECOND = "Partners receive 8 weeks of parental leave at full pay. [1]\n"


def with_model(settings: Settings, provider: FakeProvider, **limits: object) -> Settings:
    """Return settings that name the provider's model."""
    model = ModelSettings.model_validate({"url": provider.url, "name": NAME, **limits})
    return settings.model_copy(update={"model": model})


def generative(**answer: object) -> Bundle:
    return Bundle.model_validate({"answer": {"answerer": "generative", **answer}})


@contextmanager
def writing(settings: Settings, **limits: object) -> Iterator[tuple[Service, FakeProvider]]:
    """Open a service whose model is a fake provider's."""
    with fake_provider() as provider, open_service(with_model(settings, provider, **limits)) as service:
        yield service, provider


def request(question: str = QUESTION, *roles: str, seconds: float = 20, **answer: object) -> Request:
    caller = Caller(frozenset(roles or ["public"]))
    return Request(uuid4().hex, question, caller, bundle=generative(**answer), deadline=time.monotonic() + seconds)


def ask(service: Service, question: str = QUESTION, *roles: str, **options: object) -> Answered:
    return service.pipeline.answer(request(question, *roles, **options))  # type: ignore[arg-type]  # of request


def degraded(answered: Answered) -> str:
    """Return what the notice says; empty where there is none."""
    return next((each.detail for each in answered.answer.notices if each.kind == "degraded"), "")
