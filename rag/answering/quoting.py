"""A model's statement -> a sentence with quotes: the places in the sources it names that come nearest to it."""

from collections.abc import Sequence

from rag.answering.statements import Statement
from rag.answers import Quote, Sentence
from rag.plain_text import addresses, holds_address
from rag.support import Sources, Support
from rag.types import Hit

_NEAR_BEST = 0.5  # of the words that the best source covers: one that covers less carries nothing of the statement


def quoted(statement: Statement, hits: Sequence[Hit]) -> Sentence:
    """Return the statement with a quote from each source that carries some of it; none where it may not be shown.

    A marker of a source that the model did not get is dropped. A web address must stand in one of the quotes.
    """
    places = [number - 1 for number in statement.sources if 1 <= number <= len(hits)]
    supports = {place: Sources([hits[place].chunk.text]).support(statement.text) for place in places}
    best = max((each.covered for each in supports.values()), default=0.0)
    quotes = tuple(
        _quote(place, hits[place], support)
        for place, support in supports.items()
        if support.best and support.covered >= max(_NEAR_BEST * best, 1e-9)
    )
    known = " ".join(quote.text for quote in quotes)
    shown = all(holds_address(known, address) for address in addresses(statement.text))
    return Sentence(statement.text, quotes if shown else ())


def _quote(place: int, hit: Hit, support: Support) -> Quote:
    span, chunk = support.best, hit.chunk
    assert span is not None
    return Quote(chunk.text[span.start : span.end], place, chunk.start + span.start, chunk.start + span.end)
