"""The pointer: which bundle serves, and so which generation and build."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import orjson
from sqlalchemy import Connection, Row, Select, insert, select, update

from rag.config import Bundle
from rag.database import tables as t


@dataclass(frozen=True, slots=True)
class Release:
    """A bundle, and where its generation's rows are; a bundle that never served has no id."""

    bundle: Bundle
    generation: str
    build: str | None  # None: its generation was never published
    build_revision: int | None
    embedder: str | None  # identity
    id: int | None = None
    previous: int | None = None
    released_at: datetime | None = None


def current_release(connection: Connection) -> Release | None:
    """Return what serves; None before the first build."""
    row = connection.execute(_SERVING).one_or_none()
    return _release(row) if row else None


def release_by_id(connection: Connection, number: int) -> Release | None:
    """Return a former or the present release."""
    row = connection.execute(_RELEASES.where(t.releases.c.id == number)).one_or_none()
    return _release(row) if row else None


def former_release(connection: Connection) -> Release | None:
    """Return what served before the present release."""
    serving = current_release(connection)
    return release_by_id(connection, serving.previous) if serving and serving.previous else None


def release_of(connection: Connection, digest: str) -> Release | None:
    """Return a known bundle with the state of its generation; None where the digest is unknown."""
    content = connection.execute(select(t.bundles.c.content).where(t.bundles.c.digest == digest)).scalar()
    return with_generation(connection, _bundle(orjson.dumps(content))) if content is not None else None


def with_generation(connection: Connection, bundle: Bundle) -> Release:
    """Return a bundle with the state of its generation."""
    generation = bundle.index.digest
    row = connection.execute(_GENERATION.where(t.generations.c.digest == generation)).one_or_none()
    if row is None:
        return Release(bundle, generation, None, None, None)
    return Release(bundle, generation, row.build, row.revision, row.embedder)


def keep_bundle(connection: Connection, bundle: Bundle) -> None:
    """Store a bundle under its digest, so that it can be named."""
    known = connection.execute(select(t.bundles.c.digest).where(t.bundles.c.digest == bundle.digest)).scalar()
    if known is None:
        content = bundle.model_dump(mode="json")
        connection.execute(
            insert(t.bundles).values(digest=bundle.digest, generation=bundle.index.digest, content=content)
        )


def point_to(connection: Connection, bundle: Bundle, at: float) -> None:
    """Make a bundle serve; what served becomes its previous one. Nothing changes where it serves already."""
    serving = current_release(connection)
    if serving and serving.bundle.digest == bundle.digest:
        return
    keep_bundle(connection, bundle)
    values = {"bundle": bundle.digest, "previous": serving.id if serving else None, "released_at": at}
    number = connection.execute(insert(t.releases).values(values).returning(t.releases.c.id)).scalar_one()
    connection.execute(update(t.corpus).values(release=number))


def point_back(connection: Connection, release: Release) -> None:
    """Make a former release serve again, as it was."""
    connection.execute(update(t.corpus).values(release=release.id))


@lru_cache(maxsize=64)
def _bundle(content: bytes) -> Bundle:
    return Bundle.model_validate_json(content)


def _release(row: Row[tuple[object, ...]]) -> Release:
    bundle = _bundle(orjson.dumps(row.content))
    return Release(
        bundle=bundle,
        generation=bundle.index.digest,
        build=row.build,
        build_revision=row.revision,
        embedder=row.embedder,
        id=row.id,
        previous=row.previous,
        released_at=datetime.fromtimestamp(row.released_at, UTC),
    )


_BUILD = (t.generations.c.build, t.generations.c.embedder, t.builds.c.revision)
_GENERATION: Select[tuple[object, ...]] = select(*_BUILD).select_from(
    t.generations.outerjoin(t.builds, t.builds.c.name == t.generations.c.build)
)
_RELEASES: Select[tuple[object, ...]] = select(
    t.releases.c.id, t.releases.c.previous, t.releases.c.released_at, t.bundles.c.content, *_BUILD
).select_from(
    t.releases.join(t.bundles, t.bundles.c.digest == t.releases.c.bundle)
    .outerjoin(t.generations, t.generations.c.digest == t.bundles.c.generation)
    .outerjoin(t.builds, t.builds.c.name == t.generations.c.build)
)
_SERVING = _RELEASES.where(t.releases.c.id == t.corpus.c.release)
