"""What the component that draws chunks over a text is given: texts and figures, no markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.chunk_spans import Coverage
from evals.spans import Interval
from rag.api.view import visible
from rag.types import Chunk
from workbench.chunked import DrawnSpan
from workbench.widgets.chunk_pieces import Piece, pieces, touching

Drawn = Mapping[str, object]  # JSON


@dataclass(frozen=True, slots=True)
class _Side:
    """One column: the chunks and spans that lie in the part that is drawn."""

    name: str
    text: str
    first: int  # place of the first of the chunks in the document
    chunks: Sequence[Chunk]
    spans: Sequence[tuple[DrawnSpan, Coverage]]
    chosen: str  # the case that is looked at

    def cell(self, row: Interval) -> list[Drawn]:
        """Return the pieces of a row."""
        chunk_places = [(each.start, each.end) for each in self.chunks]
        span_places = [(each.span.start, each.span.end) for each, _ in self.spans]
        return [self._piece(each) for each in pieces(row, chunk_places, span_places)]

    def about(self) -> dict[str, str]:
        """Return what is told of each chunk, by its number."""
        return {str(self.first + at + 1): self._about(self.first + at + 1, each) for at, each in enumerate(self.chunks)}

    def _piece(self, piece: Piece) -> Drawn:
        opened = [at for at in piece.chunks if self.chunks[at].start == piece.start]
        begun = [at for at in piece.spans if self.spans[at][0].span.start == piece.start]
        return {
            "text": visible(self.text[piece.start : piece.end]),
            "chunks": [self.first + at + 1 for at in piece.chunks],
            "marks": [self.first + at + 1 for at in opened],
            "labels": [self._label(at) for at in begun],
            "span": self._look(piece.spans),
        }

    def _look(self, spans: Sequence[int]) -> str:
        found = [self.spans[at] for at in spans]
        states = {"span"} if found else set[str]()
        states |= {"split"} if any(covered.split for _, covered in found) else set()
        states |= {"chosen"} if any(each.span.case_id == self.chosen for each, _ in found) else set()
        return " ".join(sorted(states))

    def _label(self, at: int) -> str:
        each, covered = self.spans[at]
        name = visible(each.span.case_id)
        return f"{name}, split in {covered.chunks}" if covered.split else name

    def _about(self, number: int, chunk: Chunk) -> str:
        size = f"{self.name} {number}: {chunk.tokens:,} tokens, {chunk.end - chunk.start:,} characters"
        context = f", context line: {visible(chunk.context)}" if chunk.context else ", no context line"
        return f"{size}, {chunk.start:,} to {chunk.end:,}{context}"


def drawing(
    text: str, part: Sequence[Interval], a: Sequence[Chunk], b: Sequence[Chunk], spans: Sequence[DrawnSpan], case: str
) -> Drawn:
    """Return a part of a text with the chunks and spans of both sides.

    part: rows, in order. case: the id of the one that is looked at; empty for none.
    """
    seen = (part[0][0], part[-1][1])
    near = [spans[at] for at in touching(seen, [(each.span.start, each.span.end) for each in spans])]
    left = _side("A", text, seen, a, [(each, each.a) for each in near], case)
    right = _side("B", text, seen, b, [(each, each.b) for each in near], case)
    return {
        "rows": [[left.cell(row), right.cell(row)] for row in part],
        "about": {"A": left.about(), "B": right.about()},
        "case": case,
        "start": seen[0],
    }


def _side(
    name: str,
    text: str,
    seen: Interval,
    chunks: Sequence[Chunk],
    spans: Sequence[tuple[DrawnSpan, Coverage]],
    case: str,
) -> _Side:
    near = touching(seen, [(each.start, each.end) for each in chunks])
    first, last = (near[0], near[-1] + 1) if near else (0, 0)
    return _Side(name, text, first, chunks[first:last], spans, case)
