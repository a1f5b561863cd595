"""Takes away all that is dead, at once: no byte of a removed document is left."""

from dataclasses import dataclass

from indexing import catalog, versions
from indexing.cleaning import clean_up, compact, drop_builds
from indexing.experiment_homes import bytes_below
from indexing.filling import catch_up
from indexing.forgetting import forget_copies, forget_jobs_words
from indexing.generations import Target, leave_builds, other_builds
from indexing.publishing import Pending, publish
from indexing.report import Report
from indexing.workshop import Workshop
from rag.database import records, schema


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away; bytes on disk, 0 where the store is a server."""

    documents: int  # versions of documents
    chunks: int
    bytes: int


def prune(shop: Workshop, target: Target) -> Pruned:
    """Forget dead versions, rows and log entries, and give their pages back. Callers hold the refresh lock."""
    before = bytes_below(shop.settings.home)
    forget_copies(shop)
    clean_up(shop, [target])
    target = _level(shop, target)
    others = _with_dead_rows(shop, target)
    with shop.database.write() as connection:
        revision = catalog.revision_of(connection)
        documents, chunks = versions.count_dead(connection)
        versions.forget(connection, replaced=revision, removed=revision)
        leave_builds(connection, others)
    _on_new_build(shop, target, revision)
    drop_builds(shop, [], 0)
    _blank_log(shop)
    forget_jobs_words(shop)
    shop.database.shrink()
    return Pruned(documents, chunks, max(before - bytes_below(shop.settings.home), 0))


def _level(shop: Workshop, target: Target) -> Target:
    """Bring the generation up to the corpus where it is behind: what was removed since lies in its build alive."""
    with shop.database.read() as connection:
        pending = Pending(catalog.revision_of(connection))
    if target.published == pending.revision:
        return target
    return publish(shop.database, [catch_up(shop, target, pending, Report())], pending)[0]


def _with_dead_rows(shop: Workshop, serving: Target) -> list[str]:
    """Return the other generations' builds that are behind or hold dead rows: wanted again, they are made again."""
    present = set(shop.store.builds())
    with shop.database.read() as connection:
        others = other_builds(connection, serving.build)
    return [
        name
        for name, revision in others
        if revision < serving.published or (name in present and shop.store.stats(name).dead)
    ]


def _on_new_build(shop: Workshop, target: Target, revision: int) -> None:
    """Let the generation stand on a build without dead rows."""
    if not shop.store.stats(target.build).dead:
        return
    with shop.store.writer(target.build) as store:
        store.purge(target.published)
    if shop.store.stats(target.build).dead:
        publish(shop.database, [compact(shop, target)], Pending(revision, forced=True))


def _blank_log(shop: Workshop) -> None:
    """Blank what the query log quotes of versions that are no longer there."""
    if not shop.records.exists:
        return
    schema.upgrade(shop.records, "records")
    with shop.database.read() as connection:
        alive = versions.all_versions(connection)
    records.blank_all_but(shop.records, alive)
    shop.records.shrink()
