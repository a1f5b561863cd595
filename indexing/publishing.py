"""The one transaction that makes a refresh visible."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, insert, select, update

from indexing import catalog, versions
from indexing.generations import Target, note_removal, publish_build
from rag.config import Bundle
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.releases import point_to


@dataclass(slots=True)
class Pending:
    """What the next publish makes true beside the rows that are written already."""

    revision: int  # that is published now
    serve: Bundle | None = None  # the bundle to release, where nothing serves yet
    forced: bool = False  # publish also where no document changed
    ledger: list[dict[str, object]] = field(default_factory=list)
    roles: dict[str, Sequence[str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)  # gone at their sources
    refused: list[str] = field(default_factory=list)  # excluded, or there but not to be opened any more
    whole: list[str] = field(default_factory=list)  # sources that were seen whole

    @property
    def born(self) -> int:
        """The revision that is being written."""
        return self.revision + 1


def publish(database: Database, targets: Sequence[Target], pending: Pending) -> list[Target]:
    """Publish all that was written, and return the targets at the new revision.

    Without a change of any document only the ledger and the time of the scan are written.
    """
    behind = any(target.published < pending.revision for target in targets)
    changed = bool(pending.roles or pending.removed or pending.refused or pending.forced or behind)
    now = time.time()
    with database.write() as connection:
        catalog.write_ledger(connection, pending.ledger)
        catalog.mark_refreshed(connection, pending.whole, now)
        if changed:
            _publish_revision(connection, targets, pending, now)
        if pending.serve:
            point_to(connection, pending.serve, now)
    pending.revision += changed
    pending.ledger, pending.roles, pending.removed, pending.refused = [], {}, [], []
    pending.forced, pending.serve = False, None
    return [replace(target, published=pending.revision) for target in targets]


def _publish_revision(connection: Connection, targets: Sequence[Target], pending: Pending, now: float) -> None:
    catalog.set_roles(connection, pending.roles)
    catalog.mark_documents_removed(connection, pending.removed)
    versions.mark_removed(connection, [*pending.removed, *pending.refused])
    for target in targets:
        publish_build(connection, target, pending.born)
        if pending.removed or pending.refused:
            note_removal(connection, target.build, now)
    languages = select(t.versions.c.language).where(t.versions.c.died.is_(None)).distinct()
    present = sorted(language for language in connection.execute(languages).scalars() if language)
    connection.execute(insert(t.revisions).values(number=pending.born, published_at=now))
    connection.execute(update(t.corpus).values(revision=pending.born, languages=present))
