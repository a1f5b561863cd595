"""What `index status`, `sources`, `documents`, `list` and `release show` tell. Reads only."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, func, select

from indexing import catalog
from indexing.catalog import Source
from indexing.schedule import next_due
from indexing.workshop import Workshop
from rag.database import tables as t
from rag.database.releases import current_release, former_release
from rag.errors import NoIndexError


def status(shop: Workshop) -> dict[str, object]:
    """Return revision, generation, release, and each source with its freshness."""
    with shop.database.read() as connection:
        release = current_release(connection)
        return {
            "revision": catalog.revision_of(connection),
            "generation": release.generation if release else None,
            "release": release.bundle.digest if release else None,
            "sources": [_freshness(connection, source) for source in catalog.read_sources(connection)],
        }


def sources(shop: Workshop) -> dict[str, object]:
    """Return the sources as they are specified."""
    with shop.database.read() as connection:
        found = catalog.read_sources(connection)
    return {"sources": [source.spec.model_dump(mode="json") | {"managed_by": source.managed_by} for source in found]}


def documents(shop: Workshop, states: Sequence[str]) -> dict[str, object]:
    """Return every document seen, also those that could not be indexed; of these states, or of all."""
    with shop.database.read() as connection:
        rows = connection.execute(_documents(connection, states)).all()
        roles = _roles(connection)
    return {
        "documents": [
            {
                "id": row.id,
                "uri": row.uri,
                "title": row.title or row.path.rsplit("/", 1)[-1],
                "type": row.type,
                "type_rule": row.type_rule,
                "format": row.format,
                "roles": sorted(roles.get(row.id, [])),
                "state": row.state,
                "reason": row.reason,
                "version": row.version,
                "chunks": row.chunks,
                "indexed_at": _time(row.indexed_at),
            }
            for row in rows
        ]
    }


def generations(shop: Workshop) -> dict[str, object]:
    """Return the generations, with the size of the build that each stands on."""
    with shop.database.read() as connection:
        serving = current_release(connection)
        living = select(func.count()).where(t.chunks.c.generation == t.generations.c.digest, t.chunks.c.died.is_(None))
        query = select(
            t.generations.c.digest, t.builds.c.name, t.builds.c.revision, living.scalar_subquery().label("n")
        )
        joined = t.generations.outerjoin(t.builds, t.builds.c.name == t.generations.c.build)
        rows = connection.execute(query.select_from(joined)).all()
    present = set(shop.store.builds())
    return {
        "generations": [
            {
                "digest": row.digest,
                "serving": serving is not None and row.digest == serving.generation,
                "chunks": row.n,
                "revision": row.revision,
                "bytes": shop.store.stats(row.name).size_bytes if row.name in present else 0,
            }
            for row in rows
        ]
    }


def release(shop: Workshop) -> dict[str, object]:
    """Return which bundle serves. Raises NoIndexError."""
    with shop.database.read() as connection:
        serving, former = current_release(connection), former_release(connection)
    if serving is None:
        raise NoIndexError
    return {
        "bundle": serving.bundle.digest,
        "generation": serving.generation,
        "released_at": serving.released_at.isoformat(timespec="seconds") if serving.released_at else None,
        "previous": former.bundle.digest if former else None,
        "content": serving.bundle.model_dump(mode="json"),
    }


def _freshness(connection: Connection, source: Source) -> dict[str, object]:
    searchable = and_(t.versions.c.document_id == t.documents.c.id, t.versions.c.died.is_(None))
    count = select(func.count()).select_from(t.documents.join(t.versions, searchable))
    now, freshness_s = time.time(), source.spec.freshness_s
    age_s = now - source.refreshed_at if source.refreshed_at else None
    due_at = _due_at(source, now)
    return {
        "name": source.spec.name,
        "owner": source.spec.owner or None,
        "documents": connection.execute(count.where(t.documents.c.source == source.spec.name)).scalar_one(),
        "freshness_s": freshness_s,
        "age_s": round(age_s, 1) if age_s is not None else None,
        "late": freshness_s is not None and (age_s is None or age_s > freshness_s),
        "due_at": datetime.fromtimestamp(due_at, UTC).isoformat(timespec="seconds") if due_at else None,
        "overdue_s": round(max(now - due_at, 0), 1) if due_at else None,
    }


def _due_at(source: Source, now: float) -> float | None:
    """Return by when a source is to be refreshed, by schedule or freshness; in the past where that did not happen.

    None where nothing was said; at once where it never was refreshed.
    """
    spec, since = source.spec, source.refreshed_at
    if not (spec.schedule or spec.freshness_s):
        return None
    if since is None:
        return now
    due = next_due(spec.schedule, datetime.fromtimestamp(since, UTC)) if spec.schedule else None
    times = [due.timestamp()] if due else []
    return min([*times, since + spec.freshness_s] if spec.freshness_s else times, default=None)


def _documents(connection: Connection, states: Sequence[str]):  # type: ignore[no-untyped-def]  # a Select of many columns
    serving = current_release(connection)
    chunks = select(func.count()).where(
        t.chunks.c.document_id == t.documents.c.id,
        t.chunks.c.died.is_(None),
        t.chunks.c.generation == (serving.generation if serving else ""),
    )
    alive = and_(t.versions.c.document_id == t.documents.c.id, t.versions.c.died.is_(None))
    own = (t.versions.c.title, t.versions.c.type, t.versions.c.version, t.versions.c.indexed_at)
    said = [t.texts.c.parsed[name].as_string().label(name) for name in ("type_rule", "format")]
    query = select(t.documents, *own, *said, chunks.scalar_subquery().label("chunks"))
    of_version = and_(t.texts.c.document_id == t.versions.c.document_id, t.texts.c.born == t.versions.c.born)
    found = t.documents.outerjoin(t.versions, alive).outerjoin(t.texts, of_version)
    query = query.select_from(found).where(t.documents.c.state != "removed")
    return (query.where(t.documents.c.state.in_(list(states))) if states else query).order_by(t.documents.c.uri)


def _roles(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for document_id, role in connection.execute(select(t.document_roles)):
        found.setdefault(document_id, []).append(role)
    return found


def _time(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None
