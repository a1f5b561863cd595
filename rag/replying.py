"""The answer as a record: answered, answered in part, or not answered, with a reason that a person can act on."""

from collections.abc import Sequence

from rag.answers import Answer, Answered, Cited, Draft, Found, Grounded, Reason, ReasonCode, Status, Usage
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
        usage=Usage(draft.input_tokens, draft.output_tokens) if draft else Usage(),
    )
