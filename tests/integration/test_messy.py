"""Every bad and awkward file of the development data ends as the list beside them says, in the sandbox of indexing."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, Field

from indexing.chunking import chunk_document
from indexing.identity import document_id
from indexing.parsing import Parsed, Parsers, ParseTask
from indexing.quality import Verdict, judge
from rag.adapters.onnx import OnnxEmbedder
from rag.config import IndexConfig
from rag.errors import ParseError
from rag.settings import ParsingLimits
from rag.types import Document

pytestmark = pytest.mark.data

SEARCHABLE = ("indexed", "flagged")


class Expected(BaseModel, extra="forbid"):
    """How a file should end."""

    state: str
    contains: list[str] = Field(default=[])
    absent: list[str] = Field(default=[])
    reason_contains: list[str] = Field(default=[])


def ended(found: Parsed | ParseError) -> tuple[Verdict, str]:
    """Return the verdict on a file, and its text where it is searchable."""
    if isinstance(found, ParseError):
        return Verdict("rejected", str(found)), ""
    verdict = judge(found)
    return verdict, found.text if verdict.state in SEARCHABLE else ""


def faults(found: Parsed | ParseError, expected: Expected) -> list[str]:
    """Return in what a file's end differs from what was expected."""
    verdict, text = ended(found)
    shown = " ".join(text.split())
    states = {"indexed": SEARCHABLE, "flagged": ("flagged", "held", "rejected"), "rejected": ("held", "rejected")}
    wanted = states.get(expected.state, (*SEARCHABLE, "held", "rejected"))
    said = [] if verdict.state in wanted else [f"{verdict.state}, not {expected.state}: {verdict.reason}"]
    if verdict.state in SEARCHABLE:
        said += [f"lacks {each!r}" for each in expected.contains if " ".join(each.split()) not in shown]
        if not (expected.state == "flagged" and verdict.state == "flagged"):
            said += [f"shows {each!r}" for each in expected.absent if each in text]
        said += [] if shown else ["is empty"]
    elif expected.reason_contains and not any(
        each in (verdict.reason or "").lower() for each in expected.reason_contains
    ):
        said.append(f"gives the reason {verdict.reason!r}")
    said += [] if verdict.state == "indexed" or verdict.reason else ["has no reason"]
    return said


@pytest.fixture(scope="module")
def messy(data: Path) -> Mapping[str, Parsed | ParseError]:
    paths = sorted((data / "docs" / "corpus" / "messy").iterdir())
    with Parsers(ParsingLimits()) as parsers:
        outcomes = parsers.parse_all(ParseTask(path, path.name, path.stat().st_size) for path in paths)
        return {task.relative: outcome for task, outcome in outcomes}


@pytest.fixture(scope="module")
def expected(data: Path) -> Mapping[str, Expected]:
    listed = yaml.safe_load((data / "docs" / "expected.yaml").read_text(encoding="utf-8"))
    return {name: Expected(**content) for name, content in listed.items()}


def test_every_file_is_listed(messy: Mapping[str, Parsed | ParseError], expected: Mapping[str, Expected]) -> None:
    assert len(messy) == 56
    assert messy.keys() == expected.keys()


def test_every_file_ends_as_the_list_says(
    messy: Mapping[str, Parsed | ParseError], expected: Mapping[str, Expected]
) -> None:
    found = {name: faults(outcome, expected[name]) for name, outcome in messy.items()}
    assert not {name: said for name, said in found.items() if said}


def test_pages_of_citations_are_right_past_empty_pages(messy: Mapping[str, Parsed | ParseError]) -> None:
    paper = messy["layout-parser-paper-with-empty-pages.pdf"]
    assert isinstance(paper, Parsed)
    assert {block.page for block in paper.blocks} == {1, 4}


def test_two_columns_are_read_one_after_the_other(messy: Mapping[str, Parsed | ParseError]) -> None:
    paper = messy["multi-column-2p.pdf"]
    assert isinstance(paper, Parsed)
    found = [
        paper.text.index(each)
        for each in (
            "Open-domain question answering relies on efficient passage retrieval",
            "a huge performance degradation is often observed in practice",
            "Retrieval in open-domain QA is usually implemented using TF-IDF",
            "QA datasets, it also suffers from two weaknesses.",
        )
    ]
    assert found == sorted(found)


def test_rows_stay_together(messy: Mapping[str, Parsed | ParseError]) -> None:
    numbers, sparse = messy["all-number-table.pdf"], messy["SPARSE-2024-INV-1234_borderless_table.pdf"]
    assert isinstance(numbers, Parsed)
    assert isinstance(sparse, Parsed)
    assert "1200.01 11\n1400.01 13\n" in numbers.text
    assert re.search(r"(?m)^SKU-4563 D-22 156 CRITICAL$", sparse.text)


def test_chunks_are_slices_of_their_documents_and_within_the_limit(
    messy: Mapping[str, Parsed | ParseError], embedder: OnnxEmbedder
) -> None:
    for name, found in messy.items():
        if isinstance(found, Parsed):
            document = Document(
                document_id("messy", name), "1", name, found.title, found.type, found.text, found.blocks
            )
            chunked = chunk_document(document, IndexConfig(), embedder.count_tokens, embedder.max_tokens)
            assert all(each.text == found.text[each.start : each.end] for each in chunked.chunks)
            assert sum(each.tokens > chunked.limit for each in chunked.chunks) == chunked.oversized, name
