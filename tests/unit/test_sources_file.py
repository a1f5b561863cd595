"""A sources file says exactly what is meant, or says where it does not."""

import unicodedata
from pathlib import Path

import pytest

from indexing.sources import walk
from indexing.sources_file import load_sources
from rag.errors import UsageError


@pytest.fixture
def load(tmp_path: Path):
    (tmp_path / "docs").mkdir()

    def load_with(fields: str):
        (tmp_path / "sources.yaml").write_text(f"sources: [{{name: docs, path: docs, {fields}}}]\n", encoding="utf-8")
        return load_sources(tmp_path / "sources.yaml")[0]

    return load_with


def test_the_first_rule_that_matches_decides_and_what_it_leaves_open_the_source_says(load):
    spec = load(
        "roles: [staff], language: en, owner: all, rules: ["
        "{match: 'hr/pay/**', roles: [board], type: contract},"
        "{match: 'hr/**', roles: [hr], owner: people, language: de, tags: [private]},"
        "{match: '*.csv', type: table}]"
    )
    pay, hr, table, other = map(spec.rule_for, ["hr/pay/a.csv", "hr/b.csv", "sales/c.csv", "sales/d.md"])
    assert (pay.roles, pay.type, pay.owner, pay.tags) == (("board",), "contract", "all", ())
    assert (hr.roles, hr.type, hr.owner, hr.language, hr.tags) == (("hr",), None, "people", "de", ("private",))
    assert (table.roles, table.type, table.language) == (("staff",), "table", "en")
    assert (other.roles, other.type) == (("staff",), None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("schedule: hourly", "schedule"),
        ("schedule: '61 * * * *'", r"schedule: '61 \* \* \* \*' is no cron expression"),
        ("freshness: soon", "freshness: .*number and one of s, m, h, d, w"),
        ("freshness: 0h", "freshness: .*number"),
        ("language: English", "language: 'English' is no language code"),
        ("roles: hr", r"roles: .*must be a list, such as \[hr\]"),
        ("roles: ['hr, it']", "roles: 'hr, it' cannot be a role"),
        ("roles: ['*']", r"roles: '\*' cannot be a role"),
        ("include: '*.md'", "include: .*must be a list"),
        ("include: ['']", "include and exclude: '' matches no file"),
        ("exclude: ['!']", "include and exclude: '!' is no pattern"),
        ("rules: [{match: '', roles: [hr]}]", "rules.1.match: '' matches no file"),
        ("rules: [{match: 'a/**', type: x}, {match: 'b/**', roles: []}]", "rules.2.roles: name at least one role"),
        ("rules: [{match: 'a/**'}]", "rules.1: it decides nothing"),
        ("rules: [{match: './hr/**', roles: [hr]}]", r"rules.1.match: './hr/\*\*' matches no file"),
        ("rules: [{match: '../hr/**', roles: [hr]}]", r"rules.1.match: '../hr/\*\*' matches no file"),
        ("rules: [{match: 'hr//pay.md', roles: [hr]}]", "rules.1.match: 'hr//pay.md' matches no file"),
        (r"rules: [{match: 'hr\pay', roles: [hr]}]", "rules.1.match: .*matches no file"),
        ("rules: [{match: '!hr/**', roles: [hr]}]", "rules.1.match: .*matches no file; of the rules"),
        ("exclude: ['./drafts/**']", "include and exclude: './drafts/.*' matches no file"),
        ("rules: [{match: 'a/**', role: [hr]}]", "rules.0.role: Extra inputs"),
        ("owners: me", "owners: Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(load, fields, said):
    with pytest.raises(UsageError, match=rf"Source 1 of .*sources\.yaml cannot be used: .*{said}"):
        load(fields)


def test_a_name_that_stands_twice_and_a_folder_that_is_not_there_are_refused(tmp_path):
    (tmp_path / "docs").mkdir()
    file = tmp_path / "sources.yaml"
    file.write_text("sources: [{name: docs, path: docs}, {name: docs, path: docs}]\n")
    with pytest.raises(UsageError, match="names docs twice"):
        load_sources(file)
    file.write_text("sources: [{name: docs, path: nowhere}]\n")
    with pytest.raises(UsageError, match="nowhere does not exist"):
        load_sources(file)


@pytest.mark.parametrize(("written", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_patterns_hold_in_whichever_unicode_form_they_and_the_names_on_disk_are_written(
    load, tmp_path, written, on_disk
):
    pattern = unicodedata.normalize(written, "Entwürfe/**")
    folder = tmp_path / "docs" / unicodedata.normalize(on_disk, "Entwürfe")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "draft.md").write_text("A draft.\n", encoding="utf-8")
    assert walk(load(f"exclude: ['{pattern}']")).files == []
    assert len(walk(load(f"include: ['{pattern}']")).files) == 1
    (file,) = walk(load("")).files
    assert load(f"rules: [{{match: '{pattern}', roles: [board]}}]").rule_for(file.relative).roles == ("board",)


def test_a_field_that_stands_twice_is_refused(load):
    with pytest.raises(UsageError, match="`roles` stands twice"):
        load("roles: [hr], roles: [public]")
