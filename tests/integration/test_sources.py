"""Sources: what is taken in, what is left out and why, and what becomes of one that vanishes."""

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from indexing import listing
from indexing.sources import spec_of, walk
from rag.database import tables as t
from rag.settings import Settings
from tests.conftest import REPOSITORY, build, indexing, refresh, texts_found, write
from tests.postgres import ON_BOTH

pytestmark = ON_BOTH

TEXTS = {"leave.txt": "Leave lasts thirty days.\n", "trips/travel.txt": "The hotel limit is 165 euro.\n"}
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", TEXTS)


def sources(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text("sources:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return file


def states(settings: Settings) -> dict[str, tuple[str, str]]:
    with indexing(settings) as index:
        found = listing.documents(index.shop, [])["documents"]
    return {each["uri"]: (each["state"], each["reason"] or "") for each in found}


# What leaves the source


def test_links_to_folders_are_told_where_they_leave_the_source_and_passed_over_where_they_do_not(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside", {"secret.txt": "The passphrase is zanzibar.\n"})
    (folder / "away").symlink_to(outside)
    (folder / "again").symlink_to(folder / "trips")
    (folder / "round").symlink_to("round")
    report = build(settings, folder)
    assert {each.uri: each.reason for each in report.problems} == {
        "docs/away": "it is a link that leaves the source's folder",
        "docs/round": "it cannot be read: Too many levels of symbolic links",
    }
    assert (report.documents.added, texts_found(settings, "passphrase zanzibar")) == (2, texts_found(settings, "x"))
    assert states(settings)["docs/away"] == ("rejected", "it is a link that leaves the source's folder")


def test_a_link_that_is_excluded_is_no_problem(settings: Settings, folder: Path, tmp_path: Path) -> None:
    (folder / "away").symlink_to(write(tmp_path / "outside", TEXTS))
    report = build(settings, sources_file=sources(tmp_path, "{name: docs, path: docs, exclude: [away/]}"))
    assert (report.problems, report.documents.added) == ([], 2)


def test_a_folder_that_becomes_a_link_out_of_the_source_is_gone_from_answers(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    build(settings, folder)
    (folder / "trips").rename(tmp_path / "elsewhere")
    (folder / "trips").symlink_to(tmp_path / "elsewhere")
    assert refresh(settings).documents.removed == 1
    assert not any("hotel" in text for text in texts_found(settings, "hotel limit"))


def test_pipes_are_told_and_not_opened(settings: Settings, folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    report = build(settings, folder)
    assert [each.reason for each in report.problems] == ["it is a device, a pipe or a socket, and no file"]


def test_a_hard_link_is_a_file_like_any_other(settings: Settings, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside", {"parking.txt": "Parking is free.\n"})
    (folder / "parking.txt").hardlink_to(tmp_path / "outside" / "parking.txt")
    assert build(settings, folder).documents.added == 3


def test_what_is_mounted_below_a_source_is_told_and_not_followed(folder: Path, tmp_path: Path) -> None:
    """In a mount namespace of its own; a folder and a file, bound from the same file system."""
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount in a namespace of their own")
    outside = write(tmp_path / "outside", {"in/secret.txt": "Secret.\n"})
    write(folder, {"mounted/under.txt": "Under.\n", "file.txt": "File.\n"})
    (folder / "link.txt").symlink_to("mounted/secret.txt")
    script = f"""
import json, subprocess, sys
from pathlib import Path
from indexing.sources import spec_of, walk
for source, place in (("{outside}/in", "mounted"), ("{outside}/in/secret.txt", "file.txt")):
    subprocess.run(["mount", "--bind", source, "{folder}/" + place], check=True)
subprocess.run(["mount", "--bind", "{folder}", "{folder}"], check=True) if "whole" in sys.argv else None
print(json.dumps({{file.relative: file.refused for file in walk(spec_of(Path("{folder}"))).files}}))
"""
    command = [*UNSHARE, sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert not done.returncode, done.stderr
    mounted = "another file system is mounted there; name it as a source of its own"
    assert json.loads(done.stdout) == {
        "file.txt": mounted,
        "leave.txt": "",
        "link.txt": mounted,
        "mounted": mounted,
        "trips/travel.txt": "",
    }
    on_its_own = subprocess.run([*command, "whole"], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert json.loads(on_its_own.stdout)["leave.txt"] == ""  # a source may be a mount itself


# What vanishes


def test_a_folder_that_lost_everything_says_so_and_a_disk_that_returns_costs_no_embedding(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    build(settings, folder)
    kept = shutil.move(folder, tmp_path / "kept")
    folder.mkdir()
    report = refresh(settings)
    assert (report.documents.removed, report.problems) == (2, [])
    assert "its 2 documents are gone" in report.notes[0]
    assert texts_found(settings, "hotel limit") == []
    folder.rmdir()
    shutil.move(kept, folder)
    again = refresh(settings)
    assert (again.documents.added, again.embedded) == (2, 0)
    assert texts_found(settings, "hotel limit")


def test_the_last_file_of_a_source_can_go_without_being_asked_about(settings: Settings, tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", {"leave.txt": "Leave lasts thirty days.\n"})
    build(settings, folder)
    (folder / "leave.txt").unlink()
    report = refresh(settings)
    assert (report.documents.removed, report.problems) == (1, [])


# What the file owns


def test_a_source_that_its_file_drops_stays_and_is_told_of(settings: Settings, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", {"parking.txt": "Parking is free.\n"})
    both = sources(tmp_path, "{name: docs, path: docs}", "{name: other, path: other}")
    assert build(settings, sources_file=both).notes == []
    report = build(settings, sources_file=sources(tmp_path, "{name: docs, path: docs}"))
    (note,) = report.notes
    assert "'other' is not in" in note
    assert "`plumbline index remove other`" in note
    assert texts_found(settings, "parking")
    with indexing(settings) as index:
        index.remove("other")
    assert build(settings, sources_file=tmp_path / "sources.yaml").notes == []


def test_a_source_that_moves_to_another_folder_is_told_of(settings: Settings, folder: Path, tmp_path: Path) -> None:
    build(settings, folder)
    write(tmp_path / "other", {"parking.txt": "Parking is free.\n"})
    report = build(settings, sources_file=sources(tmp_path, "{name: docs, path: other}"))
    assert report.notes == [f"The source 'docs' was {folder}; it is {tmp_path / 'other'} now."]
    assert (report.documents.added, report.documents.removed) == (1, 2)


def test_two_sources_over_one_folder_are_two_documents_each_for_its_readers_and_that_is_told(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    two = sources(tmp_path, "{name: all, path: docs, roles: [staff]}", "{name: trips, path: docs/trips, roles: [it]}")
    report = build(settings, sources_file=two)
    (note,) = report.notes
    assert "1 file lies in the sources 'all' and 'trips'" in note
    assert sorted(states(settings)) == ["all/leave.txt", "all/trips/travel.txt", "trips/travel.txt"]
    assert len(texts_found(settings, "hotel limit", "it")) == 1
    apart = sources(tmp_path, "{name: all, path: docs, exclude: [trips/]}", "{name: trips, path: docs/trips}")
    assert build(settings, sources_file=apart).notes == []


def test_the_walk_of_one_file_sees_nothing_beside_it(folder: Path) -> None:
    assert [file.relative for file in walk(spec_of(folder / "leave.txt")).files] == ["leave.txt"]


# How fresh


def test_status_says_by_when_each_source_is_due_and_how_late_it_is(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    fields = ["schedule: '0 * * * *', freshness: 3d", "freshness: 2h", "schedule: '0 0 1 1 *'", "owner: me"]
    lines = [f"{{name: s{number}, path: docs/trips, {each}}}" for number, each in enumerate(fields)]
    build(settings, sources_file=sources(tmp_path, *lines))
    seen = datetime(2026, 3, 4, 5, 40, tzinfo=UTC).timestamp()
    with indexing(settings) as index:
        with index.shop.database.write() as connection:
            connection.execute(update(t.sources).values(refreshed_at=seen))
        found = {each["name"]: each for each in listing.status(index.shop)["sources"]}
        assert [found[name]["due_at"] for name in sorted(found)] == [
            "2026-03-04T06:00:00+00:00",  # the schedule comes before the freshness
            "2026-03-04T07:40:00+00:00",
            "2027-01-01T00:00:00+00:00",
            None,
        ]
        assert [found[name]["late"] for name in sorted(found)] == [True, True, False, False]
        assert found["s1"]["overdue_s"] == pytest.approx(time.time() - seen - 7200, abs=5)
        assert found["s3"]["overdue_s"] is None
    refresh(settings)
    with indexing(settings) as index:
        now = listing.status(index.shop)["sources"]
    assert [each["late"] for each in now] == [False] * 4
    assert [each["overdue_s"] for each in now] == [0, 0, 0, None]
