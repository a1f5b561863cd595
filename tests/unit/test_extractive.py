"""Answers quoted from the hits: the best first, short, nothing twice, and how likely they answer."""

import datetime
import threading

import pytest

from rag.answering.extractive import SentenceCache, draft_extractive
from rag.answering.reading import MAX_SENTENCES, read
from rag.answers import Found, Trace
from rag.config import AnswerConfig, Bundle
from rag.types import Caller, Chunk, DocumentInfo, Hit, Request

LEAVE = (
    "# Leave\n\nFull-time employees receive 27 days of paid annual leave per year. Public holidays come "
    "in addition.\n\n"
    "## Carrying over\n\nUp to 5 days may be carried over into the next year. They expire on 31 March.\n"
)
LIFT = "The lift is serviced each spring. The company that services it is Berg and Sons.\n\nParking is free on level 2."
TABLE = "| Occasion | Paid days |\n|---|---|\n| Own wedding | 2 |\n| Moving house | 1 |\n"


def hit(name, text, *, start=0, context="", date=None):
    info = DocumentInfo(name, "v", f"h/{name}.md", name.title(), "policy", "h", "en", date)
    return Hit(Chunk(f"c-{name}-{start}", name, start, start + len(text), text, context), info, 1.0)


@pytest.fixture
def answer(embedder):
    def draft(question, *hits, cache=None, **config):
        found = Found(
            Request("r", question, Caller(frozenset())),
            embedder.encode([question])[0],
            hits,
            1,
            Bundle(),
            (),
            Trace(question),
        )
        return draft_extractive(found, embedder, cache or SentenceCache(), AnswerConfig(**config))

    return draft


def test_the_sentence_that_answers_comes_first(answer):
    draft = answer("How many days of annual leave do employees get?", hit("lift", LIFT), hit("leave", LEAVE))
    assert draft.sentences[0].text == "Full-time employees receive 27 days of paid annual leave per year."


def test_a_sentence_is_a_slice_of_its_document(answer):
    draft = answer("When do days expire that are carried over?", hit("leave", LEAVE, start=300))
    for sentence in draft.sentences:
        (quote,) = sentence.quotes
        assert LEAVE[quote.start - 300 : quote.end - 300] == quote.text == sentence.text


def test_a_pronoun_is_read_with_the_sentence_before(answer):
    draft = answer("When do carried over days expire?", hit("leave", LEAVE))
    assert draft.sentences[0].text == "They expire on 31 March."


def test_a_question_that_is_not_answered_has_a_low_answerability(answer):
    hits = hit("leave", LEAVE), hit("lift", LIFT)
    assert answer("How many days of annual leave do employees get?", *hits).answerability > 0.7
    assert answer("Who won the football world cup in 1954?", *hits).answerability < 0.1
    assert answer("What is the dress code?", *hits).answerability < 0.5


def test_no_more_sentences_than_asked_for(answer):
    for limit in (1, 2, 3):
        assert 1 <= len(answer("leave days", hit("leave", LEAVE), max_sentences=limit).sentences) <= limit


def test_what_is_far_from_the_question_is_left_out(answer):
    quoted = [each.text for each in answer("Who services the lift?", hit("lift", LIFT), hit("leave", LEAVE)).sentences]
    assert not any("Parking" in text or "leave" in text for text in quoted)


def test_headings_questions_and_rulers_are_never_quoted(answer):
    faq = "How long is a quotation valid?\n\nQuotations are valid for 45 days.\n\n---\n\n## Quotation\n\nAsk sales."
    draft = answer("How long is a quotation valid?", hit("faq", faq), hit("days", TABLE))
    assert draft.sentences[0].text == "Quotations are valid for 45 days."
    assert not any(each.text.startswith(("#", "-", "How")) for each in draft.sentences)


def test_a_table_row_is_read_with_its_header_and_quoted_whole(answer):
    draft = answer("How many paid days for moving house?", hit("days", TABLE))
    assert draft.sentences[0].text == "| Moving house | 1 |"
    assert all("Occasion" not in each.text for each in draft.sentences)


def test_nothing_is_said_twice(answer):
    copies = hit("leave", LEAVE), hit("copy", LEAVE)
    texts = [each.text for each in answer("How many days of annual leave do employees get?", *copies).sentences]
    assert len(texts) == len(set(texts))


def test_after_the_best_the_others_stand_in_reading_order(answer):
    draft = answer("annual leave days carried over expire", hit("leave", LEAVE), max_sentences=10)
    places = [each.quotes[0].start for each in draft.sentences[1:]]
    assert places == sorted(places)


def test_the_context_line_counts_but_is_not_quoted(answer):
    text = "It is 2,480 euro. Delivery takes 15 days."
    priced = hit("a", text, context="Price list > HV-400 probe")
    draft = answer("What is the price of the HV-400 probe?", priced, hit("lift", LIFT))
    assert draft.sentences[0].text == "It is 2,480 euro."


def test_the_newer_version_is_quoted_and_the_older_is_not(answer):
    old = hit("travel-2024", "The hotel limit is 140 euro per night.", date=datetime.date(2024, 1, 1))
    new = hit("travel-2026", "The hotel limit is 165 euro per night.", date=datetime.date(2026, 1, 1))
    draft = answer("What is the hotel limit per night?", old, new)
    assert [each.text for each in draft.sentences] == ["The hotel limit is 165 euro per night."]
    assert {each.text: each.fate for each in draft.considered}[old.chunk.text] == "a newer version says otherwise"


def test_every_sentence_that_was_read_is_traced(answer):
    draft = answer("How many days of annual leave do employees get?", hit("leave", LEAVE))
    quoted = {each.text for each in draft.sentences}
    assert {each.text for each in draft.considered if each.fate == "quoted"} == quoted
    assert all(each.fate for each in draft.considered)


@pytest.mark.parametrize("text", ["# Only a heading", "---", "?"])
def test_hits_without_a_sentence_give_no_answer(answer, text):
    draft = answer("What is there?", hit("a", text))
    assert (draft.sentences, draft.answerability) == ((), 0.0)


@pytest.mark.parametrize("question", ["the", "?!", "🦑", "年次有給休暇"])
def test_odd_questions_are_borne(answer, question):
    assert 0 <= answer(question, hit("leave", LEAVE)).answerability <= 1


def test_a_huge_chunk_is_read_in_part():
    assert len(read([hit("a", "One more sentence here. " * 5000)])) == MAX_SENTENCES


def test_a_sentence_is_encoded_once(answer, embedder):
    cache = SentenceCache()
    first = answer("Who services the lift?", hit("lift", LIFT), cache=cache)
    size = cache.size_bytes
    assert size > 0
    assert answer("Who services the lift?", hit("lift", LIFT), cache=cache) == first
    assert cache.size_bytes == size


def test_the_cache_stays_within_its_limit(embedder):
    cache = SentenceCache(100_000)
    for number in range(30):
        cache.encode([f"Sentence number {number} of a long list of sentences."], embedder)
        assert cache.size_bytes <= 100_000
    assert cache.size_bytes > 50_000


def test_threads_share_a_cache(embedder):
    cache = SentenceCache(200_000)
    texts = [f"This is sentence {number}." for number in range(20)]
    alone = [each.vectors for each in SentenceCache().encode(texts, embedder)]
    failures = []

    def work():
        for _ in range(5):
            for ours, theirs in zip(cache.encode(texts, embedder), alone, strict=True):
                if abs(ours.vectors.astype(float) - theirs.astype(float)).max() > 0.01:
                    failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
