"""Lines and tables of a PDF -> its text: headings, paragraphs, list items and table rows, page by page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from indexing.formats.extracted import TextBuilder
from indexing.formats.pdf_edges import without_edges
from indexing.formats.pdf_headings import Look
from indexing.formats.pdf_lines import Line
from indexing.formats.pdf_paragraphs import ITEM, continued, goes_on, joined, paragraphs, words_of
from indexing.formats.pdf_rows import in_reading_order
from rag.sentences import split_sentences
from rag.types import BlockKind

_CELL_EDGE = " | "
_SAME_PLACE = 3  # points: a table that goes on stands where it stood on the page before


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table in the place of the lines that it holds."""

    page: int
    left: float
    bottom: float
    right: float
    top: float
    rows: Sequence[str]
    header: str

    def holds(self, line: Line) -> bool:
        x, y = line.middle
        return line.page == self.page and self.left <= x <= self.right and self.bottom <= y <= self.top

    def goes_on_from(self, other: "Table") -> bool:
        """Tell whether this is the rest of a table at the end of the page before, without its header."""
        if not other.header or self.page != other.page + 1 or self.rows[0] == other.header:
            return False
        moved = max(abs(self.left - other.left), abs(self.right - other.right))
        return moved < _SAME_PLACE and self.rows[0].count(_CELL_EDGE) <= other.header.count(_CELL_EDGE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph, heading or list item on its way into the text, or a table."""

    page: int
    kind: BlockKind
    text: str
    lines: Sequence[Line] = ()
    level: int = 0
    is_note: bool = False  # smaller letters or along the margin: a sentence may go on behind it
    table: Table | None = None


def compose(pages: Sequence[Sequence[Line]], tables: Sequence[Table]) -> TextBuilder:
    """Return the text of a document; each block begins on the page that it names."""
    kept = without_edges(pages)
    every = [line for page in kept for line in page]
    look = Look.of([line for page in kept for line in in_reading_order(page)])
    composer = _Composer(look, words_of(every))
    pieces = [
        piece
        for number, page in enumerate(kept, 1)
        for piece in composer.page(page, [table for table in tables if table.page == number])
    ]
    return _built(composer.continued(pieces))


@dataclass(frozen=True, slots=True)
class _Composer:
    look: Look
    words: frozenset[str]

    def page(self, lines: Sequence[Line], tables: list[Table]) -> Iterator[_Piece]:
        """Yield what stands on a page, each table once, where its first line stands."""
        waiting: list[Line] = []
        for line in lines:
            table = next((each for each in tables if each.holds(line)), None)
            if table is None:
                waiting.append(line)
            elif table.rows:
                yield from self._text(waiting, above_table=True)
                waiting = []
                yield _Piece(table.page, "table_row", "", table=table)
                tables[tables.index(table)] = replace(table, rows=())
        yield from self._text(waiting, above_table=False)

    def _text(self, lines: Sequence[Line], *, above_table: bool) -> Iterator[_Piece]:
        found = list(paragraphs(in_reading_order(lines), self.look.pitch))
        for paragraph, below in zip(found, [*found[1:], []], strict=False):
            text, page = joined(paragraph, self.words), paragraph[0].page
            level = self.look.level(paragraph, text, below, above_table=above_table and not below)
            if level:
                yield _Piece(page, "heading", text.replace("\n", " "), paragraph, level)
            else:
                kind: BlockKind = "list_item" if ITEM.match(text) else "paragraph"
                yield _Piece(page, kind, text, paragraph, is_note=self.look.is_note(paragraph))

    def continued(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Return the pieces with sentences whole that a page's or a column's end, or a note there, had cut."""
        done: list[_Piece] = []
        for piece in pieces:
            at = next((number for number in range(len(done) - 1, -1, -1) if not done[number].is_note), None)
            if at is None or piece.is_note or not self._is_cut(done[at], piece, apart=at < len(done) - 1):
                done.append(piece)
                continue
            done[at], rest = self._mended(done[at], piece)
            done += [rest] if rest else []
        return done

    def _is_cut(self, before: _Piece, piece: _Piece, *, apart: bool) -> bool:
        if piece.kind != "paragraph" or before.kind not in ("paragraph", "list_item"):
            return False
        return (apart or before.page < piece.page) and goes_on(before.lines[-1], piece.lines[0])

    def _mended(self, before: _Piece, piece: _Piece) -> tuple[_Piece, _Piece | None]:
        """Return the first piece with its last sentence whole, and what is left of the second one."""
        text = continued(before.text, piece.text, self.words, broken=before.lines[-1].broken)
        if before.page == piece.page:
            return replace(before, text=text, lines=[*before.lines, *piece.lines]), None
        end = next((end for _, end in split_sentences(text) if end > len(before.text)), len(text))
        rest = text[end:].strip()
        return replace(before, text=text[:end], lines=[*before.lines, *piece.lines]), (
            replace(piece, text=rest) if rest else None
        )


def _built(pieces: Sequence[_Piece]) -> TextBuilder:
    builder = TextBuilder()
    last: Table | None = None  # of the piece before
    for piece in pieces:
        builder.page = piece.page
        if piece.table is None:
            builder.add(piece.kind, piece.text, level=piece.level)
            last = last if piece.is_note else None
            continue
        rest = last is not None and piece.table.goes_on_from(last)
        last = replace(piece.table, header=last.header) if last and rest else piece.table
        for number, row in enumerate(last.rows):
            builder.add("table_row", row, header=last.header if number or rest else "")
    return builder
