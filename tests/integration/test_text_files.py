"""Real text, markup, data and mail files are read, in the sandbox that indexing uses."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from indexing.parsing import Parsed, Parsers, ParseTask
from rag.errors import ParseError
from rag.settings import ParsingLimits

pytestmark = pytest.mark.data

TEXTS = (".txt", ".md", ".rst", ".org", ".csv", ".tsv", ".json", ".ndjson", ".yaml", ".xml", ".xsl", ".html")
ENDINGS = (*TEXTS, ".eml", ".msg", ".bin", ".doc")
EXACT = (".rst", ".json", ".ndjson", ".yaml", ".md", ".csv", ".tsv")
FOLDERS = ("data", "devguide", "messy", "office", "peps", "web")
SAID = {
    "factbook.xml": "capital: Ottawa",
    "fake-email-attachment.eml": "Attachments: fake-attachment.txt",
    "markitdown-test_outlook_msg.msg": "This is the body of the test email message",
    "markitdown-test_rss.xml": "Ignite 2024",
    "pep-0201.rst": "This PEP describes the 'lockstep iteration' proposal.",
    "simple.ndjson": "These are a few of my favorite things:",
    "stanley-cups.tsv": "Maple Leafs",
}


@pytest.fixture(scope="module")
def found(data: Path) -> Mapping[Path, Parsed | ParseError]:
    """What becomes of each file of these families, and of what is attached to the mails."""
    folder = data / "docs" / "corpus"
    paths = sorted(path for each in FOLDERS for path in (folder / each).iterdir() if path.suffix in ENDINGS)
    tasks = [ParseTask(path, path.name, path.stat().st_size) for path in paths]
    with Parsers(ParsingLimits()) as parsers:
        outcomes = list(parsers.parse_all(tasks))
        mails = [(task, parsed) for task, parsed in outcomes if isinstance(parsed, Parsed)]
        inside = [ParseTask(task.path, task.relative, 0, name) for task, parsed in mails for name in parsed.attachments]
        outcomes += parsers.parse_all(inside)
    return {task.path / task.member: outcome for task, outcome in outcomes}


def test_every_sound_file_is_read(found: Mapping[Path, Parsed | ParseError]) -> None:
    refused = {path.name for path, each in found.items() if isinstance(each, ParseError) and "messy" not in path.parts}
    assert refused == {"simple.doc"}
    texts = {path.name: each.text for path, each in found.items() if isinstance(each, Parsed)}
    assert not [name for name, said in SAID.items() if said not in texts[name]]


def test_the_text_of_plain_formats_is_the_files_own(found: Mapping[Path, Parsed | ParseError]) -> None:
    exact = {path: each for path, each in found.items() if path.suffix in EXACT and path.parent.name != "messy"}
    assert len(exact) > 30
    different = [
        path.name
        for path, each in exact.items()
        if isinstance(each, Parsed) and each.text != path.read_bytes().decode("utf-8-sig")
    ]
    assert different == []


def test_blocks_of_new_formats_cover_all_text(found: Mapping[Path, Parsed | ParseError]) -> None:
    new = (".rst", ".json", ".ndjson", ".yaml", ".xml", ".xsl", ".eml", ".msg")
    read = [each for path, each in found.items() if path.suffix in new and isinstance(each, Parsed)]
    assert len(read) > 40
    for each in read:
        inside = "".join(each.text[block.start : block.end] for block in each.blocks)
        assert "".join(inside.split()) == "".join(each.text.split())


def test_sections_of_real_restructured_text_are_found(found: Mapping[Path, Parsed | ParseError]) -> None:
    peps = [each for path, each in found.items() if path.parent.name == "peps" and isinstance(each, Parsed)]
    headings = [sum(block.kind == "heading" for block in each.blocks) for each in peps]
    assert len(peps) == 16
    assert min(headings) >= 5
