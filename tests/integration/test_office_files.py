"""Real Office files, sound and awkward: each ends as the list beside them says, in the sandbox that indexing uses."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from indexing.parsing import Parsed, Parsers, ParseTask
from indexing.quality import judge
from rag.errors import ParseError
from rag.settings import ParsingLimits

pytestmark = pytest.mark.data

ENDINGS = (".docx", ".pptx", ".xlsx", ".xls", ".odt", ".rtf", ".epub")
STATES = {"indexed": ("indexed", "flagged"), "rejected": ("rejected",)}
# What a reader finds in sound files, at some depth: list numbers, tables, slides, later sheets and chapters.
SAID = {
    "2023-half-year-analyses-by-segment.xlsx": "Zone NA | 12553 | 2713",
    "example-list-items-multiple.docx": "(a) This is simply dummy text",
    "fake-doc.rtf": "Row 2, Cell 1 | Row 2, Cell 2",
    "fake-power-point-table.pptx": "Tangerine | Pink | Aqua",
    "markitdown-test.epub": "Chapter 2: More Content",
    "markitdown-test.pptx": "This is a nested shape with content in 2 shapes",
    "markitdown-test.xls": "13 | 14 | 15 | affc7dad-52dc-4b98-9b5d-51e65d8a8ad0",
    "markitdown-test.xlsx": "13 | 14 | 15 | affc7dad-52dc-4b98-9b5d-51e65d8a8ad0",
    "simple.odt": "These are a few of my favorite things:",
    "stanley-cups.xlsx": "Maple Leafs | TOR | 13",
    "tests-example.xls": "Abbreviation | Question Type",
    "vodafone.xlsx": "Topic | Period | Page",
    "winter-sports.epub": "Winter Sports in Switzerland",
}


class Expected(BaseModel):
    """How a file should end."""

    state: str
    contains: list[str] = []
    absent: list[str] = []
    reason_contains: list[str] = []


def parsed(folder: Path) -> Mapping[str, Parsed | ParseError]:
    """Return what becomes of each file of the families in a folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    with Parsers(ParsingLimits()) as parsers:
        outcomes = parsers.parse_all(ParseTask(path, path.name, path.stat().st_size) for path in paths)
        return {task.relative: outcome for task, outcome in outcomes}


@pytest.fixture(scope="module")
def office(data: Path) -> Mapping[str, Parsed | ParseError]:
    return parsed(data / "docs" / "corpus" / "office")


@pytest.fixture(scope="module")
def messy(data: Path) -> Mapping[str, Parsed | ParseError]:
    return parsed(data / "docs" / "corpus" / "messy")


def test_every_sound_file_is_read(office: Mapping[str, Parsed | ParseError]) -> None:
    assert len(office) == 28
    texts = {name: found.text for name, found in office.items() if isinstance(found, Parsed)}
    assert office.keys() == texts.keys()
    assert not [name for name, text in texts.items() if not text.strip()]
    assert not [name for name, said in SAID.items() if said.lower() not in texts[name].lower()]


def test_blocks_are_in_order_and_cover_all_text(office: Mapping[str, Parsed | ParseError]) -> None:
    for name, found in office.items():
        assert isinstance(found, Parsed)
        between = re.sub(r"\s", "", found.text)
        inside = re.sub(r"\s", "", "".join(found.text[block.start : block.end] for block in found.blocks))
        assert between == inside, name


def test_every_awkward_file_ends_as_it_should(data: Path, messy: Mapping[str, Parsed | ParseError]) -> None:
    listed = yaml.safe_load((data / "docs" / "expected.yaml").read_text(encoding="utf-8"))
    expected = {name: Expected(**listed[name]) for name in messy}
    assert len(messy) == 6
    assert not [(name, found) for name, found in messy.items() if not ends_as_it_should(found, expected[name])]


def ends_as_it_should(found: Parsed | ParseError, expected: Expected) -> bool:
    """Tell whether a file's state, reason and text are those that were expected."""
    if isinstance(found, ParseError):
        state, reason, text = "rejected", str(found), ""
    else:
        verdict = judge(found)
        state, reason, text = verdict.state, verdict.reason or "", " ".join(found.text.split())
    reasons = expected.reason_contains
    if state not in STATES[expected.state] or (reasons and not any(each in reason.lower() for each in reasons)):
        return False
    return all(each in text for each in expected.contains) and not any(each in text for each in expected.absent)
