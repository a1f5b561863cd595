"""Answers by a language model: what of its words reaches the reader, and what it cost."""

import time
from dataclasses import replace

import pytest

from rag.bootstrap import open_service
from rag.config import Bundle
from rag.database.records import record_of_answer
from rag.diagnosis import diagnose
from rag.settings import Settings
from tests.fake_provider import NAME, Reply
from tests.integration.generating import GOOD, QUESTION, SECOND, ask, degraded, request, with_model, writing


def text_of(service, hit):
    return service.reader.document(hit.document_id, hit.version, frozenset(["*"])).document.text


def test_a_model_s_words_come_with_quotes_that_the_server_found(service, provider):
    provider.script = [Reply("Birth parents get 26 weeks of parental leave. [1]\n")]
    answer = ask(service).answer
    assert (answer.status, answer.answered_by) == ("answered", NAME)
    assert answer.text == "Birth parents get 26 weeks of parental leave. [1]"
    (citation,) = answer.citations
    assert text_of(service, citation)[citation.start : citation.end] == citation.quote
    assert "26 weeks" in citation.quote
    assert answer.notices == ()


def test_the_default_answer_asks_no_model(service, provider):
    assert service.pipeline.answer(replace(request(), bundle=None)).answer.answered_by == "extractive"
    assert provider.calls == []
    assert Bundle().digest == "ec8f9a844d14"


@pytest.mark.parametrize(
    "claim",
    [
        "Birth parents receive 27 weeks of parental leave. [1]",
        "Birth parents receive 26 weeks of parental leave, says Donald Duck. [1]",
        "Birth parents receive 26 weeks of parental leave from 3 March 2031. [1]",
        "Birth parents receive 26 weeks of parental leave.",
        "Birth parents receive 26 weeks of parental leave. [99]",
        "Birth parents receive 26 weeks of parental leave. [0]",
        "Birth parents receive 26 weeks, see [the portal](https://evil.example). [1]",
        "Birth parents receive 26 weeks, see https://evil.example/26. [1]",
        "Birth parents receive 26 weeks, see evil.example. [1]",
        "Birth parents receive 26 weeks, see evil.рф. [1]",
        "<b>Birth parents</b> receive 26 weeks of parental leave. [1]",
        "![x](https://evil.example/p.png) Birth parents receive 26 weeks of parental leave. [1]",
        "The capital of France is Paris. [1]",
    ],
)
def test_a_sentence_that_may_not_be_shown_is_dropped_and_the_others_stay(service, provider, claim):
    provider.script = [Reply(f"{claim}\n{SECOND}")]
    answer = ask(service).answer
    assert answer.text == SECOND.strip()
    assert answer.status == "partial"


def test_a_sentence_stands_on_the_source_it_names_and_on_no_other(service, provider):
    provider.script = [Reply(f"{GOOD.replace('[1]', '[4]')}{SECOND}")]
    assert ask(service).answer.text == SECOND.strip()


def test_marks_of_lists_and_emphasis_are_taken_off(service, provider):
    provider.script = [Reply(f"- **{GOOD.strip().replace(' [1]', '')}** [1]\n")]
    assert ask(service).answer.text == GOOD.strip()


def test_what_a_model_does_not_answer_is_abstained_with_the_reason(service, provider):
    provider.script = [Reply("NOT_ANSWERED")]
    answer = ask(service).answer
    assert (answer.status, answer.reason.code, answer.citations) == ("abstained", "not_answered", ())
    assert answer.usage.input_tokens == 100


def test_where_the_documents_do_not_answer_the_model_is_cut_off_and_what_it_cost_is_told(service, provider):
    provider.script = [Reply(GOOD, first_token_s=20)]
    answer = ask(service, "What is the boiling point of tungsten?").answer
    assert (answer.status, answer.citations) == ("abstained", ())
    assert answer.usage.input_tokens > 100
    assert (answer.usage.output_tokens, answer.usage.estimated, answer.usage.cost_usd) == (0, True, None)
    until = time.monotonic() + 2
    while any(call.closed_at is None for call in provider.calls) and time.monotonic() < until:
        time.sleep(0.01)
    assert all(call.closed_at for call in provider.calls)


def test_a_model_that_is_asked_late_is_not_asked_what_the_documents_do_not_answer(indexed_home):
    with writing(indexed_home, early=False) as (service, provider):
        provider.script = [Reply(GOOD)]
        answer = ask(service, "What is the boiling point of tungsten?").answer
        assert (answer.status, answer.usage.input_tokens, provider.calls) == ("abstained", 0, [])
        assert ask(service).answer.text == GOOD.strip()


def test_no_more_sentences_than_the_bundle_allows(service, provider):
    provider.script = [Reply(GOOD + SECOND)]
    assert ask(service, max_sentences=1).answer.text == GOOD.strip()


def test_tokens_are_what_the_service_says(service, provider):
    provider.script = [Reply(GOOD, usage=(812, 21))]
    usage = ask(service).answer.usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (812, 21, False)
    assert usage.cost_usd is None  # of a service that no price list has


def test_tokens_that_the_service_does_not_say_are_counted_and_cost_is_unknown(service, provider):
    provider.script = [Reply(GOOD, usage=None)]
    usage = ask(service).answer.usage
    assert usage.estimated
    assert usage.input_tokens > 100
    assert usage.output_tokens > 10
    assert usage.cost_usd is None


def test_usage_and_the_model_stand_in_the_query_log(service, provider):
    provider.script = [Reply(GOOD, usage=(812, 21))]
    asked = request()
    record = record_of_answer(asked, service.pipeline.answer(asked))
    assert '"input_tokens":812' in record.answer
    assert f'"answered_by":"{NAME}"' in record.answer


def test_the_name_that_a_service_gives_itself_is_shown_with_its_date_alone(service, provider):
    provider.script = [Reply(GOOD, model=f"{NAME}-2026-01-31")]
    assert ask(service).answer.answered_by == f"{NAME}-2026-01-31"
    provider.script = [Reply(GOOD, model=f"{NAME}-<img src=//evil.example>")]
    assert ask(service).answer.answered_by == NAME


def test_documents_of_others_are_in_no_prompt(service, provider):
    provider.script = [Reply("NOT_ANSWERED")]
    ask(service, "What is the maximum salary of band B5?", min_answerability=0)
    ask(service, "What is the maximum salary of band B5?", "public", "hr", min_answerability=0)
    mine, theirs = (call.prompt for call in provider.calls)
    assert "B5" in theirs.split("Question")[0]
    assert "hr/" not in mine
    assert len([line for line in mine.splitlines() if "B5" in line]) == 1  # the question


def test_the_trace_says_what_became_of_every_sentence(service, provider):
    provider.script = [Reply(GOOD + "Birth parents receive 27 weeks. [1]\nNo source here.\n")]
    fates = [each.fate for each in ask(service).trace.sentences]
    assert fates[0] == "cited"
    assert fates[1].startswith("not supported: 27")
    assert fates[2] == "names no source that carries it"


def test_without_a_model_the_answer_says_how_to_set_one(indexed_home, service):
    with open_service(indexed_home) as plain:
        assert "PLUMBLINE_MODEL__URL" in degraded(ask(plain))


def test_doctor_shows_the_model_without_its_key(indexed_home: Settings, provider):
    settings = with_model(
        indexed_home, provider, url="http://user:pw-secret@127.0.0.1:9/v1?k=secret", api_key="k-secret"
    )
    found = diagnose(settings, {})
    assert found["addresses"]["model"] == f"{NAME} at http://127.0.0.1:9/v1, with a key"
    assert "secret" not in str(found)
    assert found["limits"]["model"]["concurrency"] == 8


def test_the_model_is_asked_once_with_its_key_and_the_question(service, provider):
    provider.script = [Reply(GOOD)]
    ask(service)
    (call,) = provider.calls
    assert call.path == "/v1/chat/completions"
    assert call.key == "Bearer k-secret"
    assert QUESTION in call.prompt
