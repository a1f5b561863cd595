"""Brings a database to the schema of this version, and refuses one of another."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from rag.database.engine import Database
from rag.errors import DatabaseVersionError, NoIndexError

_ADVISORY = 7_205_759_403_793  # any number that is ours, and not that of the refresh lock
HEADS = {"truth": "0003", "records": "r0002"}
KNOWN = {"truth": ("0001", "0002", "0003"), "records": ("r0001", "r0002")}


def upgrade(database: Database, branch: str) -> None:
    """Create or migrate the tables of `branch`: "truth" or "records".

    Raises DatabaseVersionError when a newer version of the product wrote them.
    """
    if database.exists and _version(database, branch) == HEADS[branch]:
        return
    with database.migrating() as connection:
        _run_migrations(connection, branch)


def require(database: Database, branch: str) -> None:
    """Raise NoIndexError when there is no such schema, DatabaseVersionError when it is not of this version."""
    found = _version(database, branch) if database.exists else None
    if found is None:
        raise NoIndexError(f"There is no index at {database.name}. `plumbline index build PATH` makes one.")
    if found != HEADS[branch]:
        raise DatabaseVersionError(
            f"The database {database.name} is of the older version {found}. `plumbline index refresh` migrates it."
        )


def _version(database: Database, branch: str) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table(_table(branch)):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {_table(branch)}")).scalar()
    if found is not None and found not in KNOWN[branch]:
        raise DatabaseVersionError(
            f"The database {database.name} was written by a newer Plumbline (schema {found}; this one knows up to "
            f"{HEADS[branch]}). Use that version, or point PLUMBLINE_HOME at another folder."
        )
    return str(found) if found is not None else None


def _table(branch: str) -> str:
    return f"alembic_version_{branch}"


def _run_migrations(connection: Connection, branch: str) -> None:
    from alembic import command  # noqa: PLC0415  # 0.3 s, and only a new or old database needs it
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == "postgresql":  # the first processes of a deployment start together
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY})"))
    folder = Path(__file__).parent / "migrations"
    config = Config(attributes={"connection": connection, "version_table": _table(branch)})
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_locations", str(folder / branch))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")
