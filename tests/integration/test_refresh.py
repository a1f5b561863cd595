"""Documents in: what a build and a refresh make searchable, and what they leave alone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from indexing.build import SourceRequest
from indexing.identity import document_id
from rag.bootstrap import open_service
from rag.errors import NoIndexError, NotFoundError, UsageError
from rag.settings import Settings
from rag.types import Caller, Filter, Request
from tests.conftest import age, build, indexing, refresh, texts_found, write
from tests.postgres import ON_BOTH

pytestmark = ON_BOTH

LEAVE = "Employees have thirty days of annual leave.\n"
TRAVEL = "The hotel limit is 165 euro per night.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", {"leave.txt": LEAVE, "trips/travel.md": f"# Travel\n\n{TRAVEL}"})


def test_what_was_built_is_found(settings: Settings, folder: Path) -> None:
    report = build(settings, folder)
    assert report.documents.added == 2
    assert report.files.seen == report.files.read == 2
    assert report.embedded == report.chunks > 0
    assert any(TRAVEL.strip() in text for text in texts_found(settings, "hotel limit"))


def test_a_refresh_without_changes_opens_no_file_and_publishes_nothing(settings: Settings, folder: Path) -> None:
    age(folder)
    first = build(settings, folder)
    second = refresh(settings)
    assert (second.files.seen, second.files.read, second.embedded) == (2, 0, 0)
    assert second.documents.unchanged == 2
    assert second.revision == first.revision


def test_a_file_touched_without_a_change_is_read_but_not_embedded(settings: Settings, folder: Path) -> None:
    age(folder)
    first = build(settings, folder)
    os.utime(folder / "leave.txt")
    second = refresh(settings)
    assert (second.files.read, second.documents.unchanged, second.embedded) == (1, 2, 0)
    assert second.revision == first.revision


def test_new_changed_and_removed_documents_come_with_the_next_publish(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    write(folder, {"leave.txt": "Employees have thirty-two days of annual leave.\n", "new.txt": "Parking is free.\n"})
    (folder / "trips" / "travel.md").unlink()
    report = refresh(settings)
    counts = report.documents
    assert (counts.added, counts.changed, counts.removed) == (1, 1, 1)
    texts = " ".join(texts_found(settings, "leave hotel parking"))
    assert "thirty-two" in texts
    assert "Parking" in texts
    assert "thirty days" not in texts
    assert "hotel" not in texts


def test_a_text_that_returns_is_searchable_again_without_embedding(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    write(folder, {"leave.txt": "Something else.\n"})
    refresh(settings)
    write(folder, {"leave.txt": LEAVE})
    report = refresh(settings)
    assert report.embedded == 0
    assert LEAVE.strip() in " ".join(texts_found(settings, "annual leave"))


def test_a_renamed_file_reuses_its_vectors(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    (folder / "leave.txt").rename(folder / "trips" / "leave.txt")
    report = refresh(settings)
    assert (report.documents.added, report.documents.removed, report.embedded) == (1, 1, 0)


def test_a_bad_file_costs_one_document_and_says_why(settings: Settings, folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 this is no pdf")
    (folder / "empty.txt").write_bytes(b"")
    report = build(settings, folder)
    assert (report.documents.added, report.documents.rejected) == (2, 2)
    assert {problem.uri for problem in report.problems} == {"docs/broken.pdf", "docs/empty.txt"}
    assert all(problem.reason for problem in report.problems)


def test_a_file_that_breaks_keeps_its_former_version_searchable(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    (folder / "leave.txt").write_bytes(b"\x00\x01\x02")
    report = refresh(settings)
    assert report.documents.rejected == 1
    assert LEAVE.strip() in " ".join(texts_found(settings, "annual leave"))


def test_a_source_that_is_not_there_keeps_its_documents(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    folder.rename(folder.with_name("elsewhere"))
    report = refresh(settings)
    assert report.documents.removed == 0
    assert "does not exist" in report.problems[0].reason
    assert texts_found(settings, "annual leave")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every folder")
def test_an_unreadable_folder_keeps_its_documents_and_is_reported(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    (folder / "trips").chmod(0)
    try:
        report = refresh(settings)
    finally:
        (folder / "trips").chmod(0o755)
    assert report.documents.removed == 0
    assert report.problems[0].uri == "docs/trips"


def test_a_path_that_does_not_exist_indexes_nothing(settings: Settings, folder: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        build(settings, folder, folder / "nowhere")
    with pytest.raises(NoIndexError):
        refresh(settings)


def test_a_second_folder_of_the_same_name_gets_a_number_and_is_told(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    other = write(folder.parent / "other" / "docs", {"b.txt": "Bicycles are leased.\n"})
    report = build(settings, other)
    assert "docs-2" in report.notes[0]


def test_a_removed_source_is_gone_from_every_answer(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    with indexing(settings) as index:
        report = index.remove("docs")
        with pytest.raises(NotFoundError, match="docs"):
            index.remove("docs")
    assert report.documents.removed == 2
    assert texts_found(settings, "annual leave hotel") == []


def test_pruning_leaves_no_byte_of_a_removed_document(settings: Settings, folder: Path) -> None:
    write(folder, {"secret.txt": "The passphrase is zanzibarquokka.\n"})
    build(settings, folder)
    assert bytes_with(settings.home, b"zanzibarquokka")
    (folder / "secret.txt").unlink()
    refresh(settings)
    with indexing(settings) as index:
        pruned = index.prune()
        assert index.verify().ok
    assert (pruned.documents, pruned.chunks) == (1, 1)
    assert bytes_with(settings.home, b"zanzibarquokka") == []
    assert texts_found(settings, "annual leave")


def test_the_store_can_be_deleted_and_rebuilt_without_embedding(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    before = texts_found(settings, "annual leave")
    shutil.rmtree(settings.home / "store")
    with indexing(settings) as index:
        report = index.rebuild()
        assert index.verify().ok
    assert (report.files.read, report.embedded) == (0, 0)
    assert texts_found(settings, "annual leave") == before


def test_roles_taken_away_act_at_once_and_roles_granted_with_the_publish(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.yaml"
    spec = "sources:\n  - {name: docs, path: docs, roles: [%s]}\n"
    sources.write_text(spec % "public")
    build(settings, sources_file=sources)
    assert texts_found(settings, "annual leave", "public")
    sources.write_text(spec % "hr")
    report = build(settings, sources_file=sources)
    assert report.embedded == 0
    assert texts_found(settings, "annual leave", "public") == []
    assert texts_found(settings, "annual leave", "hr")


def test_a_home_is_made_by_a_build_only(home_at: Callable[[Path], Settings], tmp_path: Path) -> None:
    elsewhere = Settings.load(home=tmp_path / "typo")
    with pytest.raises(NoIndexError):
        texts_found(elsewhere, "anything")
    assert not (tmp_path / "typo").exists()


def test_ids_are_the_same_in_two_homes(home_at: Callable[[Path], Settings], folder: Path, tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two"):
        settings = home_at(tmp_path / name, database_url="")  # of each home's own
        build(settings, folder)
        with indexing(settings) as index:
            target = index.shop.store.builds()[0]
            with index.shop.store.snapshot(target, 1) as rows:
                ids.append(sorted(rows.scroll_ids()))
    assert ids[0] == ids[1] != []


def test_publishing_every_document_gives_the_same_index(
    home_at: Callable[[Path], Settings], folder: Path, tmp_path: Path
) -> None:
    settings = home_at(tmp_path / "every")
    build(settings, write(tmp_path / "first" / "docs", {"seed.txt": "Seed.\n"}))
    shutil.copytree(folder, tmp_path / "first" / "docs", dirs_exist_ok=True)
    report = refresh(settings, publish_every=1)
    assert report.documents.added == 2
    assert report.revision == 3
    assert len(texts_found(settings, "leave hotel seed")) == 3


def test_a_link_that_leaves_the_folder_is_refused(settings: Settings, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("Outside of the folder.\n")
    (folder / "link.txt").symlink_to(outside)
    report = build(settings, folder)
    assert "leaves the source" in report.problems[0].reason
    assert "Outside" not in " ".join(texts_found(settings, "outside folder"))


def test_strange_file_names_are_indexed_or_reported(settings: Settings, folder: Path) -> None:
    write(folder, {"a\nb.txt": "Line break in the name.\n", "naïve — ☃.txt": "Snowman in the name.\n"})
    with open(os.fsencode(str(folder)) + b"/bad\xff.txt", "w") as file:  # noqa: PTH123  # bytes as a name
        file.write("Not UTF-8.\n")
    report = build(settings, folder)
    assert report.documents.added == 4
    assert [problem.reason for problem in report.problems] == ["its name is not valid UTF-8; rename it"]


def test_one_file_can_be_a_source(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index:
        report = index.build(SourceRequest([folder / "leave.txt"]))
    assert (report.files.seen, report.documents.added) == (1, 1)


def bytes_with(folder: Path, needle: bytes) -> list[Path]:
    """Return the files below a folder that hold these bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_a_former_version_is_only_for_those_whom_it_was_for(settings: Settings, folder: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    spec = "sources:\n  - {name: docs, path: docs, roles: [%s]}\n"
    sources.write_text(spec % "hr")
    build(settings, sources_file=sources)
    with open_service(settings) as opened:
        document = document_id("docs", "leave.txt")
        former = opened.reader.document(document, None, frozenset({"hr"})).document.version
        sources.write_text(spec % "public, hr")
        write(folder, {"leave.txt": "Leave is unlimited.\n"})
        build(settings, sources_file=sources)
        assert opened.reader.document(document, None, frozenset({"public"})).document.text == "Leave is unlimited.\n"
        assert opened.reader.document(document, former, frozenset({"hr"})).document.text == LEAVE
        with pytest.raises(NotFoundError):
            opened.reader.document(document, former, frozenset({"public"}))


def test_former_versions_of_a_removed_document_are_gone_too(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    document = document_id("docs", "leave.txt")
    with open_service(settings) as opened:
        former = opened.reader.document(document, None, frozenset({"public"})).document.version
        write(folder, {"leave.txt": "Leave is unlimited.\n"})
        refresh(settings)
        assert opened.reader.document(document, former, frozenset({"public"})).document.text == LEAVE
        (folder / "leave.txt").unlink()
        refresh(settings)
        with pytest.raises(NotFoundError):
            opened.reader.document(document, former, frozenset({"public"}))


def test_publishing_in_parts_never_shows_half_of_a_build_that_was_lost(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    shutil.rmtree(settings.home / "store")
    write(folder, {"parking.txt": "Parking is free.\n"})
    refresh(settings, publish_every=1)
    with indexing(settings) as index:
        assert index.verify().ok
    assert len(texts_found(settings, "leave hotel parking")) == 3


def test_a_file_that_was_a_source_of_its_own_is_removed_with_it(settings: Settings, folder: Path) -> None:
    build(settings, folder / "leave.txt")
    (folder / "leave.txt").unlink()
    assert refresh(settings).documents.removed == 1
    assert texts_found(settings, "annual leave") == []


def test_a_removed_source_that_returns_has_its_name_and_its_ids_again(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    with indexing(settings) as index:
        index.remove("docs")
    report = build(settings, folder)
    assert (report.notes, report.documents.added) == ([], 2)
    with open_service(settings) as opened:
        found = opened.reader.document(document_id("docs", "leave.txt"), None, frozenset({"public"}))
    assert found.document.text == LEAVE


def test_a_build_without_any_source_says_what_to_name(settings: Settings) -> None:
    with pytest.raises(UsageError, match="--sources"):
        build(settings)


def test_the_owner_of_a_source_is_the_owner_of_its_documents(settings: Settings, folder: Path, tmp_path: Path) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("sources:\n  - {name: docs, path: docs, owner: people-team}\n")
    build(settings, sources_file=sources)
    where = Filter(keywords={"owner": frozenset({"people-team"})})
    with open_service(settings) as opened:
        request = Request("test", "annual leave", Caller(frozenset({"public"})), where=where)
        assert opened.pipeline.search(request).hits
