"""The stores of all adapters; a PostgreSQL server of our own, where its binaries are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from rag.adapters.qdrant import QdrantStore, connect
from rag.adapters.sqlite_store import SqliteStore
from rag.ports import Store

SERVER = os.environ.get("PLUMBLINE_TEST_QDRANT_URL", "")


@pytest.fixture(params=["sqlite", "memory", *(["server"] if SERVER else [])])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Every adapter in turn; PLUMBLINE_TEST_QDRANT_URL adds a server."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path)
    if request.param == "memory":
        return QdrantStore(QdrantClient(":memory:"))
    return QdrantStore(connect(SERVER, ""))


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of an empty database; skipped where PostgreSQL is not installed."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        folder.chmod(0o755)
        run = _as_postgres(folder)
        make = ["-D", folder / "data", "-U", "plumbline", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*run, binaries / "initdb", *make], check=True, capture_output=True)
        options = f"-c listen_addresses='' -k {folder} -p 5433 -c fsync=off"
        start = ["-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start"]
        subprocess.run([*run, binaries / "pg_ctl", *start], check=True, stdout=subprocess.DEVNULL)
        yield f"postgresql+psycopg://plumbline@/postgres?host={folder}&port=5433"
        subprocess.run([*run, binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"], check=True)


def _as_postgres(folder: Path) -> list[str]:
    """Return what runs a command as a user that initdb accepts: it refuses root."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]
