"""Sentences to answer text, markers and quotes."""

from rag.answers import Grounded, Quote, Sentence
from rag.citing import cite
from rag.types import Chunk, DocumentInfo, Hit

FIRST = "Leave is thirty days.\nIt is asked for in the portal.\n- Bring a form."
SECOND = "| Own wedding | 2 |"


def hit(name, text, start):
    info = DocumentInfo(name, "v1", f"h/{name}.md", name.title(), "policy", "h")
    return Hit(Chunk(f"c-{name}", name, start, start + len(text), text, page=3, heading_path=("A", "B")), info, 1.0)


HITS = [hit("leave", FIRST, 50), hit("days", SECOND, 0)]


def grounded(place, quote, *, supported=True):
    chunk = HITS[place].chunk
    start = chunk.start + chunk.text.index(quote)
    return quoting(quote, place, start, start + len(quote), supported=supported)


def quoting(text, place, start, end, *, supported=True):
    return Grounded(Sentence(text, (Quote(text, place, start, end),)), supported, 0.99)


def test_markers_count_from_one_in_the_order_of_first_use():
    cited = cite([grounded(1, SECOND), grounded(0, "Leave is thirty days.")], HITS)
    assert cited.text == "Own wedding | 2 [1] Leave is thirty days. [2]"
    assert [citation.marker for citation in cited.citations] == [1, 2]
    assert [citation.document_id for citation in cited.citations] == ["days", "leave"]


def test_a_quote_stands_word_for_word_at_its_place():
    for citation in cite([grounded(0, "It is asked for in the portal."), grounded(1, SECOND)], HITS).citations:
        chunk = next(each.chunk for each in HITS if each.chunk.id == citation.chunk_id)
        assert chunk.text[citation.start - chunk.start : citation.end - chunk.start] == citation.quote


def test_a_citation_names_its_document_and_place():
    (citation,) = cite([grounded(0, "Leave is thirty days.")], HITS).citations
    assert (citation.version, citation.title, citation.uri) == ("v1", "Leave", "h/leave.md")
    assert (citation.page, citation.heading_path, citation.start, citation.end) == (3, ("A", "B"), 50, 71)


def test_one_quote_is_cited_once():
    cited = cite([grounded(0, "Leave is thirty days."), grounded(0, "Leave is thirty days.")], HITS)
    assert len(cited.citations) == 1
    assert cited.text == "Leave is thirty days. [1] Leave is thirty days. [1]"


def test_a_sentence_that_does_not_stand_at_its_place_is_left_out():
    wrong_text = quoting("Leave is forty days.", 0, 50, 70)
    wrong_place = quoting("Leave is thirty days.", 0, 51, 72)
    before_chunk = quoting("x", 0, 0, 1)
    no_hit = quoting("Leave is thirty days.", 7, 50, 71)
    cited = cite([wrong_text, wrong_place, before_chunk, no_hit, grounded(0, "- Bring a form.")], HITS)
    assert cited.text == "Bring a form. [1]"
    assert len(cited.sentences) == len(cited.citations) == 1


def test_list_marks_and_line_breaks_are_part_of_the_quote_only():
    cited = cite([grounded(0, "It is asked for in the portal.\n- Bring a form.")], HITS)
    assert cited.sentences[0].text == "It is asked for in the portal. - Bring a form."
    assert cited.citations[0].quote == "It is asked for in the portal.\n- Bring a form."


def test_nothing_gives_an_empty_answer():
    cited = cite([], HITS)
    assert (cited.text, cited.sentences, cited.citations, cited.notices) == ("", (), (), ())
