import datetime

import pytest

from indexing.formats.decoding import decode
from indexing.formats.extraction import extract
from indexing.formats.text import parse_text
from rag.errors import ParseError


def kinds(extracted):
    return [(block.kind, extracted.text[block.start : block.end]) for block in extracted.blocks]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "Grüße\r\naus Köln"),
        ("utf-16", "Grüße\naus Köln"),
        ("utf-32", "Grüße\naus Köln"),
        ("utf-16-le", "This is a plain test document without a mark."),
        ("utf-16-be", "This is a plain test document without a mark."),
        ("cp1252", "können äöüß “quoted” 15 €"),
        ("cp1250", "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności"),
        ("cp1251", "Все люди рождаются свободными и равными в своём достоинстве"),
        ("cp1253", "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια"),
        ("cp932", "名前,年齢,住所\r\n髙橋淳,35,名古屋\r\n"),
        ("gb18030", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心"),
    ],
)
def test_text_of_every_common_encoding_is_read(encoding, text):
    assert decode(text.encode(encoding)).text == text


def test_a_byte_order_mark_wins_over_what_the_file_declares():
    assert decode("é".encode("utf-16"), "utf-8").text == "é"


def test_a_few_bad_bytes_in_utf8_cost_only_themselves_and_are_told():
    found = decode("Größe über Köln nach Zürich für Jürgen".encode() * 20 + b"\xff end")
    assert "Zürich" in found.text
    assert found.warnings


@pytest.mark.parametrize("data", [b"a\0b" * 9, bytes(range(256)) * 4, b"\x01\x02\x03\x04\x05" * 50])
def test_binary_data_is_no_text(data):
    with pytest.raises(ParseError, match="binary"):
        decode(data)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_canonical_text_is_the_files_text_exactly(newline):
    text = newline.join(["  First paragraph", "goes on.", "", "- one", "- two", "", "Last  "]) + newline
    found = parse_text(text.encode())
    assert found.text == text
    assert [kind for kind, _ in kinds(found)] == ["paragraph", "list_item", "list_item", "paragraph"]
    assert [body.split()[0] for _, body in kinds(found)] == ["First", "-", "-", "Last"]


def test_headings_are_underlined_numbered_or_capitals():
    found = parse_text(
        b"Leave\n=====\n\nText one.\n\n2.1 Sick leave\n\nText two.\n\nCHAPTER IV\n\nText three goes here.\n"
    )
    headings = [block.heading_path for block in found.blocks if block.kind == "heading"]
    assert headings == [("Leave",), ("Leave", "2.1 Sick leave"), ("Leave", "CHAPTER IV")]


def test_prose_has_no_headings():
    found = parse_text(b"It was late.\n\nShe left.\n\n1998 was a good year for all of them.\n\nThe End of the story")
    assert {block.kind for block in found.blocks} == {"paragraph"}


def test_key_lines_at_the_top_are_metadata_and_text():
    found = parse_text(
        b"Title: Minutes of May\nDate: 2026-05-17\nOwner: Sales team\nType: Minutes\nTags: a, b\nRoom: 7\n\nBody.\n"
    )
    stated = found.metadata
    assert (stated.title, stated.owner, stated.type, stated.tags) == (
        "Minutes of May",
        "Sales team",
        "minutes",
        ("a", "b"),
    )
    assert stated.date == datetime.date(2026, 5, 17)
    assert found.blocks[0].start == 0


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("1973_oil_crisis.txt", "1973 oil crisis"),
        ("a/leave-policy.txt", "leave policy"),
        ("Q&A 2024-05.txt", "Q&A 2024-05"),
    ],
)
def test_without_a_heading_the_file_name_is_the_title(name, title):
    assert extract(name, b"Just some text. And more of it.", 1000).metadata.title == title


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The contract is signed by both of the parties and it ends in May.", "en"),
        ("Dies ist ein kurzer deutscher Text über Urlaub.", "de"),
        ("Le contrat est signé par les deux parties.", "fr"),
        ("私は学生です。東京に住んでいます。", "ja"),
        ("12345 67 a-b", ""),
    ],
)
def test_the_language_is_told_where_it_can_be(text, language):
    assert extract("x.txt", text.encode(), 10_000).metadata.language == language
