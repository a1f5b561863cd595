"""What is drawn of a document is its text: every character once, in order, whatever chunks and spans lie over it."""

from hypothesis import given
from hypothesis import strategies as st

from evals.chunk_spans import Coverage
from evals.set_spans import CaseSpan
from rag.types import Block, Chunk
from workbench.chunked import DrawnSpan
from workbench.widgets.chunk_drawing import drawing
from workbench.widgets.chunk_pieces import PART_CHARS, part_at, parts, pieces, rows

TEXTS = st.one_of(
    st.text(min_size=1, max_size=300),
    st.text(alphabet="ab \n🐟", min_size=1, max_size=300).map(lambda text: text * 60),
)


@st.composite
def covered(draw):
    """A text with blocks, chunks and spans somewhere on it, each in the order of its starts."""
    text = draw(TEXTS)

    def places():
        edges = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
        found = draw(st.lists(edges.map(sorted).filter(lambda each: each[0] < each[1]).map(tuple), max_size=12))
        return sorted(found)

    blocks = [Block("paragraph", *place) for place in places()]
    return text, blocks, places(), places()


@given(covered())
def test_the_pieces_of_all_parts_are_the_text(given_):
    text, blocks, chunks, spans = given_
    all_parts = parts(rows(text, blocks))
    drawn = [piece for part in all_parts for row in part for piece in pieces(row, chunks, spans)]
    assert "".join(text[piece.start : piece.end] for piece in drawn) == text
    assert all(piece.start < piece.end for piece in drawn)


@given(covered())
def test_a_piece_lies_in_all_of_its_chunks_and_spans_and_in_no_other(given_):
    text, blocks, chunks, spans = given_
    for row in rows(text, blocks):
        for piece in pieces(row, chunks, spans):
            for at in range(piece.start, piece.end):
                assert piece.chunks == tuple(n for n, (start, end) in enumerate(chunks) if start <= at < end)
                assert piece.spans == tuple(n for n, (start, end) in enumerate(spans) if start <= at < end)


@given(TEXTS)
def test_no_part_is_longer_than_a_page_shows(text):
    all_parts = parts(rows(text * 50, ()))
    assert all(part[-1][1] - part[0][0] <= PART_CHARS for part in all_parts)
    assert all(part_at(all_parts, part[0][0]) == number for number, part in enumerate(all_parts))


@given(covered())
def test_both_columns_of_a_drawing_show_the_same_text_and_each_chunk_is_marked_once(given_):
    text, blocks, places, _ = given_
    chunks = [Chunk(f"{n}", "doc", *place, text=text[slice(*place)]) for n, place in enumerate(places)]
    marks, columns = [], ["", ""]
    for part in parts(rows(text, blocks)):
        drawn = drawing("A" * len(text), part, chunks, [], [], "")
        for row in drawn["rows"]:
            for column, cell in enumerate(row):
                columns[column] += "".join(piece["text"] for piece in cell)
            marks += [mark for piece in row[0] for mark in piece["marks"]]
    assert columns == ["A" * len(text)] * 2
    assert sorted(marks) == list(range(1, len(chunks) + 1))


def test_a_split_span_is_drawn_as_such_only_where_it_is_split():
    span = DrawnSpan(CaseSpan("hb-1", "Why?", 2, 8, "cdefgh"), Coverage(1, 1.0), Coverage(2, 0.5))
    text = "abcdefghij"
    halves = [Chunk("b1", "doc", 0, 5, text[:5]), Chunk("b2", "doc", 5, 10, text[5:])]
    (row,) = drawing(text, [(0, 10)], [Chunk("a", "doc", 0, 10, text)], halves, [span], "hb-1")["rows"]
    assert [(piece["text"], piece["span"]) for piece in row[0]] == [("ab", ""), ("cdefgh", "chosen span"), ("ij", "")]
    assert [piece["span"] for piece in row[1]] == ["", "chosen span split", "chosen span split", ""]
    assert [label for cell in row for piece in cell for label in piece["labels"]] == ["hb-1", "hb-1, split in 2"]


def test_characters_that_hide_text_are_drawn_by_name():
    (row,) = drawing("a\u202eb", [(0, 3)], [], [], [], "")["rows"]
    assert row[0][0]["text"] == "a[U+202E]b"
