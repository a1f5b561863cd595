"""One document out of the index, back in, and anew: what answers show, what stays out, and what a kill leaves."""

import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from evals.corpus import serving_specs
from indexing.identity import document_id
from indexing.listing import documents
from indexing.sources import SourceSpec, walk
from rag.bootstrap import open_service
from rag.errors import NotFoundError, UsageError
from rag.settings import Settings
from rag.types import Caller, Request
from tests.conftest import age, build, indexing, plumbline, refresh, texts_found, write
from tests.integration.test_refresh import bytes_with
from tests.integration.test_refresh_kills import driven
from tests.postgres import drop_database, new_database, own_server

LEAVE = "Employees have thirty days of annual leave.\n"
TRAVEL = "The hotel limit is 165 euro per night.\n"
LEAVE_ID, TRAVEL_ID = document_id("docs", "leave.txt"), document_id("docs", "trips/travel.md")
URI = "docs/leave.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", {"leave.txt": LEAVE, "trips/travel.md": f"# Travel\n\n{TRAVEL}"})


@pytest.fixture(params=["sqlite", "postgres"])
def home(request, home_at, folder: Path, tmp_path: Path) -> Iterator[Settings]:
    """A home with two documents, on either database."""
    server = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    settings = home_at(tmp_path / "home", database_url=new_database(server, "excluding") if server else "")
    build(settings, folder)
    yield settings
    if server:
        drop_database(server, "excluding")


def found(settings: Settings, *roles: str) -> str:
    return " ".join(texts_found(settings, "annual leave hotel limit", *roles))


def states(settings: Settings) -> dict[str, tuple[str, str | None]]:
    with indexing(settings) as index:
        return {each["uri"]: (each["state"], each["reason"]) for each in documents(index.shop, [])["documents"]}


def test_an_excluded_document_is_gone_from_every_answer_and_is_listed_with_its_reason(home: Settings) -> None:
    assert "thirty days" in found(home)
    with indexing(home) as index:
        report = index.exclude(LEAVE_ID, "replaced in May")
        assert index.verify().ok
    assert (report.documents.excluded, report.problems) == (1, [])
    assert "thirty days" not in found(home)
    assert "165 euro" in found(home)
    assert states(home) == {URI: ("excluded", "replaced in May"), "docs/trips/travel.md": ("indexed", None)}
    with open_service(home) as opened:
        answered = opened.pipeline.answer(
            Request("test", "How many days of annual leave?", Caller(frozenset({"public"})))
        )
        assert not [each for each in answered.answer.citations if each.document_id == LEAVE_ID]
        assert opened.index_facts().documents == {"excluded": 1, "indexed": 1}
        with pytest.raises(NotFoundError):
            opened.reader.document(LEAVE_ID, None, frozenset({"*"}))


def test_a_former_version_of_an_excluded_document_cannot_be_opened_either(home: Settings) -> None:
    with open_service(home) as opened:
        former = opened.reader.document(LEAVE_ID, None, frozenset({"public"})).document.version
        with indexing(home) as index:
            index.exclude(LEAVE_ID)
        with pytest.raises(NotFoundError):
            opened.reader.document(LEAVE_ID, former, frozenset({"public"}))


def test_what_is_excluded_stays_out_over_refreshes_changed_content_and_a_file_that_goes_and_returns(
    home: Settings, folder: Path
) -> None:
    with indexing(home) as index:
        index.exclude(LEAVE_ID)
    write(folder, {"leave.txt": "Employees have forty days of annual leave.\n", "new.txt": "Parking is free.\n"})
    report = refresh(home, verify_hashes=True)
    assert (report.documents.added, report.documents.excluded, report.documents.changed) == (1, 1, 0)
    (folder / "leave.txt").unlink()
    assert (refresh(home).documents.removed, states(home)[URI][0]) == (0, "excluded")
    write(folder, {"leave.txt": LEAVE})
    refresh(home)
    assert "days" not in found(home)


def test_a_document_that_is_included_again_is_indexed_as_it_is_now(home: Settings, folder: Path) -> None:
    with indexing(home) as index:
        index.exclude(LEAVE_ID)
        write(folder, {"leave.txt": "Employees have forty days of annual leave.\n"})
        report = index.include(LEAVE_ID)
        assert index.verify().ok
        with pytest.raises(UsageError, match="not excluded"):
            index.include(LEAVE_ID)
    assert (report.documents.added, report.files.read) == (1, 1)
    assert "forty days" in found(home)
    assert states(home)[URI] == ("indexed", None)
    assert refresh(home).documents.changed == 0


def test_a_document_is_read_anew_though_nothing_changed(home: Settings, folder: Path) -> None:
    age(folder)
    first = refresh(home)
    with indexing(home) as index:
        report = index.reindex(TRAVEL_ID)
        assert index.verify().ok
    assert (report.documents.changed, report.files.read, report.embedded) == (1, 1, 0)
    assert report.revision == first.revision + 1
    assert (found(home).count("165 euro"), refresh(home).documents.unchanged) == (1, 2)


class Pausing:
    """The progress of a refresh that waits for somebody else before it goes on."""

    def __init__(self, wait) -> None:
        self.wait = wait

    def stage(self, name: str, total: int) -> None:
        pass

    def advance(self, _: int) -> None:
        self.wait()


def test_a_document_that_is_excluded_while_a_refresh_reads_it_stays_out(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    write(folder, {"leave.txt": "Employees have forty days of annual leave.\n"})

    def excluded() -> None:
        with indexing(settings) as other:
            other.exclude(LEAVE_ID)

    def wait() -> None:
        if thread.ident is None:  # the first time
            thread.start()
        while states(settings)[URI][0] != "excluded":
            time.sleep(0.01)
        assert "days" not in found(settings)

    thread = threading.Thread(target=excluded)
    with indexing(settings) as index:
        index.progress = Pausing(wait)
        index.refresh()
        assert "days" not in found(settings)
        thread.join()
        assert index.verify().ok
    assert "days" not in found(settings)
    assert states(settings)[URI][0] == "excluded"


def test_what_cannot_be_done_says_why(home: Settings, folder: Path) -> None:
    with indexing(home) as index:
        index.exclude(LEAVE_ID)
        with pytest.raises(UsageError, match=r"index include docs/leave\.txt"):
            index.reindex(LEAVE_ID)
        for attempt in (index.exclude, index.include, index.reindex):
            with pytest.raises(NotFoundError, match="index documents"):
                attempt("no-such-document")
        (folder / "trips" / "travel.md").unlink()
        assert index.reindex(TRAVEL_ID).documents.removed == 1


def test_roles_that_changed_while_a_document_was_excluded_hold_when_it_is_back(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.yaml"
    spec = "sources:\n  - {name: docs, path: docs, roles: [%s]}\n"
    sources.write_text(spec % "public")
    build(settings, sources_file=sources)
    with indexing(settings) as index:
        index.exclude(LEAVE_ID)
        sources.write_text(spec % "hr")
        build(settings, sources_file=sources)
        listed = documents(index.shop, ["excluded"])["documents"]
        assert listed[0]["roles"] == []  # what the rules took away is gone at once
        index.include(LEAVE_ID)
    assert "thirty days" not in found(settings, "public")
    assert "thirty days" in found(settings, "hr")


def test_after_a_prune_no_byte_of_an_excluded_text_is_left(settings: Settings, folder: Path) -> None:
    write(folder, {"secret.txt": "# The zanzibarquokka\n\nThe passphrase is zanzibarquokka.\n"})
    build(settings, folder)
    assert bytes_with(settings.home, b"zanzibarquokka")
    with indexing(settings) as index:
        index.exclude(document_id("docs", "secret.txt"))
        pruned = index.prune()
        assert index.verify().ok
    assert (pruned.documents, bytes_with(settings.home, b"zanzibarquokka")) == (1, [])
    assert states(settings)["docs/secret.txt"][0] == "excluded"
    refresh(settings)
    assert bytes_with(settings.home, b"zanzibarquokka") == []


def test_with_its_source_an_exclusion_goes_too(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    with indexing(settings) as index:
        index.exclude(LEAVE_ID)
        index.remove("docs")
        assert documents(index.shop, [])["documents"] == []
    build(settings, folder)
    assert "thirty days" in found(settings)


def test_experiments_over_what_serves_leave_excluded_documents_out(settings: Settings, folder: Path) -> None:
    write(folder, {"odd [1] #2 !.txt": "Odd.\n", "odd 1 #2 !.txt": "Not odd.\n"})
    build(settings, folder)
    with indexing(settings) as index:
        index.exclude(document_id("docs", "odd [1] #2 !.txt"))
    listed = [file.relative for spec in serving_specs(settings) for file in walk(spec).files]
    assert sorted(listed) == ["leave.txt", "odd 1 #2 !.txt", "trips/travel.md"]


@pytest.mark.parametrize("name", ["a b.txt", " lead.txt", "trail ", "#x", "!x", "[ab]*?.txt", "back\\slash", "é.txt"])
def test_a_source_can_leave_out_a_file_of_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / "docs", {name: "x", "a.txt": "y", "sub/" + name: "z"})
    spec = SourceSpec(name="docs", path=tmp_path / "docs")
    listed = {file.relative for file in walk(spec.without([name])).files}
    assert listed == {"a.txt", f"sub/{name}"}


def test_the_commands_say_what_they_did(settings: Settings, folder: Path) -> None:
    build(settings, folder)
    done = plumbline(settings.home, "index", "exclude", URI, "--reason", "replaced in May")
    assert (done.returncode, "1 excluded" in done.stdout) == (0, True)
    assert "replaced in May" in plumbline(settings.home, "index", "documents", "--state", "excluded", "--json").stdout
    assert plumbline(settings.home, "index", "include", URI, "--json").returncode == 0
    assert '"changed":1' in plumbline(settings.home, "index", "reindex", URI, "--json").stdout.replace(" ", "")
    missing = plumbline(settings.home, "index", "exclude", "docs/nothing.txt")
    assert (missing.returncode, "index documents" in missing.stderr) == (1, True)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def kills(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict]]:
    with own_server(durable=True) if request.param == "postgres" else nullcontext("") as server:
        yield driven("tests.integration.exclusion_kills", tmp_path_factory.mktemp("kills"), 600, server)


@pytest.mark.timeout(700)
@pytest.mark.parametrize("step", ["exclude", "include", "reindex"])
def test_a_kill_leaves_a_document_whole_or_gone_and_the_next_refresh_ends_the_work(kills, step) -> None:
    assert kills[step]["wrong"] == []
    assert kills[step]["kills"] >= 5
