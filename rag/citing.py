"""Supported sentences to the text of an answer, with numbered citations whose quotes are verified word for word."""

from collections.abc import Sequence
from dataclasses import replace

from rag.answers import AnswerSentence, Citation, Cited, Grounded, Quote
from rag.conflicts import conflict_notices
from rag.plain_text import plain_line
from rag.types import Hit


def cite(grounded: Sequence[Grounded], hits: Sequence[Hit]) -> Cited:
    """Return the answer's text with markers from 1 by first use, its sentences, citations and notices of conflict.

    A sentence with a quote that does not stand at its place in the hit is left out; one quote is cited once. All but
    the quotes is plain text: marks of lists and tables, links and tags stay behind.
    """
    kept = [each for each in grounded if _stand(each.sentence.quotes, hits)]
    citations: dict[tuple[str, int, int], Citation] = {}
    sentences = []
    for each in kept:
        markers = tuple(_cited(quote, hits, citations) for quote in each.sentence.quotes)
        sentences.append(AnswerSentence(plain_line(each.sentence.text), each.supported, each.score, markers))
    text = " ".join(f"{each.text} {''.join(f'[{marker}]' for marker in each.citations)}" for each in sentences)
    quoted = [(quote.text, quote.hit) for each in kept for quote in each.sentence.quotes]
    notices = tuple(replace(each, detail=plain_line(each.detail)) for each in conflict_notices(quoted, hits))
    return Cited(text, tuple(sentences), tuple(citations.values()), notices)


def _stand(quotes: Sequence[Quote], hits: Sequence[Hit]) -> bool:
    return bool(quotes) and all(_stands(quote, hits) for quote in quotes)


def _stands(quote: Quote, hits: Sequence[Hit]) -> bool:
    if not 0 <= quote.hit < len(hits):
        return False
    chunk = hits[quote.hit].chunk
    inside = chunk.start <= quote.start < quote.end <= chunk.end
    return inside and chunk.text[quote.start - chunk.start : quote.end - chunk.start] == quote.text


def _cited(quote: Quote, hits: Sequence[Hit], citations: dict[tuple[str, int, int], Citation]) -> int:
    """Return the marker of a quote, which gets the next one where it is new."""
    place = hits[quote.hit].document.id, quote.start, quote.end
    return citations.setdefault(place, _citation(len(citations) + 1, quote, hits)).marker


def _citation(marker: int, quote: Quote, hits: Sequence[Hit]) -> Citation:
    chunk, document = hits[quote.hit].chunk, hits[quote.hit].document
    return Citation(
        marker=marker,
        document_id=document.id,
        version=document.version,
        chunk_id=chunk.id,
        title=plain_line(document.title),
        uri=document.uri,
        page=chunk.page,
        heading_path=tuple(map(plain_line, chunk.heading_path)),
        start=quote.start,
        end=quote.end,
        quote=quote.text,
    )
