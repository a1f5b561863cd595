"""What tests share: real homes, real indexes, the real model, its graph built once per session."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.offline import switch_off_downloads

switch_off_downloads()

from filelock import FileLock  # noqa: E402  # the switches stand before anything heavy

from indexing.build import SourceRequest  # noqa: E402
from indexing.commands import workshop  # noqa: E402
from indexing.indexer import Indexer  # noqa: E402
from indexing.report import Report  # noqa: E402
from rag.adapters.onnx import OnnxEmbedder  # noqa: E402
from rag.bootstrap import Service, open_service  # noqa: E402
from rag.settings import Settings  # noqa: E402
from rag.types import Caller, Request  # noqa: E402
from tests.postgres import drop_database, new_database, own_server  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
PLUMBLINE = str(Path(sys.executable).with_name("plumbline"))
HANDBOOK = REPOSITORY / "examples" / "handbook"
HANDBOOK_SOURCES = REPOSITORY / "examples" / "handbook.yaml"
HANDBOOK_SET = REPOSITORY / "evals" / "sets" / "handbook.jsonl"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data", help="A folder with the development data; PLUMBLINE_TEST_DATA does the same.")


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest) -> Path:
    """The folder with real data; tests that need it are skipped without."""
    given = request.config.getoption("--data") or os.environ.get("PLUMBLINE_TEST_DATA")
    if not given:
        pytest.skip("no real data: pass --data DIR or set PLUMBLINE_TEST_DATA")
    return Path(given)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the model's graph, built once for all processes of the session."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "models"
    with FileLock(shared / "models.lock"):
        OnnxEmbedder(folder)
    return folder


@pytest.fixture(scope="session")
def embedder(models: Path) -> OnnxEmbedder:
    return OnnxEmbedder(models)


@pytest.fixture(scope="session")
def home_at(models: Path) -> Callable[[Path], Settings]:
    """Makes settings of a home of its own, with the model's graph in place."""

    def make(folder: Path, **flags: object) -> Settings:
        (folder / "cache").mkdir(parents=True, exist_ok=True)
        if not (folder / "cache" / "models").exists():
            (folder / "cache" / "models").symlink_to(models)
        return Settings.load(**{"home": folder, "sets": folder.parent / "eval-sets", **flags})

    return make


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server's empty database; skipped where PostgreSQL is not installed."""
    with own_server() as url:
        yield url


@pytest.fixture
def truth(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Which database holds the truth: SQLite, unless a module is marked to run on both (`tests.postgres.ON_BOTH`).

    By the environment, so that it also holds for the processes that a test starts.
    """
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield kind
        return
    server = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", new_database(server, "truth"))
    yield kind
    drop_database(server, "truth")


@pytest.fixture
def settings(home_at: Callable[[Path], Settings], tmp_path: Path, truth: str) -> Settings:
    """Settings of an empty home."""
    return home_at(tmp_path / "home")


@pytest.fixture(scope="session")
def indexed_home(home_at: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home with the example handbook indexed; tests only read it."""
    settings = home_at(tmp_path_factory.mktemp("handbook") / "home")
    build(settings, sources_file=HANDBOOK_SOURCES)
    return settings


@pytest.fixture(scope="session")
def service(indexed_home: Settings) -> Iterator[Service]:
    """The service over the example handbook."""
    with open_service(indexed_home) as opened:
        yield opened


@contextmanager
def indexing(settings: Settings) -> Iterator[Indexer]:
    """Open an indexer on a home, which is made where it is absent."""
    with workshop(settings, create=True) as shop:
        yield Indexer(shop)


def build(settings: Settings, *paths: Path, roles: tuple[str, ...] = (), sources_file: Path | None = None) -> Report:
    """Index folders as `plumbline index build` does."""
    with indexing(settings) as index:
        return index.build(SourceRequest(paths, roles, sources_file))


def refresh(settings: Settings, **options: object) -> Report:
    """Refresh as `plumbline index refresh` does."""
    with indexing(settings) as index:
        return index.refresh(**options)  # type: ignore[arg-type]  # the options of refresh


def texts_found(settings: Settings, question: str, *roles: str, limit: int = 100) -> list[str]:
    """Return the texts of the hits of a search."""
    request = Request("test", question, Caller(frozenset(roles or ["public"])), limit=limit)
    with open_service(settings) as opened:
        return [hit.chunk.text for hit in opened.pipeline.search(request).hits]


def age(folder: Path) -> None:
    """Let files look older than any scan, so that their time stamps can be trusted."""
    past = time.time() - 60
    for path in folder.rglob("*"):
        os.utime(path, (past, past))


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write text files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def plumbline(
    home: Path | None, *arguments: str, timeout: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    variables = {**os.environ, **environment} | ({"PLUMBLINE_HOME": str(home)} if home else {})
    return subprocess.run(
        [PLUMBLINE, *arguments], capture_output=True, text=True, env=variables, timeout=timeout, check=False
    )
