"""The ledger in the truth: sources, and what was seen of them. SQL only; what it means is elsewhere."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from indexing.formats.endings import ENDINGS, MailFormat
from indexing.formats.extracted import SEPARATOR
from indexing.sources import SourceSpec
from rag.database import tables as t
from rag.errors import NotFoundError

T = TypeVar("T")
_SLICE = 500  # ids per statement: SQLite takes 32,766 variables, PostgreSQL 65,535


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the catalog knows it."""

    spec: SourceSpec
    managed_by: str = ""
    refreshed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the last run wrote down of one file."""

    id: str
    source: str
    path: str
    state: str
    reason: str | None
    content_hash: str | None
    parser_version: str | None
    rules: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    scanned_ns: int
    version_born: int | None  # of the version that is alive; None where there is none


def revision_of(connection: Connection) -> int:
    """Return the corpus revision."""
    return int(connection.execute(select(t.corpus.c.revision)).scalar_one())


def read_sources(connection: Connection) -> list[Source]:
    """Return the sources that are not removed, by name."""
    rows = connection.execute(select(t.sources).where(t.sources.c.removed.is_(False)).order_by(t.sources.c.name))
    return [Source(SourceSpec.model_validate(row.spec), row.managed_by, row.refreshed_at) for row in rows]


def put_source(connection: Connection, spec: SourceSpec, managed_by: str = "") -> None:
    """Add a source, or replace what is known of it."""
    values = {"spec": spec.model_dump(mode="json"), "managed_by": managed_by, "removed": False}
    if connection.execute(select(t.sources.c.name).where(t.sources.c.name == spec.name)).scalar() is None:
        connection.execute(insert(t.sources).values(name=spec.name, **values))
    else:
        connection.execute(update(t.sources).where(t.sources.c.name == spec.name).values(values))


def all_paths(connection: Connection) -> list[Path]:
    """Return the paths of all sources, the removed ones among them."""
    return [Path(spec["path"]) for spec in connection.execute(select(t.sources.c.spec)).scalars()]


def source_at(connection: Connection, path: Path) -> Source | None:
    """Return the source of that path."""
    return next((each for each in read_sources(connection) if each.spec.path == path), None)


def names_taken(connection: Connection) -> set[str]:
    """Return the names of all sources; that of a removed one is free again."""
    return set(connection.execute(select(t.sources.c.name).where(t.sources.c.removed.is_(False))).scalars())


def expect_mails_anew(connection: Connection, source: str) -> None:
    """Let the next run read the mails of a source again: a pattern may have taken attachments out that it wants now."""
    path = func.lower(t.documents.c.path)
    mails = or_(*(path.endswith(ending) for ending, kind in ENDINGS.items() if kind in get_args(MailFormat)))
    connection.execute(update(t.documents).where(t.documents.c.source == source, mails).values(parser_version=None))


def mark_removed(connection: Connection, name: str) -> bool:
    """Take a source out of every answer at once. False where there is none of that name."""
    found = update(t.sources).where(t.sources.c.name == name, t.sources.c.removed.is_(False)).values(removed=True)
    return bool(connection.execute(found).rowcount)


def mark_refreshed(connection: Connection, names: Iterable[str], at: float) -> None:
    """Note when sources were last seen whole."""
    connection.execute(update(t.sources).where(t.sources.c.name.in_(list(names))).values(refreshed_at=at))


def read_known(connection: Connection, document_id: str | None = None) -> dict[str, Known]:
    """Return what is known of every file, or of one, by document id; those that were removed are absent."""
    alive = and_(t.versions.c.document_id == t.documents.c.id, t.versions.c.died.is_(None))
    columns = [t.documents.c[name] for name in Known.__slots__ if name != "version_born"]
    query = select(*columns, t.versions.c.born).select_from(t.documents.outerjoin(t.versions, alive))
    query = query.where(t.documents.c.state != "removed")
    rows = connection.execute(query if document_id is None else query.where(t.documents.c.id == document_id)).all()
    return {row[0]: Known(*tuple(row)) for row in rows}


def known_attachments(connection: Connection, known: Known) -> list[Known]:
    """Return what is known of the documents that lie in a mail, at any depth, the excluded ones too."""
    inside = t.documents.c.path.startswith(known.path + SEPARATOR, autoescape=True)
    ids = select(t.documents.c.id).where(t.documents.c.source == known.source, inside)
    found = (read_known(connection, each).get(each) for each in connection.execute(ids).scalars().all())
    return [each for each in found if each is not None]


def find_document(connection: Connection, uri: str) -> str:
    """Return the id of the document with that uri. Raises NotFoundError."""
    query = select(t.documents.c.id).where(t.documents.c.uri == uri, t.documents.c.state != "removed")
    found = connection.execute(query).scalars().first()
    if found is None:
        raise NotFoundError(f"There is no document {uri!r}. `plumbline index documents` lists them.")
    return str(found)


def known_document(connection: Connection, document_id: str) -> tuple[Source, Known]:
    """Return a document with its source. Raises NotFoundError where there is none, or its source was removed."""
    known = read_known(connection, document_id).get(document_id)
    source = next((each for each in read_sources(connection) if known and each.spec.name == known.source), None)
    if known is None or source is None:
        raise NotFoundError(f"There is no document {document_id!r}. `plumbline index documents` lists them.")
    return source, known


def excluded_paths(connection: Connection) -> Mapping[str, Sequence[str]]:
    """Return the paths of excluded documents by source, in order; a source without one has an empty list."""
    found: dict[str, list[str]] = defaultdict(list)
    query = select(t.documents.c.source, t.documents.c.path).where(t.documents.c.state == "excluded")
    for source, path in connection.execute(query.order_by(t.documents.c.source, t.documents.c.path)):
        found[source].append(path)
    return found


def mark_excluded(connection: Connection, document_id: str, reason: str) -> None:
    """Take a document out of every answer at once; until it is included again no refresh opens its file."""
    _set_state(connection, document_id, "excluded", reason)


def mark_included(connection: Connection, document_id: str) -> None:
    """Let the next run index a document that was excluded."""
    _set_state(connection, document_id, "held", "taken back; the next refresh indexes it")


def _set_state(connection: Connection, document_id: str, state: str, reason: str) -> None:
    values = {"state": state, "reason": reason, "content_hash": None, "parser_version": None}
    changed = update(t.documents).where(t.documents.c.id == document_id)
    connection.execute(changed.values(**values, scanned_ns=time.time_ns()))


def set_roles(connection: Connection, roles: Mapping[str, Sequence[str]]) -> None:
    """Replace who may read these documents, from now on."""
    for ids in slices(sorted(roles)):
        connection.execute(delete(t.document_roles).where(t.document_roles.c.document_id.in_(ids)))
        rows = [{"document_id": each, "role": role} for each in ids for role in roles[each]]
        if rows:
            connection.execute(insert(t.document_roles), rows)


def revoke_roles(connection: Connection, roles: Mapping[str, Sequence[str]]) -> None:
    """Leave documents no other roles than these; until a publish the ledger does not count their rules as seen."""
    for document_id, kept in roles.items():
        of_document = t.document_roles.c.document_id == document_id
        connection.execute(delete(t.document_roles).where(of_document, t.document_roles.c.role.not_in(list(kept))))
    for ids in slices(sorted(roles)):
        connection.execute(update(t.documents).where(t.documents.c.id.in_(ids)).values(rules=""))


def write_ledger(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace what is known of files; each row has every column of `documents`."""
    for part in slices(rows):
        ids = [row["id"] for row in part]
        known = set(connection.execute(select(t.documents.c.id).where(t.documents.c.id.in_(ids))).scalars())
        new = [dict(row) for row in part if row["id"] not in known]
        if new:
            connection.execute(insert(t.documents), new)
        for row in (row for row in part if row["id"] in known):
            seen = update(t.documents).where(t.documents.c.id == row["id"])
            # One that was excluded since the scan stays so.
            seen = seen.where(t.documents.c.state != "excluded") if "state" in row else seen
            connection.execute(seen.values(dict(row)))


def mark_documents_removed(connection: Connection, document_ids: Sequence[str]) -> None:
    """Take documents out of every listing; their rows go with their versions.

    What is excluded stays so, unless its source was removed.
    """
    removed = t.documents.c.source.in_(select(t.sources.c.name).where(t.sources.c.removed))
    for ids in slices(document_ids):
        gone = update(t.documents).where(t.documents.c.id.in_(ids), or_(t.documents.c.state != "excluded", removed))
        connection.execute(gone.values(state="removed", rules="", content_hash=None, parser_version=None))


def forget_documents(connection: Connection) -> None:
    """Delete the rows of removed documents that have no version left, and of sources that have no document left."""
    versions = select(t.versions.c.born).where(t.versions.c.document_id == t.documents.c.id)
    gone = and_(t.documents.c.state == "removed", ~versions.exists())
    ids = select(t.documents.c.id).where(gone)
    connection.execute(delete(t.document_roles).where(t.document_roles.c.document_id.in_(ids)))
    connection.execute(delete(t.documents).where(gone))
    documents = select(t.documents.c.id).where(t.documents.c.source == t.sources.c.name)
    connection.execute(delete(t.sources).where(t.sources.c.removed, ~documents.exists()))


def published_before(connection: Connection, age_s: float) -> int:
    """Return the newest revision that was published more than `age_s` ago; -1 where none was."""
    query = select(t.revisions.c.number).where(t.revisions.c.published_at <= time.time() - age_s)
    return int(connection.execute(query.order_by(t.revisions.c.number.desc()).limit(1)).scalar() or -1)


def slices(items: Sequence[T], size: int = _SLICE) -> Iterator[list[T]]:
    """Yield the items in lists that fit a statement."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
