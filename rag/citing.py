"""Supported sentences to the text of an answer, with numbered citations whose quotes are verified word for word."""

import re
from collections.abc import Sequence

from rag.answers import AnswerSentence, Citation, Cited, Grounded, Sentence
from rag.conflicts import conflict_notices
from rag.types import Hit

# What stands at a sentence's edge as the mark of a list, quote, heading or table: part of the quote, not of the answer.
_LEADING_MARKS = re.compile(r"^(?:[-*+•>]\s+|#{1,6}\s+|\|\s*)+")
_TRAILING_MARKS = re.compile(r"\s*\|\s*$")
_LIKE_MARKER = re.compile(r"\[(\d{1,4})\]")
_CELL_EDGE = re.compile(r"\s*\|\s*")


def cite(grounded: Sequence[Grounded], hits: Sequence[Hit]) -> Cited:
    """Return the answer's text with markers from 1 by first use, its sentences, citations and notices of conflict.

    A sentence whose quote does not stand at its place in the hit is left out; one quote is cited once.
    """
    kept = [each for each in grounded if _stands(each.sentence, hits)]
    citations: dict[tuple[str, int, int], Citation] = {}
    sentences = []
    for each in kept:
        place = hits[each.sentence.hit].document.id, each.sentence.start, each.sentence.end
        citation = citations.setdefault(place, _citation(len(citations) + 1, each.sentence, hits))
        shown = shown_text(each.sentence.text)
        sentences.append(AnswerSentence(shown, each.supported, each.score, (citation.marker,)))
    text = " ".join(f"{each.text} {''.join(f'[{marker}]' for marker in each.citations)}" for each in sentences)
    notices = conflict_notices([(each.sentence.text, each.sentence.hit) for each in kept], hits)
    return Cited(text, tuple(sentences), tuple(citations.values()), notices)


def shown_text(quote: str) -> str:
    """Return a quote as a line of plain text: no line breaks, list marks, table borders, or markers but ours."""
    line = _TRAILING_MARKS.sub("", _LEADING_MARKS.sub("", " ".join(quote.split())))
    return _LIKE_MARKER.sub(r"(\1)", _CELL_EDGE.sub(" | ", line))


def _stands(sentence: Sentence, hits: Sequence[Hit]) -> bool:
    if not 0 <= sentence.hit < len(hits):
        return False
    chunk = hits[sentence.hit].chunk
    inside = chunk.start <= sentence.start < sentence.end <= chunk.end
    return inside and chunk.text[sentence.start - chunk.start : sentence.end - chunk.start] == sentence.text


def _citation(marker: int, sentence: Sentence, hits: Sequence[Hit]) -> Citation:
    chunk, document = hits[sentence.hit].chunk, hits[sentence.hit].document
    return Citation(
        marker=marker,
        document_id=document.id,
        version=document.version,
        chunk_id=chunk.id,
        title=document.title,
        uri=document.uri,
        page=chunk.page,
        heading_path=chunk.heading_path,
        start=sentence.start,
        end=sentence.end,
        quote=sentence.text,
    )
