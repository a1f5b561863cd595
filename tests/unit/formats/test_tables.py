import csv
import io

import pytest

from indexing.formats.tables import parse_csv


def rows(found):
    return [found.text[block.start : block.end] for block in found.blocks]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_record_is_a_row_of_the_files_own_text(newline, delimiter):
    records = [
        ["name", "note", "town"],
        ["Ann", 'said "hi"', "Bern"],
        ["Bob", f"a{delimiter}b\nc", "Genf"],
        ["Eve", "", "Biel"],
    ]
    made = io.StringIO()
    csv.writer(made, delimiter=delimiter, lineterminator=newline).writerows(records)
    found = parse_csv(made.getvalue().encode())
    assert found.text == made.getvalue()
    assert [next(csv.reader(io.StringIO(row), delimiter=delimiter)) for row in rows(found)] == [
        [cell.replace("\n", "\n") for cell in record] for record in records
    ]
    assert [block.header for block in found.blocks] == ["", *["name | note | town"] * 3]


def test_a_delimiter_is_told_from_the_commas_in_the_cells():
    found = parse_csv(b"Lorem, ipsum; dolor; sit\nconsectetur, a; b; c, d\n")
    assert found.blocks[1].header == "Lorem, ipsum | dolor | sit"


def test_a_title_above_the_header_is_no_header():
    found = parse_csv(b"Stanley Cups,,\nTeam,Location,Cups\nBlues,STL,1\nFlyers,PHI,2\n")
    assert [block.header for block in found.blocks] == ["", "", *["Team | Location | Cups"] * 2]


def test_numbers_in_the_first_row_are_no_header():
    assert {block.header for block in parse_csv(b"1,2\n3,4\n5,6\n").blocks} == {""}


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest():
    found = parse_csv(b'a,b\n1,"open\n' + b"2,3\n" * 1000)
    assert len(found.blocks) == 1002


def test_blank_rows_are_left_out_and_one_column_is_a_list():
    found = parse_csv(b"one\n\n,\ntwo\n")
    assert rows(found) == ["one", "two"]
    assert {block.header for block in found.blocks} == {""}


def test_utf16_is_read():
    assert rows(parse_csv("Team,Cups\nBlues,1\n".encode("utf-16"))) == ["Team,Cups", "Blues,1"]
