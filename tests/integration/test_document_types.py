"""Types from file to filter: detected, stated, ruled, shown with what decided, and cut accordingly."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from indexing.listing import documents
from rag.settings import Settings
from tests.conftest import age, build, indexing, plumbline, write

FAQ = "\n\n".join(f"## How much is berth {n}?\n\nIt costs {n} euro." for n in range(4))
FILES = {
    "berths.md": FAQ,
    "runbook.md": f"---\ntype: runbook\n---\n\n{FAQ}",
    "ships.html": "<html><body><p>Three ships lay in the harbour, and nobody knew whose.</p></body></html>",
    "list.csv": "ship,berth\nAda,4\nEve,5\n",
}


def described(settings: Settings) -> dict[str, Mapping[str, object]]:
    with indexing(settings) as index:
        found = documents(index.shop, ())["documents"]
    return {each["uri"].split("/")[-1]: each for each in found}


def sources(folder: Path, file: Path, *rules: dict[str, object]) -> Path:
    spec = {"name": "harbour", "path": str(folder), "rules": list(rules)}
    file.write_text(yaml.safe_dump({"sources": [spec]}))
    return file


def test_each_document_says_its_type_what_decided_it_and_its_format(settings: Settings, tmp_path: Path) -> None:
    build(settings, write(tmp_path / "harbour", FILES))
    found = {name: (each["type"], each["type_rule"], each["format"]) for name, each in described(settings).items()}
    assert found == {
        "berths.md": ("faq", "questions", "markdown"),
        "runbook.md": ("runbook", "stated", "markdown"),
        "ships.html": ("web_page", "web_format", "html"),
        "list.csv": ("table", "sheet_format", "csv"),
    }


def test_the_list_of_documents_says_what_decided(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    build(settings, write(tmp_path / "harbour", FILES))
    printed = plumbline(settings.home, "index", "documents").stdout
    assert all(rule in printed for rule in ("questions", "stated", "web_format", "sheet_format"))


def test_a_faq_has_a_chunk_for_each_question(settings: Settings, tmp_path: Path) -> None:
    build(settings, write(tmp_path / "harbour", FILES))
    found = described(settings)
    assert (found["berths.md"]["chunks"], found["runbook.md"]["chunks"]) == (4, 1)


def test_a_rule_of_the_source_decides_and_without_it_the_document_does_again(
    settings: Settings, tmp_path: Path
) -> None:
    folder, file = write(tmp_path / "harbour", FILES), tmp_path / "sources.yaml"
    age(folder)
    shown = []
    for rules in ([{"match": "berths.md", "type": "manual"}], []):
        report = build(settings, sources_file=sources(folder, file, *rules))
        each = described(settings)["berths.md"]
        shown.append((each["type"], each["type_rule"], each["format"], each["chunks"]))
    assert shown == [("manual", "source_rule", "markdown", 1), ("faq", "questions", "markdown", 4)]
    assert report.files.read == 0
