"""Texts of a saved ranking: of the very version that was ranked, or none."""

from dataclasses import replace
from pathlib import Path

import orjson

from evals.evalset import Reference
from evals.read_places import Texts, gold_of
from evals.run import RankedPlace
from indexing.identity import chunk_id, document_id
from rag.types import Document

URI, INDEX = "handbook/leave.md", "index"
TEXT = "Parents receive 26 weeks. Others receive 25 days."
ID = document_id("handbook", "leave.md")
DOCUMENT = Document(id=ID, version="v1", uri=URI, title="Leave", type="md", text=TEXT, blocks=())
PLACE = RankedPlace(id=chunk_id(ID, "v1", INDEX, 0, 25), doc=URI, start=0, end=25)
GOLD = Reference("leave.md", 16, 24, "26 weeks")


def texts(document: Document | None) -> Texts:
    return Texts(INDEX, lambda id_: document if id_ == ID else None, [PLACE])


def test_a_place_has_its_text_with_the_truth_marked() -> None:
    read = texts(DOCUMENT).read(PLACE, [GOLD])
    assert read.text == "Parents receive 26 weeks."
    assert read.marks == ((16, 24),)


def test_another_version_of_the_document_is_not_taken_for_it() -> None:
    assert texts(replace(DOCUMENT, version="v2")).read(PLACE, [GOLD]).text is None
    assert texts(None).read(PLACE, [GOLD]).text is None


def test_truth_that_says_something_else_is_not_marked() -> None:
    moved = [replace(GOLD, start=15, end=23), replace(GOLD, doc="other.md")]
    assert texts(DOCUMENT).read(PLACE, moved).marks == ()


def test_a_span_that_is_cut_is_marked_as_far_as_it_goes() -> None:
    across = Reference("leave.md", 16, 32, TEXT[16:32])
    assert texts(DOCUMENT).read(PLACE, [across]).marks == ((16, 25),)


def test_a_case_that_asks_something_else_by_now_has_no_truth(tmp_path: Path) -> None:
    line = {"id": "a", "question": "How long?", "references": [{"doc": "l.md", "start": 0, "end": 2, "text": "26"}]}
    path = tmp_path / "set.jsonl"
    path.write_bytes(orjson.dumps(line))
    assert [each.text for each in gold_of(str(path), "a", "How long?")] == ["26"]
    assert gold_of(str(path), "a", "How short?") == ()
    assert gold_of(str(tmp_path / "absent"), "a", "How long?") == gold_of("", "a", "How long?") == ()


def test_a_document_that_is_not_there_or_may_not_be_read_is_not_known() -> None:
    assert texts(DOCUMENT).read(PLACE).is_known
    assert texts(replace(DOCUMENT, version="v2")).read(PLACE).is_known
    assert not texts(None).read(PLACE).is_known
