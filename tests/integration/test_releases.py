"""Which bundle serves: set, prepare, refuse, roll back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from indexing import listing
from indexing.build import SourceRequest
from rag.answers import Found
from rag.bootstrap import open_service
from rag.config import Bundle, IndexConfig, QueryConfig
from rag.errors import NotFoundError, NotReadyError
from rag.settings import Settings
from rag.types import Caller, Request
from tests.conftest import age, build, indexing, refresh, write
from tests.postgres import ON_BOTH

pytestmark = ON_BOTH

SMALL = Bundle(index=IndexConfig(chunk_tokens=32))
NARROW = Bundle(query=QueryConfig(top_k=1))
TEXT = "".join(f"Clause {number} says that fee number {number} is {number * 11} euro.\n\n" for number in range(1, 30))


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    folder = write(tmp_path / "docs", {"fees.txt": TEXT})
    age(folder)
    build(settings, folder)
    return folder


def search(settings: Settings, question: str, bundle: Bundle | str | None = None) -> Found:
    with open_service(settings) as opened:
        return opened.pipeline.search(Request("test", question, Caller(frozenset({"public"})), bundle=bundle))


def test_a_bundle_of_the_same_generation_serves_at_once(settings: Settings, folder: Path) -> None:
    assert len(search(settings, "fee").hits) > 1
    with indexing(settings) as index:
        index.release(NARROW)
    found = search(settings, "fee")
    assert len(found.hits) == 1
    assert found.bundle == NARROW


def test_a_bundle_of_another_generation_is_refused_until_it_is_built(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index:
        with pytest.raises(NotReadyError, match="index build --bundle"):
            index.release(SMALL)
        index.build(SourceRequest(), SMALL)
        assert search(settings, "fee").bundle == Bundle()
        assert search(settings, "fee", SMALL.digest).bundle == SMALL
        index.release(SMALL)
    found = search(settings, "fee number 7")
    assert found.bundle == SMALL
    assert max(hit.chunk.tokens for hit in found.hits) <= 32


def test_a_build_with_serve_releases_what_it_made(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index:
        report = index.build(SourceRequest(), SMALL, serve=True)
        assert report.files.read == 0
        shown = listing.release(index.shop)
    assert (shown["bundle"], shown["previous"]) == (SMALL.digest, Bundle().digest)


def test_a_rollback_brings_the_former_generation_up_to_the_sources(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index:
        index.build(SourceRequest(), SMALL, serve=True)
    write(folder, {"fees.txt": TEXT.replace("77 euro", "78 euro"), "parking.txt": "Parking costs nothing.\n"})
    refresh(settings)
    with indexing(settings) as index:
        assert index.roll_back() == Bundle()
        assert index.verify().ok
    found = search(settings, "what does fee number 7 cost and parking")
    assert found.bundle == Bundle()
    assert found.notices == ()
    texts = " ".join(hit.chunk.text for hit in found.hits)
    assert "78 euro" in texts
    assert "77 euro" not in texts
    assert "Parking" in texts


def test_a_rollback_at_once_says_that_it_is_stale_and_shows_nothing_removed(settings: Settings, folder: Path) -> None:
    write(folder, {"secret.txt": "The vault code is four.\n"})
    refresh(settings)
    with indexing(settings) as index:
        index.build(SourceRequest(), SMALL, serve=True)
    (folder / "secret.txt").unlink()
    write(folder, {"parking.txt": "Parking costs nothing.\n"})
    refresh(settings)
    with indexing(settings) as index:
        index.roll_back(now=True)
    found = search(settings, "vault code parking")
    assert [notice.kind for notice in found.notices] == ["stale"]
    assert not any("vault" in hit.chunk.text for hit in found.hits)
    refresh(settings)
    found = search(settings, "parking")
    assert found.notices == ()
    assert any("Parking" in hit.chunk.text for hit in found.hits)


def test_a_text_that_returns_while_a_generation_is_behind_is_found_in_it(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index:
        index.build(SourceRequest(), SMALL, serve=True)
    write(folder, {"fees.txt": "Nothing.\n"})
    refresh(settings)
    write(folder, {"fees.txt": TEXT})
    refresh(settings)
    with indexing(settings) as index:
        index.roll_back()
        assert index.verify().ok
    assert any("fee number 7" in hit.chunk.text for hit in search(settings, "fee number 7").hits)


def test_there_is_nothing_to_roll_back_to_at_first(settings: Settings, folder: Path) -> None:
    with indexing(settings) as index, pytest.raises(NotFoundError, match="former release"):
        index.roll_back()


def test_a_bundle_that_nobody_built_cannot_be_named_in_a_question(settings: Settings, folder: Path) -> None:
    with pytest.raises(NotReadyError):
        search(settings, "fee", "0123456789ab")


def test_a_generation_that_is_behind_is_whole_again_after_the_truth_has_forgotten(
    home_at: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = home_at(tmp_path / "other", retention={"purge_grace_s": 0, "replaced_hours": 0})
    folder = write(tmp_path / "docs", {"fees.txt": TEXT, "secret.txt": "The vault code is four.\n"})
    build(settings, folder)
    with indexing(settings) as index:
        index.build(SourceRequest(), SMALL, serve=True)
    (folder / "secret.txt").unlink()
    refresh(settings)
    refresh(settings)
    with indexing(settings) as index:
        index.roll_back()
        assert index.verify().ok
    assert not any("vault" in hit.chunk.text for hit in search(settings, "vault code").hits)


def test_pruning_reaches_the_builds_of_all_generations(settings: Settings, tmp_path: Path) -> None:
    files = {f"{number}.txt": f"Note {number} on parking.\n" for number in range(15)}
    folder = write(tmp_path / "docs", files | {"secret.txt": "The passphrase is zanzibarquokka.\n"})
    build(settings, folder)
    with indexing(settings) as index:
        index.build(SourceRequest(), SMALL)
        (folder / "secret.txt").unlink()
        index.build(SourceRequest(), SMALL, serve=True)
        index.roll_back(now=True)
        index.prune()
        assert index.verify().ok
    left = [path for path in settings.home.rglob("*") if path.is_file() and b"zanzibarquokka" in path.read_bytes()]
    assert left == []
