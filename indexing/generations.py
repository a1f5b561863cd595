"""Builds of a digest: which exist, which one a generation stands on, and what may go."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from rag.config import IndexConfig
from rag.database import tables as t
from rag.database.releases import current_release
from rag.ports import Embedder


@dataclass(frozen=True, slots=True)
class Target:
    """A generation that a refresh writes, and the build that it writes."""

    generation: str
    config: IndexConfig
    build: str
    published: int  # revision that this build was last published at; -1 for a build that never was

    @property
    def is_new(self) -> bool:
        return self.published < 0


def serving_config(connection: Connection) -> IndexConfig | None:
    """Return the index configuration that serves; None before the first build."""
    release = current_release(connection)
    return release.bundle.index if release else None


def find_target(connection: Connection, config: IndexConfig) -> Target | None:
    """Return the generation of a configuration with its published build."""
    query = select(t.generations.c.build, t.builds.c.revision).join(t.builds, t.builds.c.name == t.generations.c.build)
    row = connection.execute(query.where(t.generations.c.digest == config.digest)).one_or_none()
    return Target(config.digest, config, row.build, row.revision) if row else None


def add_generation(connection: Connection, config: IndexConfig, embedder: Embedder) -> None:
    """Write down a generation; one that is known stays as it is."""
    known = connection.execute(select(t.generations.c.digest).where(t.generations.c.digest == config.digest)).scalar()
    if known is None:
        values = {"config": config.model_dump(mode="json"), "embedder": embedder.identity, "dim": embedder.dim}
        connection.execute(insert(t.generations).values(digest=config.digest, **values))


def embedder_of(connection: Connection, generation: str) -> str | None:
    """Return the identity of the embedder that made a generation; None where it is not known."""
    query = select(t.generations.c.embedder).where(t.generations.c.digest == generation)
    return connection.execute(query).scalar()


def new_build_name(connection: Connection, generation: str) -> str:
    """Return a name that no other build has."""
    return f"{installation_of(connection)}-{generation}-{uuid4().hex[:8]}"


def installation_of(connection: Connection) -> str:
    """Return what the names of this installation's builds begin with; others may share the store."""
    return str(connection.execute(select(t.corpus.c.installation)).scalar_one())


def publish_build(connection: Connection, target: Target, revision: int) -> None:
    """Let a generation stand on the target's build at a revision; a build that it stood on before is replaced."""
    now = time.time()
    former = connection.execute(
        select(t.generations.c.build).where(t.generations.c.digest == target.generation)
    ).scalar()
    if former == target.build:
        connection.execute(update(t.builds).where(t.builds.c.name == former).values(revision=revision))
        return
    connection.execute(insert(t.builds).values(name=target.build, generation=target.generation, revision=revision))
    connection.execute(
        update(t.generations).where(t.generations.c.digest == target.generation).values(build=target.build)
    )
    if former:
        connection.execute(update(t.builds).where(t.builds.c.name == former).values(replaced_at=now))


def note_removal(connection: Connection, build: str, at: float) -> None:
    """Note that rows of removed documents lie in a build; the oldest such time is kept."""
    query = update(t.builds).where(t.builds.c.name == build, t.builds.c.removal_at.is_(None))
    connection.execute(query.values(removal_at=at))


def oldest_removal(connection: Connection, build: str) -> float | None:
    """Return when the oldest removal was whose rows still lie in a build."""
    return connection.execute(select(t.builds.c.removal_at).where(t.builds.c.name == build)).scalar()


def builds_to_keep(connection: Connection, grace_s: float) -> set[str]:
    """Return the builds that something stands on, or was replaced so lately that a reader may still use it."""
    since = time.time() - grace_s
    standing = set(connection.execute(select(t.generations.c.build)).scalars()) - {None}
    late = set(connection.execute(select(t.builds.c.name).where(t.builds.c.replaced_at > since)).scalars())
    return {str(name) for name in standing | late}


def forget_builds(connection: Connection, kept: set[str]) -> None:
    """Delete the rows of builds that are no longer there."""
    connection.execute(delete(t.builds).where(t.builds.c.name.not_in(sorted(kept))))


def other_builds(connection: Connection, build: str) -> list[tuple[str, int]]:
    """Return name and published revision of every build but this one."""
    rows = connection.execute(select(t.builds.c.name, t.builds.c.revision).where(t.builds.c.name != build))
    return [(row.name, row.revision) for row in rows]


def leave_builds(connection: Connection, names: Sequence[str]) -> None:
    """Take their builds from generations; nothing stands on them any more."""
    connection.execute(update(t.generations).where(t.generations.c.build.in_(names)).values(build=None))
    connection.execute(delete(t.builds).where(t.builds.c.name.in_(names)))
