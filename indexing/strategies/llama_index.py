"""Any splitter of LlamaIndex, where what it gives are slices of the text."""

from collections.abc import Sequence
from itertools import accumulate, islice, pairwise

from indexing.strategies.packing import Atom, CountTokens, measure, words
from rag.errors import UsageError
from rag.sentences import Span
from rag.types import Document

_SHOWN_CHARS = 40


def split(document: Document, begin: int, limit: int, count_tokens: CountTokens, splitter: str) -> list[list[Atom]]:
    """Return one group of words for each piece. Raises UsageError where pieces are no slices that cover the text."""
    # Here, not at the top: the library takes a second and 60 MB, and no other strategy needs it.
    from rag.adapters.llama_index_splitters import split_text  # noqa: PLC0415

    text = document.text
    pieces = split_text(splitter, text[begin:], limit=limit, count_tokens=count_tokens)
    try:
        spans = anchored(text, begin, pieces)
    except ValueError as error:
        raise UsageError(
            f"The splitter {splitter} of LlamaIndex cannot be used for {document.uri}: {error}. Chunks are slices that "
            "cover the text; choose another `index.strategy`."
        ) from error
    parts = [words(text, start, end) for start, end in spans]
    atoms = iter(measure(text, (span for each in parts for span in each), count_tokens))
    return [list(islice(atoms, len(part))) for part in parts]


def anchored(text: str, begin: int, pieces: Sequence[str]) -> list[Span]:
    """Return where each piece stands in the text after `begin`, blank ones left out.

    What a splitter itself says of places is not used: it looks for each piece from the start again, and where text
    repeats it finds a copy. Pieces that follow one another and leave nothing out have one place only, whatever became
    of their white space. Raises ValueError at the first character that differs.
    """
    places = [place for place in range(begin, len(text)) if not text[place].isspace()]
    inked = "".join([text[place] for place in places])
    bare = [kept for kept in ("".join(piece.split()) for piece in pieces) if kept]
    ends = list(accumulate(map(len, bare), initial=0))
    for piece, start in zip(bare, ends, strict=False):
        if not inked.startswith(piece, start):
            raise ValueError(_difference(text, places, inked, piece, start))
    if ends[-1] < len(inked):
        raise ValueError(f"it leaves out the end, from character {places[ends[-1]]} on")
    return [(places[start], places[end - 1] + 1) for start, end in pairwise(ends)]


def _difference(text: str, places: Sequence[int], inked: str, piece: str, start: int) -> str:
    """Return what a piece has in the place of what the text has."""
    same = next((at for at, (ours, its) in enumerate(zip(inked[start:], piece, strict=False)) if ours != its), 0)
    if start + same >= len(places):
        return f"it repeats text, or adds some: {piece[:_SHOWN_CHARS]!r}"
    place = places[start + same]
    stands = " ".join(text[place : place + _SHOWN_CHARS].split())
    return f"it changes, repeats or leaves out text at character {place}, {stands!r}"
