"""The first sentence of a generative answer, to a client over a socket: `python -m benchmarks.streaming`.

The model is the tests' provider: 200 ms to its first token, then 50 tokens a second, a word and its blank to a token.
What counts is the client's first sentence less the model's own: from the model's first full line, less the time until
it was asked. Two passes over the questions: first no sentence of the documents is known, then all are.
"""

import argparse
import tempfile
import time
from pathlib import Path

import httpx
import orjson

from benchmarks import timing
from benchmarks.timing import Figure
from indexing.build import SourceRequest
from indexing.commands import workshop
from indexing.indexer import Indexer
from rag.api.app import create_app
from rag.config import AnswerConfig, Bundle
from rag.settings import Settings
from tests.fake_provider import NAME, Call, FakeProvider, Reply, fake_provider
from tests.integration.serving import served

HANDBOOK = Path(__file__).parent.parent / "examples" / "handbook.yaml"
QUESTIONS = Path(__file__).with_name("handbook_questions.jsonl")
TARGET_MS = 50
EVENTS = {"Accept": "text/event-stream"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--questions", type=int, default=30)
    options.add_argument("--json", action="store_true", help="print one JSON document")
    given = options.parse_args()
    with fake_provider() as provider, tempfile.TemporaryDirectory() as work:
        settings = Settings.load(home=Path(work) / "home", model={"url": provider.url, "name": NAME})
        _index(settings)
        provider.script = _quoting
        with served(create_app(settings)) as client:
            first, second = (_pass(client, provider, _questions(given.questions)) for _ in range(2))
    figures = [*_figures("nothing known yet", first), *_figures("sentences known", second)]
    timing.show(figures, as_json=given.json)


def _index(settings: Settings) -> None:
    with workshop(settings, create=True) as shop:
        index = Indexer(shop)
        index.build(SourceRequest((), (), HANDBOOK))
        index.release(Bundle(answer=AnswerConfig(answerer="generative")))


def _questions(limit: int) -> list[str]:
    lines = [orjson.loads(line) for line in QUESTIONS.read_bytes().splitlines()]
    return [line["question"] for line in lines if line.get("answerable", True)][:limit]


def _quoting(call: Call) -> Reply:
    """Return a reply that quotes the longest line of the first source."""
    source = call.prompt.split("Source [1]")[1].split("Source [2]")[0]
    longest = max(source.splitlines()[2:-1], key=len).split(". ")[0].rstrip(".")
    return Reply(f"{longest}. [1]\n{longest}. [1]\n", first_token_s=0.2, tokens_per_s=50)


def _pass(client: httpx.Client, provider: FakeProvider, questions: list[str]) -> list[float]:
    found = [_overhead_ms(client, provider, question) for question in questions]
    return [each for each in found if each is not None]


def _overhead_ms(client: httpx.Client, provider: FakeProvider, question: str) -> float | None:
    """Return the first sentence's delay over the model's own; None where no sentence of the model's was shown."""
    provider.calls.clear()
    started = time.monotonic()
    with client.stream("POST", "/v1/answers", json={"question": question}, headers=EVENTS) as reply:
        at = next((time.monotonic() for line in reply.iter_lines() if line == "event: sentence"), None)
    if at is None or not provider.calls or (line_at := provider.calls[0].first_line_at) is None or at < line_at:
        return None
    return (at - started - (line_at - provider.calls[0].at)) * 1000


def _figures(name: str, times_ms: list[float]) -> list[Figure]:
    return [
        Figure(
            f"first sentence over the model's own, p50, {name} (n={len(times_ms)})",
            timing.p50(times_ms),
            "ms",
            TARGET_MS,
        ),
        Figure(f"the same, p95, {name}", timing.p95(times_ms), "ms"),
    ]


if __name__ == "__main__":
    main()
