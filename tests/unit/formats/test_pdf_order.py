"""Tables, columns, and sentences that a line, a column or a page interrupts: read in the order of a reader."""

import pytest
from reportlab.lib import colors
from reportlab.platypus import Paragraph, Spacer, Table

from indexing.formats.pdf import parse_pdf
from tests.unit.formats.pdfs import PROSE, STYLES, blocks, drawn, flowed, said, together


def test_ruled_tables_give_rows_with_their_header():
    rows = [
        ["Product", "Unit price", "In stock"],
        ["Probe HV", "450", "yes"],
        ["Cable", "12", "no"],
        ["Wiper", "8", "yes"],
    ]
    table = Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    data = flowed(
        Paragraph(PROSE, STYLES["BodyText"]), Spacer(1, 12), table, Spacer(1, 12), Paragraph(PROSE, STYLES["BodyText"])
    )
    found = parse_pdf(data)
    assert [(found.text[b.start : b.end], b.header) for b in found.blocks if b.kind == "table_row"] == [
        ("Product | Unit price | In stock", ""),
        ("Probe HV | 450 | yes", "Product | Unit price | In stock"),
        ("Cable | 12 | no", "Product | Unit price | In stock"),
        ("Wiper | 8 | yes", "Product | Unit price | In stock"),
    ]
    assert (found.blocks[0].kind, found.blocks[-1].kind) == ("paragraph", "paragraph")


def test_a_table_that_goes_on_keeps_its_header():
    rows = [["Product", "Unit price", "Number"], *([f"Probe {n}", f"{n * 7}", f"{n}"] for n in range(60))]
    table = Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    found = parse_pdf(flowed(Paragraph(PROSE, STYLES["BodyText"]), table))
    parts = [block for block in found.blocks if block.kind == "table_row"]
    assert {block.page for block in parts} == {1, 2}
    assert {block.header for block in parts[1:]} == {"Product | Unit price | Number"}
    assert found.text.count("Probe 59 | 413 | 59") == 1


def test_a_heading_above_a_table_is_one():
    rows = [["Product", "Price"], ["Probe", "450"], ["Cable", "12"], ["Wiper", "8"]]
    table = Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    body = Paragraph(PROSE, STYLES["BodyText"])
    found = blocks(flowed(body, Paragraph("<b>3.2 Sensors</b>", STYLES["BodyText"]), table, body))
    assert ("heading", "3.2 Sensors") in found


def columns(left, right, *, by_row):
    """Draw two columns, one after the other or row by row."""

    def draw(canvas):
        canvas.setFont("Helvetica", 10)
        places = [(72, left), (320, right)]
        lines = [(x, 700 - 13 * row, line) for x, column in places for row, line in enumerate(column)]
        for x, y, line in sorted(lines, key=lambda each: -each[1]) if by_row else lines:
            canvas.drawString(x, y, line)

    return draw


LEFT = [f"the left column goes on in its line {number}" for number in range(9)]
RIGHT = [f"the right column goes on in its line {number}" for number in range(9)]


@pytest.mark.parametrize("by_row", [False, True])
def test_two_columns_are_read_one_after_the_other(by_row):
    title = said("A title over both columns that is as wide as the page is", size=16, at=740)
    text = parse_pdf(drawn(together(title, columns(LEFT, RIGHT, by_row=by_row)))).text
    places = [text.index(line) for line in ["A title", *LEFT, *RIGHT]]
    assert places == sorted(places)


def test_numbered_items_are_told_apart_also_after_full_lines():
    full = "tells what to do in a line that runs as far as the edge of the page does."
    found = blocks(drawn(said(f"1. This {full}", f"2. That {full}", f"3. More {full}")))
    assert [text for kind, text in found if kind == "list_item"] == [
        f"{n}. {w} {full}" for n, w in ((1, "This"), (2, "That"), (3, "More"))
    ]


def test_a_sentence_that_goes_on_over_the_page_is_whole_and_the_rest_keeps_its_page():
    wide = "This line of ordinary text runs as far as the right edge of the page, and at its end"
    first = together(said(wide, f"{wide} the sentence"), said("1", at=30))
    second = together(said("goes on over the page. A new one begins here."), said("2", at=30))
    found = parse_pdf(drawn(first, second))
    assert [(block.page, " ".join(found.text[block.start : block.end].split())) for block in found.blocks] == [
        (1, f"{wide} {wide} the sentence goes on over the page."),
        (2, "A new one begins here."),
    ]


def test_a_heading_on_the_next_page_ends_what_stood_before_it():
    first = said("A line without a full stop that runs as far as the edge of the page and then ends")
    second = together(said("Results", size=18, at=750), said("What was found stands here."))
    assert ("heading", "Results") in blocks(drawn(first, second))


def test_rows_of_cells_without_rules_are_lines_of_their_own():
    def row(number, at):
        return together(
            said(f"Probe {number}", at=at), said(f"{number * 7}.50", at=at, left=250), said("in stock", at=at, left=400)
        )

    text = parse_pdf(drawn(together(*(row(number, 700 - 15 * number) for number in range(5))))).text
    assert text.splitlines() == [f"Probe {number} {number * 7}.50 in stock" for number in range(5)]


def test_a_note_along_the_margin_does_not_tear_a_sentence():
    def margin(canvas):
        canvas.saveState()
        canvas.rotate(90)
        canvas.setFont("Helvetica", 14)
        canvas.drawString(200, -30, "arXiv:2004.04906v3 [cs.CL]")
        canvas.restoreState()

    wide = "This line of ordinary text runs as far as the right edge of the page, and at its end"
    text = parse_pdf(drawn(together(said(wide), margin), said("it goes on over the page."))).text
    assert f"{wide} it goes on over the page." in text
    assert "arXiv:2004.04906v3 [cs.CL]" in text


@pytest.mark.parametrize(
    ("end", "next_line", "whole"),
    [
        ("edge of the infor-", "mation goes on here.", "edge of the information goes"),
        ("edge of the long-", "term plan goes on here.", "edge of the long-term plan"),
        ("edge of a rain-", "proof cover goes on here. A rain-proof one.", "edge of a rain-proof cover"),
    ],
)
def test_a_word_broken_at_the_end_of_a_line_is_made_whole(end, next_line, whole):
    left = f"This line of ordinary text runs as far as the right {end}"
    assert whole in parse_pdf(drawn(said(left, next_line))).text
