"""Seeded trials with a hostile model over hostile documents: no promise is broken; without our checks each one is.

The suite runs the first 150; PLUMBLINE_HOSTILE_TRIALS=1000 runs as many.
"""

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice

import pytest
import yaml

from rag.answering.statements import Transcript
from rag.answers import Answer, AnswerSentence, Citation, Found
from rag.bootstrap import Service
from rag.events import Passed
from tests.conftest import build
from tests.fake_provider import FakeProvider
from tests.integration.generating import request, writing
from tests.integration.hostile_world import Trial, breaks, prompts_leak, trials, write_world

COUNT = int(os.environ.get("PLUMBLINE_HOSTILE_TRIALS", "150"))


@dataclass
class Outcome:
    broken: list[tuple[int, str]] = field(default_factory=list)
    unchecked: Counter = field(default_factory=Counter)  # of a pipeline without our checks
    answered_by: Counter = field(default_factory=Counter)
    streams_differ: list[int] = field(default_factory=list)
    leaks: int = 0


@pytest.fixture(scope="module")
def outcome(home_at, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "docs").mkdir()
    write_world(folder / "docs", seed=1)
    source = {"name": "docs", "path": "docs", "rules": [{"match": "board/**", "roles": ["board"]}]}
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}))
    settings = home_at(folder / "home")
    build(settings, sources_file=folder / "sources.yaml")
    with writing(settings, max_output_tokens=256) as (service, provider):
        return run(service, provider)


def run(service: Service, provider: FakeProvider) -> Outcome:
    found = Outcome()
    texts: dict[tuple[str, str], str] = {}
    for trial in islice(trials(COUNT), COUNT):
        provider.script = [trial.reply]
        asked = request(trial.question, min_answerability=0)
        *events, last = service.pipeline.stream(asked)
        answer, retrieved = last.answer, {each.chunk_id for each in last.trace.candidates if each.fate == "kept"}
        for each in answer.citations:
            read = service.reader.document(each.document_id, each.version, asked.caller.roles)
            texts[each.document_id, each.version] = read.document.text
        found.broken += [(trial.seed, promise) for promise in breaks(trial, answer, retrieved, texts)]
        passed = tuple(each.sentence for each in events if isinstance(each, Passed))
        found.streams_differ += [trial.seed] if passed != answer.sentences else []
        found.answered_by[answer.answered_by.split("-")[0]] += 1
        naive = believed(service.pipeline.search(asked), trial, answer)
        found.unchecked.update(set(breaks(trial, naive, retrieved, texts)))
    found.leaks = sum(map(prompts_leak, provider.calls))
    return found


def believed(found: Found, trial: Trial, checked: Answer) -> Answer:
    """Return the answer of a pipeline that takes a model at its word: its sentences, its sources, its quotes."""
    sentences, citations = [], {}
    for line in trial.reply.text.splitlines():
        try:
            stated = [*Transcript().add(line + "\n")]
        except ValueError:
            stated = []
        numbers = {number for each in stated for number in each.sources} or {1}
        for number in numbers:
            hit = found.hits[(number - 1) % len(found.hits)]
            place = (hit.document.id, hit.document.version, hit.chunk.id, hit.document.title, hit.document.uri)
            citations[number] = Citation(number, *place, None, (), hit.chunk.start, hit.chunk.end, line)
        sentences.append(AnswerSentence(line, True, 1.0, tuple(numbers)))
    text = " ".join(each.text for each in sentences)
    return replace(
        checked,
        text=text,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        answered_by=trial.reply.model,
    )


def test_no_trial_breaks_a_promise(outcome):
    assert outcome.broken == []


def test_what_was_streamed_is_what_was_answered(outcome):
    assert outcome.streams_differ == []


def test_documents_of_others_reached_no_prompt(outcome):
    assert outcome.leaks == 0


def test_both_ways_of_answering_were_tried(outcome):
    assert min(outcome.answered_by[name] for name in ("fake", "extractive")) > COUNT / 10


def test_without_the_server_s_checks_the_same_trials_break_every_promise(outcome):
    assert all(outcome.unchecked[promise] > COUNT / 4 for promise in ("I2", "I3", "I6"))
