"""Splitters of LlamaIndex as chunking strategies: slices that cover the text, in their place, or a refusal."""

from itertools import pairwise

import pytest
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document as LlamaDocument

from indexing.chunking import chunk_document
from indexing.strategies.llama_index import anchored
from rag.config import Bundle, IndexConfig
from rag.errors import UsageError
from rag.types import Document

REPEATED = "The wiper is cleaned. " * 60 + "Then it is dried. " + "The wiper is cleaned. " * 60
PAGE = "# Care\n\nClean the wiper weekly.\n\n## Drying\n\n- shake it\n- dry it\n\n" + REPEATED


def count_words(texts):
    return [len(text.split()) for text in texts]


def chunks_of(text, splitter, **config):
    source = Document("d", "v", "manuals/care.md", "Care", "manual", text, ())
    wanted = IndexConfig(strategy=f"llama_index:{splitter}", **{"chunk_tokens": 60, **config})
    return chunk_document(source, wanted, count_words, 254).chunks


def covered(text, chunks):
    return "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(text.split())


@pytest.mark.parametrize(
    "splitter", ["SentenceSplitter", "TokenTextSplitter", "SentenceWindowNodeParser", "MarkdownNodeParser"]
)
def test_chunks_are_slices_in_order_that_cover_the_text_within_the_limit(splitter):
    chunks = chunks_of(PAGE, splitter)
    assert len(chunks) > 5
    assert all(chunk.text == PAGE[chunk.start : chunk.end] for chunk in chunks)
    assert all(before.end <= after.start for before, after in pairwise(chunks))
    assert covered(PAGE, chunks)
    assert max(chunk.tokens for chunk in chunks) <= 60


def test_where_text_repeats_each_chunk_stands_in_its_own_place():
    splitter = SentenceSplitter(chunk_size=60, chunk_overlap=0, tokenizer=str.split)
    its_own = [node.start_char_idx for node in splitter.get_nodes_from_documents([LlamaDocument(text=REPEATED)])]
    chunks = chunks_of(REPEATED, "SentenceSplitter")
    assert len(chunks) == len(its_own)
    assert its_own[1] < chunks[0].end  # the library finds an earlier copy: what our places are needed for
    assert all(REPEATED[before.end : after.start].isspace() for before, after in pairwise(chunks))


def test_overlap_repeats_the_end_of_the_chunk_before():
    chunks = chunks_of(PAGE, "SentenceSplitter", overlap_tokens=12)
    repeated = [PAGE[after.start : before.end].split() for before, after in pairwise(chunks)]
    assert max(map(len, repeated)) == 12
    assert all(chunk.text == PAGE[chunk.start : chunk.end] and chunk.tokens <= 60 for chunk in chunks)


def test_front_matter_is_not_cut_into_chunks():
    from indexing.formats.markdown import parse_markdown

    found = parse_markdown(b"---\nowner: it\n---\n\n# Care\n\nClean the wiper weekly.\n")
    source = Document("d", "v", "u", "Care", "manual", found.text, tuple(found.blocks))
    config = IndexConfig(strategy="llama_index:SentenceSplitter")
    (chunk,) = chunk_document(source, config, count_words, 254).chunks
    assert chunk.text == "# Care\n\nClean the wiper weekly."


@pytest.mark.parametrize(
    ("splitter", "said"),
    [
        ("HTMLNodeParser", "manuals/care.md: it leaves out the end, from character 0"),
        ("CodeSplitter", "cannot be made"),
        ("SemanticSplitterNodeParser", r"needs a model \(embed_model\)"),
        ("MarkdownElementNodeParser", r"needs a model \(llm\)"),
        ("NodeParser", "has no splitter 'NodeParser'"),
        ("Nonsense", "has no splitter 'Nonsense'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(splitter, said):
    with pytest.raises(UsageError, match=said):
        chunks_of(PAGE, splitter)


def test_pieces_with_other_white_space_are_found_and_those_with_other_text_are_not():
    text = "One  two\n\nthree four."
    assert anchored(text, 0, ["One two", " ", "three\tfour."]) == [(0, 8), (10, 21)]
    for pieces, said in (
        (["One two", "four."], "character 10, 'three four.'"),
        (["One two", "two three four."], "character 11, 'hree four.'"),
        (["One two three"], "leaves out the end, from character 16"),
        (["One two three four.", "four."], "repeats text, or adds some"),
    ):
        with pytest.raises(ValueError, match=said):
            anchored(text, 0, pieces)
    assert anchored("", 0, []) == []


def test_nothing_is_printed_where_chunks_are_small(capsys):
    chunks_of(PAGE, "SentenceSplitter", chunk_tokens=32)
    assert capsys.readouterr().out == ""


def test_a_strategy_that_is_misspelt_is_refused_and_the_default_bundle_is_as_it_was():
    for wrong in ("sentence", "llama_index", "llama_index:", "llama_index:a.b", "langchain:Splitter"):
        with pytest.raises(ValueError, match="llama_index:NAME"):
            IndexConfig(strategy=wrong)
    assert Bundle().digest == "ec8f9a844d14"
