"""Mails and what is attached to them, in a real index: found, read again, removed and excluded together."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from indexing.identity import document_id
from indexing.listing import documents
from indexing.report import Report
from rag.errors import UsageError
from rag.settings import Settings
from tests.conftest import age, build, indexing, refresh, texts_found
from tests.mails import crowded, eml, mail, nested

PRICES = b"item,price\nHV-400 probe,1290 euro\nwiper set,48 euro\n"
NOTE = b"The deposit for a rental probe is 300 euro.\n"
MAIL, TABLE, NOTED = "docs/order.eml", "docs/order.eml!/prices.csv", "docs/order.eml!/note.txt"
ORDER = eml(files={"prices.csv": PRICES, "note.txt": NOTE})


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put(tmp_path / "docs", {"order.eml": ORDER, "other.txt": b"Parking is free for guests.\n"})


@pytest.fixture
def home(settings: Settings, folder: Path) -> Settings:
    build(settings, folder)
    age(folder)
    refresh(settings)
    return settings


def states(settings: Settings) -> dict[str, str]:
    with indexing(settings) as index:
        assert index.verify().ok
        return {each["uri"]: each["state"] for each in documents(index.shop, [])["documents"]}


def found(settings: Settings, *roles: str) -> str:
    return " ".join(texts_found(settings, "probe price deposit rental parking", *roles))


def counts(report: Report) -> tuple[int, int, int, int]:
    each = report.documents
    return each.added, each.changed, each.unchanged, each.removed


def test_an_attachment_is_a_document_of_its_own_that_names_its_mail(home: Settings) -> None:
    assert states(home) == dict.fromkeys([MAIL, TABLE, NOTED, "docs/other.txt"], "indexed")
    with indexing(home) as index:
        listed = {each["uri"]: each for each in documents(index.shop, [])["documents"]}
    assert listed[TABLE]["id"] == document_id("docs", "order.eml!/prices.csv")
    assert listed[TABLE]["title"] == "prices (attached to: Probe order)"
    assert "Attachments: prices.csv, note.txt" in found(home)
    assert "HV-400 probe,1290 euro" in found(home)


def test_nothing_of_an_unchanged_mail_is_opened(home: Settings) -> None:
    report = refresh(home)
    assert (counts(report), report.files.read, report.embedded) == ((0, 0, 4, 0), 0, 0)
    assert refresh(home, verify_hashes=True).documents.unchanged == 4


def test_a_changed_mail_changes_adds_and_removes_its_attachments_with_it(home: Settings, folder: Path) -> None:
    put(folder, {"order.eml": eml(files={"prices.csv": PRICES.replace(b"1290", b"1390"), "new.md": b"# New\n\nText."})})
    report = refresh(home)
    assert (counts(report), report.files.read) == ((1, 2, 1, 1), 1)
    assert states(home).keys() == {MAIL, TABLE, "docs/order.eml!/new.md", "docs/other.txt"}
    assert "1390 euro" in found(home)
    assert "1290" not in found(home)
    assert "deposit" not in found(home)


def test_attachments_of_a_removed_mail_are_gone(home: Settings, folder: Path) -> None:
    (folder / "order.eml").unlink()
    assert counts(refresh(home)) == (0, 0, 1, 3)
    assert states(home).keys() == {"docs/other.txt"}


def test_an_attachment_has_the_roles_of_its_mail(settings: Settings, folder: Path, tmp_path: Path) -> None:
    age(folder)
    rules = tmp_path / "sources.yaml"
    rules.write_text("sources: [{name: docs, path: docs, rules: [{match: '*.eml', roles: [hr]}]}]")
    build(settings, sources_file=rules)
    assert "deposit" not in found(settings)
    assert "deposit" in found(settings, "hr")
    rules.write_text("sources: [{name: docs, path: docs, rules: [{match: '*.eml', roles: [sales], type: order}]}]")
    report = build(settings, sources_file=rules)
    assert (report.files.read, report.documents.changed) == (0, 3)
    assert "deposit" not in found(settings, "hr")
    assert "deposit" in found(settings, "sales")


@pytest.mark.parametrize(
    ("mail", "rule", "readers"),
    [
        ("public", "[hr]", ["hr"]),
        ("hr", "[public]", ["hr"]),
        ("hr, sales", "[sales, it]", ["sales"]),
        ("hr", "[it]", ["hr"]),
    ],
)
def test_a_rule_narrows_who_may_read_an_attachment_and_never_widens_it(
    settings: Settings, folder: Path, tmp_path: Path, mail, rule, readers
) -> None:
    rules = f"[{{match: 'note*', roles: {rule}}}, {{match: '*.eml', roles: [{mail}]}}]"
    (tmp_path / "sources.yaml").write_text(f"sources: [{{name: docs, path: docs, rules: {rules}}}]")
    build(settings, sources_file=tmp_path / "sources.yaml")
    assert [role for role in ("public", "hr", "sales", "it") if "deposit" in found(settings, role)] == readers


def test_an_attachment_that_cannot_be_read_is_listed_with_its_reason(settings: Settings, folder: Path) -> None:
    files = {"broken.pdf": b"%PDF-1.4 nothing", "tool.exe": b"MZ\0\0", "note.txt": NOTE}
    report = build(settings, put(folder, {"order.eml": eml(files=files)}))
    reasons = {problem.uri: problem.reason for problem in report.problems}
    assert "not a format that can be indexed" in reasons["docs/order.eml!/tool.exe"]
    assert states(settings)["docs/order.eml!/broken.pdf"] == "rejected"
    assert "deposit" in found(settings)


def test_a_mail_that_cannot_be_read_any_more_leaves_itself_and_its_attachments_as_they_were(
    home: Settings, folder: Path
) -> None:
    put(folder, {"order.eml": b"\0\1\2\3" * 64})
    report = refresh(home)
    assert (counts(report), len(report.problems)) == ((0, 0, 3, 0), 1)
    assert "deposit" in found(home)
    put(folder, {"order.eml": ORDER})
    assert counts(refresh(home)) == (0, 3, 1, 0)


def test_an_attachment_can_be_excluded_and_taken_back_by_itself(home: Settings, folder: Path) -> None:
    with indexing(home) as index:
        index.exclude(index.document_at(NOTED), "out of date")
    assert "deposit" not in found(home)
    put(folder, {"order.eml": eml("Probe order again", files={"prices.csv": PRICES, "note.txt": NOTE})})
    assert counts(refresh(home)) == (0, 2, 1, 0)
    assert states(home)[NOTED] == "excluded"
    with indexing(home) as index:
        index.include(index.document_at(NOTED))
    assert "deposit" in found(home)
    assert refresh(home).documents.unchanged == 4


def test_with_a_mail_its_attachments_are_excluded_and_come_back(home: Settings) -> None:
    with indexing(home) as index:
        index.exclude(index.document_at(MAIL))
    assert states(home) == {MAIL: "excluded", "docs/other.txt": "indexed"}
    assert refresh(home).documents.excluded == 1
    with indexing(home) as index:
        index.include(index.document_at(MAIL))
    assert set(states(home).values()) == {"indexed"}


def test_an_attachment_is_not_taken_back_from_a_mail_that_is_excluded(home: Settings) -> None:
    with indexing(home) as index:
        index.exclude(index.document_at(NOTED))
        index.exclude(index.document_at(MAIL))
        with pytest.raises(UsageError, match=r"Its mail docs/order\.eml is excluded"):
            index.include(index.document_at(NOTED))
        index.include(index.document_at(MAIL))
    assert (states(home)[NOTED], states(home)[TABLE]) == ("excluded", "indexed")


def test_reading_a_mail_anew_reads_its_attachments_anew(home: Settings) -> None:
    with indexing(home) as index:
        assert counts(index.reindex(index.document_at(MAIL))) == (0, 3, 0, 0)
        assert counts(index.reindex(index.document_at(TABLE))) == (0, 1, 0, 0)
    assert "1290 euro" in found(home)


def test_patterns_take_attachments_out(settings: Settings, folder: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources: [{name: docs, path: docs, exclude: ['*.csv']}]")
    build(settings, sources_file=sources)
    assert states(settings).keys() == {MAIL, NOTED, "docs/other.txt"}
    sources.write_text("sources: [{name: docs, path: docs, exclude: ['*.csv', '**/note.txt']}]")
    build(settings, sources_file=sources)
    assert states(settings).keys() == {MAIL, "docs/other.txt"}


def test_attachments_come_back_when_no_pattern_takes_them_out_any_more(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources: [{name: docs, path: docs, exclude: ['*.csv', '**/note.txt']}]")
    build(settings, sources_file=sources)
    sources.write_text("sources: [{name: docs, path: docs, exclude: ['*.csv']}]")
    assert counts(build(settings, sources_file=sources)) == (1, 1, 1, 0)
    assert states(settings).keys() == {MAIL, NOTED, "docs/other.txt"}
    assert refresh(settings).documents.changed == 0


def test_a_pattern_that_takes_a_mail_out_of_a_mail_takes_what_lies_in_it(settings: Settings, tmp_path: Path) -> None:
    put(tmp_path / "docs", {"deep.eml": nested(2).as_bytes()})
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources: [{name: docs, path: docs}]")
    assert build(settings, sources_file=sources).documents.added == 3
    sources.write_text("sources: [{name: docs, path: docs, exclude: ['**/Level 1.eml']}]")
    build(settings, sources_file=sources)
    assert states(settings).keys() == {"docs/deep.eml"}


def test_mails_in_mails_are_opened_three_deep(settings: Settings, tmp_path: Path) -> None:
    report = build(settings, put(tmp_path / "docs", {"deep.eml": nested(100).as_bytes()}))
    path = "docs/deep.eml!/Level 1.eml!/Level 2.eml!/Level 3.eml"
    assert (report.documents.added, states(settings)[path]) == (4, "flagged")
    assert "Text of level 3." in " ".join(texts_found(settings, "Text of level 3"))


def test_of_ten_thousand_attachments_the_first_hundred_are_read(settings: Settings, tmp_path: Path) -> None:
    report = build(settings, put(tmp_path / "docs", {"many.eml": crowded(10_000)}))
    assert report.documents.added == 101
    assert states(settings)["docs/many.eml"] == "flagged"


def test_a_file_keeps_its_name_where_an_attachment_would_have_the_same(settings: Settings, folder: Path) -> None:
    put(folder, {"order.eml!/note.txt": b"A file of its own about a rental probe.\n"})
    report = build(settings, folder)
    assert [problem.uri for problem in report.problems] == [NOTED]
    assert "A file of its own" in found(settings)
    assert counts(refresh(settings, verify_hashes=True)) == (0, 0, 4, 0)


def test_attachments_of_attached_mails_follow_their_mail(settings: Settings, folder: Path) -> None:
    inner = mail("Quote", "See the note.\n", files={"note.txt": NOTE})
    build(settings, put(folder, {"order.eml": mail("Fwd: Quote", files={"": inner}).as_bytes()}))
    deep = "docs/order.eml!/Quote.eml!/note.txt"
    assert deep in states(settings)
    put(folder, {"order.eml": mail("Fwd: Quote", files={"": mail("Quote", "No note any more.\n")}).as_bytes()})
    assert counts(refresh(settings)) == (0, 2, 1, 1)
    assert deep not in states(settings)


def test_a_publish_after_each_document_never_parts_a_mail_from_its_attachments(
    settings: Settings, folder: Path
) -> None:
    put(folder, {"second.eml": eml("Second", files={"a.txt": b"Alpha text.\n"})})
    build(settings, folder)
    put(folder, {"order.eml": eml("Changed"), "second.eml": eml("Changed too", files={"a.txt": b"Beta text.\n"})})
    report = refresh(settings, publish_every=1)
    assert report.documents.removed == 2
    assert states(settings).keys() == {MAIL, "docs/second.eml", "docs/second.eml!/a.txt", "docs/other.txt"}
