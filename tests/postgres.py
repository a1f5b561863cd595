"""A PostgreSQL server of our own for the length of a test session, where its binaries are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

# For modules whose tests are to hold on both databases: pytestmark = ON_BOTH.
ON_BOTH = [
    pytest.mark.parametrize("truth", ["sqlite", "postgres"], indirect=True),
    pytest.mark.usefixtures("truth"),
]


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[str]:
    """Start a server and give the address of its empty database; skips the test where PostgreSQL is not installed.

    durable: write to disk as a server in earnest does.
    """
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        folder.chmod(0o755)
        run = _as_postgres(folder)
        make = ["-D", folder / "data", "-U", "plumbline", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*run, binaries / "initdb", *make], check=True, capture_output=True)
        options = f"-c listen_addresses='' -k {folder} -p 5433 -c fsync={'on' if durable else 'off'}"
        start = ["-D", folder / "data", "-w", "-l", folder / "log", "-o", options, "start"]
        subprocess.run([*run, binaries / "pg_ctl", *start], check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"postgresql+psycopg://plumbline@/postgres?host={folder}&port=5433"
        finally:
            stop = [binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"]
            subprocess.run([*run, *stop], check=True, stdout=subprocess.DEVNULL)


def new_database(server: str, name: str, template: str = "template1") -> str:
    """Make a database, in place of one of that name, and return its address."""
    drop_database(server, name)
    _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return address_of(server, name)


def drop_database(server: str, name: str) -> None:
    """Take a database away, whoever is connected to it."""
    _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def address_of(server: str, name: str) -> str:
    """Return the address of a database of the server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _execute(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which("initdb")
    return found[-1] if found else Path(on_path).parent if on_path else None


def _as_postgres(folder: Path) -> list[str]:
    """Return what runs a command as a user that initdb accepts: it refuses root."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]
