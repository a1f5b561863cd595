"""Files made to break parsers: each costs itself only, in bounded time, and next to no memory of the indexer."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rag.settings import Settings
from tests.conftest import REPOSITORY, plumbline, texts_found
from tests.integration import bombs

MAIN_PARTS = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "epub": "META-INF/container.xml",
}
# Parses the files of a folder one by one; prints what became of each, and how much memory this process grew by.
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from indexing.parsing import Parsers, ParseTask
from rag.settings import ParsingLimits

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

def task(path):
    return ParseTask(path, path.name, path.stat().st_size)

folder, outcomes = Path(sys.argv[1]), {}
with Parsers(ParsingLimits(timeout_s=float(sys.argv[2]))) as parsers:
    list(parsers.parse_all([task(folder / "good.txt")]))
    before = peak()
    for path in sorted(folder.iterdir()):
        started = time.monotonic()
        ((_, found),) = parsers.parse_all([task(path)])
        text = getattr(found, "text", None)
        outcomes[path.name] = [text if text is None else text[:200], str(found)[:300], time.monotonic() - started]
print(json.dumps({"outcomes": outcomes, "grown": peak() - before}))
"""


def written(folder: Path) -> Path:
    """Write all bombs, and two good files."""
    files = {
        "good.txt": b"The good file is read.",
        "z last.md": b"# Last\n\nThe last file is read too.",
        "nested streams.pdf": bombs.nested_streams(),
        "pixel flood.pdf": bombs.pixel_flood(),
        "doubling forms.pdf": bombs.doubling_forms(),
        "endless pages.pdf": bombs.endless_pages(),
        "deep pages.pdf": bombs.deep_pages(),
        "deep array.pdf": bombs.deep_array(),
        "deep.html": b"<div>" * 100_000 + b"x",
        "laughs.html": bombs.LAUGHS + b"<p>plain words</p>",
        **{f"swollen.{ending}": bombs.swollen(part) for ending, part in MAIN_PARTS.items()},
        **{f"laughs.{ending}": bombs.laughing(part) for ending, part in MAIN_PARTS.items()},
    }
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("bombs") / "files")


REASONS = {
    r"nested streams\.pdf|doubling forms\.pdf": "needs more than 2 GB of memory|took longer than|no page has text",
    r"pixel flood\.pdf": "no text layer",
    r"(endless|deep) pages\.pdf": "damaged PDF|1 to 20000 can be read",
    r"deep array\.pdf": "no page has text|nested too deeply|damaged PDF",
    r"deep\.html": "nested too deeply",
    r"swollen\..*": "archive bomb",
    r"laughs\.(docx|xlsx|pptx|odt|epub)": "XML entities",
}


def test_each_bomb_is_refused_with_its_reason_in_time_and_the_indexer_does_not_grow(folder: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(folder), "50"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True, timeout=280)
    said = json.loads(done.stdout)
    outcomes = said["outcomes"]
    harmless = {"good.txt", "z last.md", "laughs.html"}
    assert {name for name, (text, _, _) in outcomes.items() if text is not None} == harmless
    assert "haha" not in outcomes["laughs.html"][0]
    for name, (_, reason, seconds) in outcomes.items():
        assert seconds <= 60, name
        if name not in harmless:
            (expected,) = [each for pattern, each in REASONS.items() if re.fullmatch(pattern, name)]
            assert re.search(expected, reason), (name, reason)
    assert said["grown"] <= 64


def test_the_rest_of_a_folder_with_bombs_is_indexed(folder: Path, settings: Settings) -> None:
    done = plumbline(settings.home, "index", "build", str(folder), "--json", timeout=280)
    assert done.returncode == 5, done.stderr
    report = json.loads(done.stdout)
    assert report["documents"]["added"] == 3
    assert all(problem["reason"] for problem in report["problems"])
    assert len(report["problems"]) == len(list(folder.iterdir())) - 3
    assert "The last file is read too." in " ".join(texts_found(settings, "Which file is read last?"))
