"""Chunks by the type of a document: what belongs together stays whole where it fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexing.chunking import chunk_document
from indexing.formats.markdown import parse_markdown
from indexing.formats.text import parse_text
from rag.config import IndexConfig
from rag.types import Block, Document

TYPES = ["contract", "faq", "slides", "code", "minutes", "email_thread", "release_notes", "policy", "table", "plain"]


def count_words(texts):
    return [len(text.split()) for text in texts]


def document(text, blocks, type_):
    return Document("d", "v", "s/d", "T", type_, text, tuple(blocks), "en")


def chunks(source, limit=100):
    return chunk_document(source, IndexConfig(chunk_tokens=limit), count_words, 254).chunks


def texts(text, type_, limit=100, parse=parse_markdown):
    found = parse(text.encode())
    return [chunk.text for chunk in chunks(document(found.text, found.blocks, type_), limit)]


def words(count, word="word"):
    return " ".join([word] * count)


def of_blocks(type_, *parts):
    """A document of blocks, each given as (kind, text, page, heading path)."""
    text, blocks = "", []
    for kind, body, page, path in parts:
        text += "\n\n" if text else ""
        blocks.append(Block(kind, len(text), len(text) + len(body), page, path))
        text += body
    return document(text, blocks, type_)


def test_a_clause_stays_whole_with_its_lettered_sub_clauses():
    clause = f"4.1 Fees. {words(25)}.\n\n(a) {words(25)};\n\n(b) {words(25)};\n\n(c) {words(15)}."
    text = f"1. Term. {words(60)}.\n\n{clause}\n\n4.2 Tax. {words(60)}."
    found = texts(text, "contract", parse=parse_text)
    assert clause in found
    assert clause not in texts(text, "plain", parse=parse_text)


def test_a_sentence_of_a_contract_that_a_page_interrupts_stays_whole():
    broken = f"9.2 The Supplier pays {words(30)} within\n\n-7-\n\nten days of the notice {words(30)}."
    found = texts(f"9.1 {words(60)}.\n\n{broken}\n\n9.3 {words(60)}.", "contract", parse=parse_text)
    assert broken in found


def test_a_clause_that_is_too_long_is_cut_between_its_sub_clauses():
    parts = [f"({letter}) {words(30)}." for letter in "abcdef"]
    found = texts("7.1 Duties.\n\n" + "\n\n".join(parts), "contract", parse=parse_text)
    assert len(found) > 1
    assert all(part in "\n\n".join(found) for part in parts)
    assert all(text.startswith(("7.1", "(")) for text in found)


def test_small_clauses_share_a_chunk_in_order():
    text = "\n\n".join(f"{n}. Rule {n} says little." for n in range(1, 5))
    assert len(texts(text, "contract", parse=parse_text)) == 1


@pytest.mark.parametrize("mark", ["## {}", "**{}**", "Q: {}"])
def test_each_question_is_a_chunk_with_its_whole_answer(mark):
    answers = [f"It costs {n} euro.\n\n- in cash\n- or by card" for n in range(4)]
    asked = [f"{mark.format(f'What is the price of berth {n}?')}\n\n{answer}" for n, answer in enumerate(answers)]
    assert texts("\n\n".join(asked), "faq") == asked


def test_a_heading_above_questions_goes_with_the_first_and_ends_the_answer_before():
    text = (
        "## Ships\n\n### How long?\n\nTen metres.\n\n## Berths\n\n### How many?\n\nFour.\n\n### How dear?\n\nFive euro."
    )
    assert texts(text, "faq") == [
        "## Ships\n\n### How long?\n\nTen metres.",
        "## Berths\n\n### How many?\n\nFour.",
        "### How dear?\n\nFive euro.",
    ]


def test_a_heading_inside_an_answer_stays_in_it():
    text = "## How long?\n\nIt depends.\n\n### In summer\n\nTen days.\n\n## How much?\n\nFive euro."
    assert texts(text, "faq")[0].endswith("Ten days.")


def test_each_slide_is_a_chunk_with_its_page_even_without_a_title():
    rows = [("table_row", f"row {n} | x", 2 + n // 2, ()) for n in range(4)]
    source = of_blocks("slides", ("heading", "One", 1, ("One",)), ("paragraph", "Hello.", 1, ("One",)), *rows)
    found = chunks(source)
    assert [(chunk.page, chunk.text) for chunk in found] == [
        (1, "One\n\nHello."),
        (2, "row 0 | x\n\nrow 1 | x"),
        (3, "row 2 | x\n\nrow 3 | x"),
    ]


def test_a_slide_of_the_limit_is_not_cut():
    items = [("list_item", words(10), 1, ("Top",)) for _ in range(9)]
    source = of_blocks("slides", ("heading", "Top " + words(8), 1, ("Top",)), *items, ("paragraph", "Two.", 2, ()))
    assert [chunk.tokens for chunk in chunks(source)] == [99, 1]


def test_each_message_of_a_thread_is_a_chunk():
    first = "From: Ann\nTo: Bob\n\nShall we meet?\n\nAt nine."
    second = "On 3 May 2026 Bob wrote:\n\nYes, at nine.\n\nBob"
    assert texts(f"{first}\n\n{second}", "email_thread", parse=parse_text) == [first, second]


def test_what_is_new_in_a_version_is_a_chunk():
    new = [
        f"## {v} (2026-05-01)\n\n### Added\n\n- {v} has a pump.\n\n### Fixed\n\n- A leak." for v in ("2.1.0", "2.0.4")
    ]
    assert texts("\n\n".join(new), "release_notes") == new


@pytest.mark.parametrize("mark", ["## {}. ", "{}. "])
def test_each_item_of_the_agenda_is_a_chunk(mark):
    items = [f"{mark.format(n)}Item {n}\n\nWe talked.\n\nDecision: yes." for n in range(1, 4)]
    parse = parse_markdown if "#" in mark else parse_text
    assert texts("\n\n".join(items), "minutes", parse=parse) == items


def test_a_definition_stays_whole_and_small_ones_share_a_chunk():
    large = [("code", f"def {name}():\n" + "\n".join(["    call(a, b)"] * 48), None, (name,)) for name in "ab"]
    small = [("code", f"def {name}():\n    pass", None, ("C", name)) for name in "xyz"]
    found = [chunk.text for chunk in chunks(of_blocks("code", *large, *small))]
    assert found[:2] == [body for _, body, _, _ in large]
    assert len(found) == 3


def test_a_table_is_cut_in_groups_of_rows_with_the_header_in_the_context():
    rows = "".join(f"| ship {n} | berth {n} |\n" for n in range(60))
    found = parse_markdown(f"| Name | Place |\n|---|---|\n{rows}".encode())
    made = chunks(document(found.text, found.blocks, "table"), 64)
    assert len(made) > 3
    assert all("Name | Place" in chunk.context for chunk in made[1:])


LINES = st.sampled_from(
    [
        "# H",
        "## 1. Term",
        "## 2.1.0",
        "1.1 Fees.",
        "(a) more",
        "What?",
        "From: Ann",
        "- item",
        "word " * 30,
        "7",
        "| a | b |",
    ]
)


@pytest.mark.parametrize("type_", TYPES)
@given(lines=st.lists(LINES, max_size=40), limit=st.sampled_from([32, 60]))
@settings(max_examples=25, deadline=None)
def test_chunks_of_every_type_are_slices_that_cover_the_text_within_the_limit(type_, lines, limit):
    found = parse_markdown("\n\n".join(lines).encode())
    at = found.blocks[0].start if found.blocks else len(found.text)
    for chunk in chunks(document(found.text, found.blocks, type_), limit):
        assert chunk.text == found.text[chunk.start : chunk.end]
        assert not found.text[at : chunk.start].strip()
        assert chunk.tokens <= limit
        at = chunk.end
    assert not found.text[at:].strip()


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("line", ["# What?\n\n", "1.1 x\n\n", "From: a\n\n", "## 1.2.3\n\n"])
@pytest.mark.timeout(20)
def test_many_tiny_units_take_bounded_time(type_, line):
    assert texts(line * 6_000, type_)
