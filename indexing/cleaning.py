"""What a killed run left, what readers need no more, and what must be physically gone."""

import time
from collections.abc import Sequence
from dataclasses import replace

from indexing import catalog, versions
from indexing.forgetting import forget_copies
from indexing.generations import (
    Target,
    builds_to_keep,
    forget_builds,
    installation_of,
    new_build_name,
    oldest_removal,
)
from indexing.publishing import Pending
from indexing.workshop import Workshop

_DEADLINE_MARGIN = 0.5  # a removal's rows go when half of its time has passed: cron runs once an hour or so


def clean_up(shop: Workshop, targets: Sequence[Target]) -> None:
    """Undo what a killed run left in the truth and in the builds that this run writes, and purge what is dead."""
    retention = shop.settings.retention
    with shop.database.read() as connection:
        revision = catalog.revision_of(connection)
        left = versions.has_unpublished(connection, revision)
        removed = catalog.published_before(connection, retention.purge_grace_s)
        replaced = catalog.published_before(connection, retention.replaced_hours * 3600)
        old = versions.has_dead(connection, replaced=replaced, removed=removed)
    if old:
        forget_copies(shop)
    if left or old:
        with shop.database.write() as connection:
            versions.undo_unpublished(connection, revision)
            versions.forget(connection, replaced=replaced, removed=removed)
    drop_builds(shop, targets, retention.purge_grace_s)
    for target in targets:
        _clean_build(shop, target, removed)


def drop_builds(shop: Workshop, targets: Sequence[Target], grace_s: float) -> None:
    """Drop the builds that nothing stands on any more, or that were never published."""
    with shop.database.read() as connection:
        kept = builds_to_keep(connection, grace_s) | {target.build for target in targets}
        own = f"{installation_of(connection)}-"
    gone = [build for build in shop.store.builds() if build.startswith(own) and build not in kept]
    for build in gone:
        shop.store.drop(build)
    if gone:
        with shop.database.write() as connection:
            forget_builds(connection, kept)


def compact_where_due(shop: Workshop, targets: Sequence[Target], pending: Pending) -> list[Target]:
    """Return the targets on new builds where too many rows are dead, or a removal's deadline is near."""
    return [_compacted(shop, target, pending) if _is_due(shop, target) else target for target in targets]


def _compacted(shop: Workshop, target: Target, pending: Pending) -> Target:
    pending.forced = True
    return compact(shop, target)


def compact(shop: Workshop, target: Target) -> Target:
    """Copy the living rows to a new build, which the next publish lets the generation stand on."""
    with shop.database.read() as connection:
        build = new_build_name(connection, target.generation)
    shop.store.compact(target.build, build)
    return replace(target, build=build)


def _is_due(shop: Workshop, target: Target) -> bool:
    stats, retention = shop.store.stats(target.build), shop.settings.retention
    if not stats.dead:
        return False
    if stats.dead > retention.compact_dead_share * max(stats.rows, 1):
        return True
    with shop.database.read() as connection:
        since = oldest_removal(connection, target.build)
    return since is not None and time.time() - since > retention.removal_deadline_hours * 3600 * _DEADLINE_MARGIN


def _clean_build(shop: Workshop, target: Target, purgeable: int) -> None:
    if target.is_new:
        return
    with shop.store.writer(target.build) as store:
        store.clean_up(target.published)
        store.purge(min(purgeable, target.published))
