"""Real Office files are read, in the sandbox that indexing uses."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from indexing.parsing import Parsed, Parsers, ParseTask
from rag.errors import ParseError
from rag.settings import ParsingLimits

pytestmark = pytest.mark.data

ENDINGS = (".docx", ".pptx", ".xlsx", ".xls", ".odt", ".rtf", ".epub")
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


@pytest.fixture(scope="module")
def office(data: Path) -> Mapping[str, Parsed | ParseError]:
    """What becomes of each file of the families."""
    paths = sorted(path for path in (data / "docs" / "corpus" / "office").iterdir() if path.suffix in ENDINGS)
    with Parsers(ParsingLimits()) as parsers:
        outcomes = parsers.parse_all(ParseTask(path, path.name, path.stat().st_size) for path in paths)
        return {task.relative: outcome for task, outcome in outcomes}


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
