import io

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from indexing.formats.office import parse_docx
from tests.unit.formats.packages import told

LEGAL = ("decimal|%1", "decimal|%1.%2", "lowerLetter|(%3)")


def saved(document):
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def add_list(document, levels, *, name=50, styles=(), extra=""):
    """Add a list of "format|template" per depth, with the styles that its depths belong to; `extra` stands in `num`."""
    below = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{level.partition("|")[0]}"/>'
        f"{styles[depth] if depth < len(styles) else ''}"
        f'<w:lvlText w:val="{level.partition("|")[2]}"/></w:lvl>'
        for depth, level in enumerate(levels)
    )
    numbering = document.part.numbering_part.element
    numbering.append(parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{name}">{below}</w:abstractNum>'))
    add_use(document, name, name, extra)


def add_use(document, name, pattern, extra=""):
    numbering = document.part.numbering_part.element
    numbering.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="{name}"><w:abstractNumId w:val="{pattern}"/>{extra}</w:num>')
    )


def numbered(paragraph, depth, name=50):
    look = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    look.get_or_add_numId().val = name
    look.get_or_add_ilvl().val = depth
    return paragraph


def texts(document):
    return [text for _, text in told(parse_docx(saved(document)))]


def test_list_items_keep_the_numbers_that_word_shows():
    document = docx.Document()
    add_list(document, LEGAL)
    for depth, text in ((0, "Leave"), (1, "Days"), (2, "in summer"), (2, "in winter"), (1, "Notice"), (0, "Pay")):
        numbered(document.add_paragraph(text), depth)
    assert texts(document) == ["1 Leave", "1.1 Days", "(a) in summer", "(b) in winter", "1.2 Notice", "2 Pay"]


def test_numbered_headings_have_their_number_also_in_the_path():
    document = docx.Document()
    styles = [f'<w:pStyle w:val="Heading{level}"/>' for level in (1, 2)]
    add_list(document, LEGAL, styles=styles)
    for level in (1, 2):
        look = document.styles[f"Heading {level}"].element.get_or_add_pPr()
        look.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="50"/></w:numPr>'))
    for level, text in ((1, "Scope"), (1, "Rights"), (2, "Notice"), (2, "Appeal")):
        document.add_heading(text, level)
    document.add_paragraph("See 2.2.")
    found = parse_docx(saved(document))
    assert [text for _, text in told(found)] == ["1 Scope", "2 Rights", "2.1 Notice", "2.2 Appeal", "See 2.2."]
    assert found.blocks[-1].heading_path == ("2 Rights", "2.2 Appeal")


def test_the_style_of_a_paragraph_can_make_it_an_item():
    document = docx.Document()
    for text in ("one", "two"):
        document.add_paragraph(text, style="List Number")
    assert told(parse_docx(saved(document))) == [("list_item", "1. one"), ("list_item", "2. two")]


def test_bullets_stay_without_a_mark():
    document = docx.Document()
    document.add_paragraph("one", style="List Bullet")
    assert texts(document) == ["one"]


def test_lists_of_one_pattern_count_on_unless_one_begins_anew():
    document = docx.Document()
    add_list(document, ["decimal|%1."])
    add_use(document, 51, 50)
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    add_use(document, 52, 50, anew)
    for name in (50, 51, 52, 52):
        numbered(document.add_paragraph("item"), 0, name)
    assert texts(document) == ["1. item", "2. item", "5. item", "6. item"]


@pytest.mark.parametrize(
    ("level", "label"),
    [
        ("upperRoman|Article %1", "Article I"),
        ("decimalZero|%1)", "01)"),
        ("ordinal|%1", "1st"),
        ("none|Note:", "Note:"),
    ],
)
def test_formats_of_numbers_are_those_of_word(level, label):
    document = docx.Document()
    add_list(document, [level])
    numbered(document.add_paragraph("text"), 0)
    assert texts(document) == [f"{label} text"]


def test_an_empty_item_counts_but_shows_nothing():
    document = docx.Document()
    add_list(document, ["decimal|%1."])
    for text in ("one", "", "three"):
        numbered(document.add_paragraph(text), 0)
    assert texts(document) == ["1. one", "3. three"]


def test_a_paragraph_that_opts_out_of_its_styles_list_has_no_number():
    document = docx.Document()
    paragraph = document.add_paragraph("plain", style="List Number")
    numbered(paragraph, 0, 0)
    document.add_paragraph("one", style="List Number")
    assert texts(document) == ["plain", "1. one"]


def test_a_list_that_is_not_defined_leaves_the_text_alone():
    document = docx.Document()
    numbered(document.add_paragraph("text"), 3, 999)
    assert texts(document) == ["text"]


def test_styles_based_on_each_other_in_a_circle_do_not_hang():
    document = docx.Document()
    document.styles["Heading 1"].base_style = document.styles["Heading 2"]
    document.styles["Heading 2"].base_style = document.styles["Heading 1"]
    document.add_heading("Title", 1)
    assert texts(document) == ["Title"]
