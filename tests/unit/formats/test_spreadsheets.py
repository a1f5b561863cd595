import datetime
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from indexing.formats.hiding import HIDDEN_CELLS
from indexing.formats.spreadsheets import parse_xls, parse_xlsx
from rag.errors import ParseError
from tests.unit.formats.packages import repacked, told


@pytest.fixture
def book():
    return openpyxl.Workbook()


@pytest.fixture
def sheet(book):
    book.active.title = "Plan"
    return book.active


def saved(book):
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def fill(sheet, *rows, top=1, left=1):
    for row, cells in enumerate(rows, top):
        for column, value in enumerate(cells, left):
            sheet.cell(row, column).value = value


def rows_of(book):
    """Return text and header of each table row."""
    found = parse_xlsx(saved(book))
    return [(found.text[each.start : each.end], each.header) for each in found.blocks if each.kind == "table_row"]


def lines_of(book):
    return told(parse_xlsx(saved(book)))


def test_a_sheet_is_a_heading_and_its_rows_have_their_header(book, sheet):
    fill(sheet, ("Team", "City", "Cups"), ("Blues", "St. Louis", 1), ("Leafs", "Toronto", 13))
    found = parse_xlsx(saved(book))
    assert told(found) == [
        ("heading", "Plan"),
        ("table_row", "Team | City | Cups"),
        ("table_row", "Blues | St. Louis | 1"),
        ("table_row", "Leafs | Toronto | 13"),
    ]
    assert [block.header for block in found.blocks] == ["", "", "Team | City | Cups", "Team | City | Cups"]
    assert {block.heading_path for block in found.blocks} == {("Plan",)}


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (12.0, "General", "12"),
        (-3.25, "General", "-3.25"),
        (1234567890123, "General", "1234567890123"),
        (1e20, "General", "1e+20"),
        (0.125, "0.0%", "12.5%"),
        (0.07, "0%", "7%"),
        (0.5, "0.00%;[Red]-0.00%", "50.00%"),
        (7, "00000", "00007"),
        (5, '0.0 "50%"', "5"),
        (True, "General", "TRUE"),
        (datetime.date(2026, 3, 4), "dd/mm/yy", "2026-03-04"),
        (datetime.datetime(2026, 3, 4, 13, 30), "General", "2026-03-04 13:30"),
        (datetime.time(9, 5), "hh:mm", "09:05"),
        (datetime.timedelta(hours=36, minutes=5), "[h]:mm:ss", "36:05:00"),
        ("two\nlines", "General", "two lines"),
    ],
)
def test_values_are_written_as_a_person_reads_them(book, sheet, value, code, text):
    sheet["A1"], sheet["B1"] = "value", value
    if code != "General":
        sheet["B1"].number_format = code
    assert rows_of(book) == [(f"value | {text}", "")]


def test_tables_below_each_other_have_headers_of_their_own(book, sheet):
    fill(sheet, ("Name", "Days"), ("Ann", 3))
    fill(sheet, ("City", "Rate"), ("Oslo", 210), top=5)
    assert rows_of(book) == [
        ("Name | Days", ""),
        ("Ann | 3", "Name | Days"),
        ("City | Rate", ""),
        ("Oslo | 210", "City | Rate"),
    ]
    assert "Ann | 3\n\nCity | Rate" in parse_xlsx(saved(book)).text


def test_years_and_days_can_name_columns(book, sheet):
    fill(sheet, ("Zone", 2024, 2025), ("North", 5, 7), (None, None, None))
    fill(sheet, ("Zone", datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)), ("North", 5, 7), top=5)
    assert [header for _, header in rows_of(book)] == ["", "Zone | 2024 | 2025", "", "Zone | 2026-01-01 | 2026-02-01"]


def test_one_year_is_a_number_like_others(book, sheet):
    fill(sheet, ("Founded", 1987), ("People", 30))
    assert rows_of(book) == [("Founded | 1987", ""), ("People | 30", "")]


def test_numbers_below_a_blank_row_keep_the_header_above_it(book, sheet):
    fill(sheet, ("Zone", "Sales", "Costs"), ("North", 5, 1), (None, None, None), ("Total", 5, None))
    assert rows_of(book)[-1] == ("Total | 5", "Zone | Sales")


def test_tables_beside_each_other_are_read_one_after_the_other(book, sheet):
    fill(sheet, ("Name", "Days"), ("Ann", 3))
    fill(sheet, ("City", "Rate"), ("Oslo", 210), ("Bonn", 90), left=4)
    assert [text for text, _ in rows_of(book)] == ["Name | Days", "Ann | 3", "City | Rate", "Oslo | 210", "Bonn | 90"]


def test_a_blank_column_before_numbers_does_not_part_them_from_their_names(book, sheet):
    fill(sheet, ("Zone", "Sales", None, "Profit"), ("North", 5, None, 1), ("South", 7, None, 2), ("East", 9, None, 3))
    assert rows_of(book)[1] == ("North | 5 | 1", "Zone | Sales | Profit")


def test_a_blank_row_below_the_header_does_not_part_it_from_the_numbers(book, sheet):
    fill(sheet, ("Zone", "Sales"), (None, None), ("North", 5))
    assert rows_of(book) == [("Zone | Sales", ""), ("North | 5", "Zone | Sales")]


def test_a_line_above_a_table_is_its_title_and_one_below_a_note(book, sheet):
    fill(sheet, ("Cups won", None), ("Team", "Cups"), ("Blues", 1), ("since 1967", None))
    sheet.merge_cells("A1:B1")
    found = parse_xlsx(saved(book))
    assert told(found)[1:] == [
        ("heading", "Cups won"),
        ("table_row", "Team | Cups"),
        ("table_row", "Blues | 1"),
        ("paragraph", "since 1967"),
    ]
    assert found.blocks[3].heading_path == ("Plan", "Cups won")


def test_the_title_of_one_table_does_not_stand_over_the_next(book, sheet):
    fill(sheet, ("Cups won", None), ("Team", "Cups"), ("Blues", 1), (None, None), ("City", "Rate"), ("Oslo", 210))
    assert parse_xlsx(saved(book)).blocks[-1].heading_path == ("Plan",)


def test_names_that_span_columns_are_part_of_each_columns_header(book, sheet):
    fill(sheet, ("Region", 2025, None, "Forecast", None), (None, "Q1", "Q2", "Q1", "Q2"), ("North", 1, 2, 3, 4))
    sheet["B1"].value = "Actual"
    for cells in ("A1:A2", "B1:C1", "D1:E1"):
        sheet.merge_cells(cells)
    header = "Region | Actual Q1 | Actual Q2 | Forecast Q1 | Forecast Q2"
    assert rows_of(book)[2] == ("North | 1 | 2 | 3 | 4", header)


def test_a_name_that_spans_rows_stands_in_each(book, sheet):
    fill(sheet, ("Region", "City", "Sales"), ("North", "Oslo", 5), (None, "Bergen", 7))
    sheet.merge_cells("A2:A3")
    assert [text for text, _ in rows_of(book)][1:] == ["North | Oslo | 5", "North | Bergen | 7"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_hidden_sheets_are_left_out_and_told(book, sheet, state):
    fill(sheet, ("Name", "Days"))
    book.create_sheet("Secret").append(["salaries of all people"])
    book["Secret"].sheet_state = state
    found = parse_xlsx(saved(book))
    assert (found.text, found.warnings) == ("Plan\n\nName | Days", (HIDDEN_CELLS,))


def test_hidden_rows_and_columns_are_left_out_and_told(book, sheet):
    fill(sheet, ("Name", "Salary of the person", "Days"), ("Ann", 1, 3), ("Bob is to go", 2, 4))
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    found = parse_xlsx(saved(book))
    assert (found.text, found.warnings) == ("Plan\n\nName | Days\nAnn | 3", (HIDDEN_CELLS,))


def test_rows_that_a_filter_or_a_folded_group_hides_are_read(book, sheet):
    fill(sheet, ("Name", "Days"), ("Ann of the north", 3), ("Bob of the south", 4))
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[2].outlineLevel = 1
    assert "Ann" in parse_xlsx(saved(book)).text
    sheet.row_dimensions[2].outlineLevel = 0
    assert "Ann" not in parse_xlsx(saved(book)).text
    sheet.auto_filter.ref = "A1:B3"
    sheet.auto_filter.add_filter_column(0, ["Bob of the south"])
    assert "Ann" in parse_xlsx(saved(book)).text


def test_a_formula_that_was_never_calculated_is_shown_and_told(book, sheet):
    fill(sheet, ("Sum", "=SUM(B2:B3)"))
    found = parse_xlsx(saved(book))
    assert told(found)[1:] == [("table_row", "Sum | =SUM(B2:B3)")]
    assert "never calculated" in found.warnings[0]


def test_comments_do_not_stand_in_the_text(book, sheet):
    fill(sheet, ("Name", "Days"))
    sheet["A1"].comment = Comment("who is it", "Ann")
    assert parse_xlsx(saved(book)).text == "Plan\n\nName | Days"


def test_properties_are_metadata(book, sheet):
    book.properties.title, book.properties.creator = "Price list", "Ann"
    fill(sheet, ("Name", "Days"))
    stated = parse_xlsx(saved(book)).metadata
    assert (stated.title, stated.owner) == ("Price list", "Ann")


def test_an_empty_sheet_adds_nothing(book, sheet):
    book.create_sheet("Other").append(["text"])
    assert parse_xlsx(saved(book)).text == "Other\n\ntext"


grids = st.integers(1, 8).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=12)
)


@settings(deadline=None)
@given(grids)
def test_every_cell_is_read_once(grid):
    book = openpyxl.Workbook()
    names = []
    for row, cells in enumerate(grid, 1):
        for column, filled in enumerate(cells, 1):
            if filled:
                names.append(f"c{row}x{column}")
                book.active.cell(row, column).value = names[-1]
    found = told(parse_xlsx(saved(book)))
    said = [word for _, text in found[1:] for word in text.split() if word != "|"]
    assert sorted(said) == sorted(names)


def with_sheet(xml, *, strings=b""):
    """Return a workbook whose only sheet has these rows, and these shared strings."""

    def change(members):
        whole = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b</sheetData></worksheet>'
        listed = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%b</sst>'
        return members | {"xl/worksheets/sheet1.xml": whole % xml, "xl/sharedStrings.xml": listed % strings}

    book = openpyxl.Workbook()
    book.active["A1"] = "text"
    return repacked(saved(book), change)


def cell(place, value="1", kind="n"):
    return f'<c r="{place}" t="{kind}"><v>{value}</v></c>'.encode()


LAST_CELL = b'<row r="1">' + cell("A1") + b'</row><row r="1048576">' + cell("XFD1048576") + b"</row>"
REPEATED = b'<row r="1">' + b"".join(b'<c t="s"><v>0</v></c>' for _ in range(16_000)) + b"</row>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_sheet(LAST_CELL), "spans 1,048,576 rows and 16,384 columns.*5,000,000 cells"),
        (with_sheet(REPEATED, strings=b"<si><t>" + b"long " * 20_000 + b"</t></si>"), "too large to read"),
        (with_sheet(b"<row>" * 400 + b"</row>" * 400), "nested too deeply"),
        (repacked(with_sheet(b""), lambda members: members | {"xl/a.xml": bytes(90_000_000)}), "archive bomb"),
        (
            repacked(
                with_sheet(b""), lambda members: members | {"xl/workbook.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}
            ),
            "XML entities",
        ),
        (
            repacked(
                with_sheet(b""),
                lambda members: members | {"xl/workbook.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>".encode("utf-16")},
            ),
            "XML entities",
        ),
        (with_sheet(b"")[:-300], "damaged or truncated"),
        (repacked(with_sheet(b""), lambda members: members | {"xl/workbook.xml": b"<a"}), "an Excel workbook"),
    ],
    ids=["extent", "strings", "depth", "bomb", "entities", "entities in UTF-16", "truncated", "broken"],
)
def test_a_damaged_or_hostile_file_has_its_reason(data, reason):
    with pytest.raises(ParseError, match=reason):
        parse_xlsx(data)


def test_a_part_that_is_larger_than_it_says_is_refused():
    data = bytearray(with_sheet(b'<row r="1">' + cell("A1") * 1000 + b"</row>"))
    entry = data.rindex(b"xl/worksheets/sheet1.xml") - 46  # of the central directory
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = (300).to_bytes(4, "little")
    with pytest.raises(ParseError, match="damaged or truncated"):
        parse_xlsx(bytes(data))


def test_empty_cells_far_outside_cost_nothing():
    far = b'<row r="1">' + cell("A1", "5") + b'</row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert told(parse_xlsx(with_sheet(far))) == [("heading", "Sheet"), ("paragraph", "5")]


def test_a_damaged_old_workbook_has_its_reason():
    with pytest.raises(ParseError, match="damaged or truncated"):
        parse_xls(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
