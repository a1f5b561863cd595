"""The answer as a record: answered, answered in part, or not answered, with a reason that a person can act on."""

from collections.abc import Sequence
from dataclasses import replace

from rag.answering.generative import Written
from rag.answers import (
    Answer,
    Answered,
    Cited,
    Draft,
    Found,
    Grounded,
    Notice,
    Reason,
    ReasonCode,
    Status,
    TracedSentence,
    Usage,
)
from rag.tracing import with_sentences

REASONS: dict[ReasonCode, str] = {
    "unclear_question": "The question has no word or number to search for. Ask in a sentence or a few words.",
    "nothing_found": "No document that you may read has anything on this. Ask in other words, or leave out a filter.",
    "not_answered": "The documents that you may read touch on this but do not seem to answer it. "
    "Ask more precisely, name the document or product meant, or ask whoever owns the subject to add it.",
    "not_supported": "What was found does not support an answer word for word. Open the sources, or ask more narrowly.",
}


def abstained(
    found: Found, code: ReasonCode, draft: Draft | None = None, grounded: Sequence[Grounded] = ()
) -> Answered:
    """Return an answer without text or citations, and why."""
    answer = _answer(found, "abstained", draft, reason=Reason(code, REASONS[code]))
    return Answered(answer, with_sentences(found.trace, draft, grounded) if draft else found.trace)


def written_draft(found: Found, written: Written, grounded: Sequence[Grounded], quotes: Draft, model: str) -> Draft:
    """Return what a model wrote as a draft; whether there is an answer at all, the quotes tell."""
    return Draft(
        sentences=tuple(each.sentence for each in grounded),
        answerability=quotes.answerability,
        considered=tuple(_traced(each, found) for each in grounded),
        answered_by=model,
        usage=written.usage,
    )


def written_answer(
    found: Found, written: Written, draft: Draft, grounded: Sequence[Grounded], cited: Cited
) -> Answered:
    """Return what of a model's words passed; with a notice, and in part, where it did not end as it should."""
    if written.fate == "whole":
        return answered(found, draft, grounded, cited)
    said = f"{written.detail} What it had written until then is shown as far as the documents support it."
    reply = answered(_degraded(found, said) if written.detail else found, draft, grounded, cited)
    return replace(reply, answer=replace(reply.answer, status="partial"))


def in_place_of(found: Found, written: Written) -> Found:
    """Return what was found with the notice that a model's words are not shown, and why."""
    said = written.detail or "The documents do not support what the language model wrote."
    return _degraded(found, f"{said} This answer quotes the documents instead.")


def _degraded(found: Found, detail: str) -> Found:
    return replace(found, notices=(*found.notices, Notice("degraded", detail)))


def _traced(grounded: Grounded, found: Found) -> TracedSentence:
    sentence = grounded.sentence
    if not sentence.quotes:
        return TracedSentence(sentence.text, "", 0, 0, 0.0, None, "names no source that carries it")
    quote = sentence.quotes[0]
    chunk_id = found.hits[quote.hit].chunk.id
    return TracedSentence(sentence.text, chunk_id, quote.start, quote.end, 0.0, grounded.score, "cited")


def answered(found: Found, draft: Draft, grounded: Sequence[Grounded], cited: Cited) -> Answered:
    """Return the cited sentences as the answer; sentences without support are left out of it."""
    status: Status = "answered" if all(each.supported for each in grounded) else "partial"
    return Answered(_answer(found, status, draft, cited=cited), with_sentences(found.trace, draft, grounded))


def _answer(
    found: Found, status: Status, draft: Draft | None, *, reason: Reason | None = None, cited: Cited | None = None
) -> Answer:
    return Answer(
        id=found.request.id,
        status=status,
        text=cited.text if cited else "",
        reason=reason,
        answerability=round(draft.answerability, 4) if draft else 0.0,
        notices=found.notices + (cited.notices if cited else ()),
        sentences=cited.sentences if cited else (),
        citations=cited.citations if cited else (),
        answered_by=draft.answered_by if draft else found.bundle.answer.answerer,
        revision=found.revision,
        generation=found.bundle.index.digest,
        bundle=found.bundle.digest,
        timings_ms=found.trace.timings_ms,
        usage=draft.usage if draft else Usage(),
    )
