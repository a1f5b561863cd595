"""Everything that writes the index, one at a time: build, refresh, remove, rebuild, prune, release."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from indexing import catalog
from indexing.attachments import mails_of
from indexing.build import SourceRequest, add_sources, default_bundle, new_target, read_request, target_for
from indexing.generations import Target, find_target, serving_config
from indexing.locking import refresh_lock
from indexing.pruning import Pruned, prune
from indexing.publishing import Pending
from indexing.refresh import Refresh
from indexing.report import Progress, Report, Silent
from indexing.scanning import Scan, scan_document
from indexing.verification import Verification, require_whole, verify
from indexing.workshop import Workshop
from rag.config import Bundle, IndexConfig
from rag.database import schema
from rag.database.releases import Release, former_release, keep_bundle, point_back, point_to
from rag.errors import NoIndexError, NotFoundError, NotReadyError, UsageError

_NO_REASON = "taken out by a person"


@dataclass(slots=True)
class Indexer:
    """The commands that write, each under the refresh lock."""

    shop: Workshop
    progress: Progress = field(default_factory=Silent)
    waiting: Callable[[], None] = lambda: None  # called once where another run is waited for

    def build(self, request: SourceRequest, bundle: Bundle | None = None, *, serve: bool = False) -> Report:
        """Add sources, bring the serving generation up to all sources, and prepare the bundle's where it is another.

        Raises UsageError where a path does not exist, and what `refresh` raises.
        """
        specs = read_request(request)
        with self._locked(wait=True):
            with self.shop.database.write() as connection:
                notes = add_sources(connection, request, specs)
                if not catalog.read_sources(connection):
                    raise UsageError("There is no source yet. Name a folder, or a sources file with --sources.")
            report = self._run(self._configs(bundle), serve=bundle)
            if bundle is not None:
                self._keep(bundle, serve=serve)
            report.notes.extend(notes)
            return report

    def refresh(self, *, verify_hashes: bool = False, publish_every: int | None = None) -> Report:
        """Bring the serving generation up to its sources. Raises AlreadyRunningError, NoIndexError."""
        with self._locked(wait=False):
            refresh = self._refresh_of([target_for(self.shop, self._serving())])
            return refresh.run(verify_hashes=verify_hashes, publish_every=publish_every)

    def remove(self, name: str) -> Report:
        """Take a source out of every answer at once, then out of the index. Raises NotFoundError."""
        with self.shop.database.write() as connection:
            if not catalog.mark_removed(connection, name):
                known = ", ".join(source.spec.name for source in catalog.read_sources(connection)) or "none"
                raise NotFoundError(f"There is no source {name!r}. Sources: {known}.")
        with self._locked(wait=True):
            return self._run([self._serving()])

    def document_at(self, uri: str) -> str:
        """Return the id of the document with that uri. Raises NotFoundError."""
        with self.shop.database.read() as connection:
            return catalog.find_document(connection, uri)

    def exclude(self, document_id: str, reason: str = "") -> Report:
        """Take a document out of every answer at once, then out of the index; no refresh brings it back.

        Raises NotFoundError.
        """
        with self.shop.database.write() as connection:
            catalog.known_document(connection, document_id)
            catalog.mark_excluded(connection, document_id, reason.strip() or _NO_REASON)
        with self._locked(wait=True):
            known = self._known(document_id)[1]
            inside = [each for each in self._attachments(known) if each.state != "excluded"]
            return self._run_for(Scan(seen=1, excluded=[known], removed=inside))

    def include(self, document_id: str) -> Report:
        """Index a document that was excluded as it is now.

        Raises NotFoundError, NotReadyError while its folder cannot be read, UsageError where it is not excluded.
        """
        with self._locked(wait=True):
            source, known = self._known(document_id)
            if known.state not in {"excluded", "held"}:  # held: a former attempt was interrupted
                raise UsageError(f"The document {source.spec.name}/{known.path} is not excluded.")
            self._refuse_in_excluded_mail(source, known)
            with self.shop.database.write() as connection:
                catalog.mark_included(connection, document_id)
            source, known = self._known(document_id)
            return self._run_for(scan_document(source, known, self._attachments(known)))

    def reindex(self, document_id: str) -> Report:
        """Read and index a document anew, though nothing changed.

        Raises NotFoundError, NotReadyError while its folder cannot be read, UsageError for an excluded one.
        """
        with self._locked(wait=True):
            source, known = self._known(document_id)
            if known.state == "excluded":
                uri = f"{source.spec.name}/{known.path}"
                raise UsageError(f"The document {uri} is excluded. `plumbline index include {uri}` takes it back.")
            return self._run_for(scan_document(source, known, self._attachments(known)))

    def rebuild(self) -> Report:
        """Make the serving generation's build anew from the truth: no parsing, and no embedding of what is cached."""
        with self._locked(wait=True):
            target = new_target(self.shop, self._serving())
            return self._refresh_of([target], forced=True).refill()

    def prune(self) -> Pruned:
        """Take away all that is dead, at once: texts, rows, query-log entries, freed pages."""
        with self._locked(wait=True):
            return prune(self.shop, target_for(self.shop, self._serving()))

    def verify(self) -> Verification:
        """Compare the serving generation's build with the truth. Raises NoIndexError."""
        with self.shop.database.read() as connection:
            config = serving_config(connection)
            target = find_target(connection, config) if config else None
        if target is None:
            raise NoIndexError
        return verify(self.shop, target)

    def release(self, bundle: Bundle) -> None:
        """Let a bundle serve. Raises NotReadyError while its generation is not whole."""
        with self._locked(wait=True):
            self._keep(bundle, serve=True)

    def roll_back(self, *, now: bool = False) -> Bundle:
        """Let the former release serve again, its generation brought up to the sources first unless `now`.

        Raises NotFoundError where there is no former release.
        """
        with self._locked(wait=True):
            former = self._former()
            if not now:
                self._run(_distinct([self._serving(), former.bundle.index]))
            elif former.build is None:
                raise NotReadyError("The former generation has no build any more; leave out --now to make it again.")
            with self.shop.database.write() as connection:
                point_back(connection, former)
            return former.bundle

    @contextmanager
    def _locked(self, *, wait: bool) -> Iterator[None]:
        settings = self.shop.settings
        with refresh_lock(settings.home, settings.database_url, wait=wait, waiting=self.waiting):
            schema.upgrade(self.shop.database, "truth")
            yield

    def _run(self, configs: Sequence[IndexConfig], *, serve: Bundle | None = None) -> Report:
        """Refresh these generations; where nothing serves yet, `serve` is released with the publish."""
        return self._refresh_of([target_for(self.shop, config) for config in configs], serve=serve).run()

    def _run_for(self, scan: Scan) -> Report:
        return self._refresh_of([target_for(self.shop, self._serving())]).run_for(scan)

    def _known(self, document_id: str) -> tuple[catalog.Source, catalog.Known]:
        with self.shop.database.read() as connection:
            return catalog.known_document(connection, document_id)

    def _attachments(self, known: catalog.Known) -> list[catalog.Known]:
        with self.shop.database.read() as connection:
            return catalog.known_attachments(connection, known)

    def _refuse_in_excluded_mail(self, source: catalog.Source, known: catalog.Known) -> None:
        """Raise UsageError where a document lies in a mail that is excluded: nobody opens that."""
        with self.shop.database.read() as connection:
            excluded = catalog.excluded_paths(connection).get(source.spec.name, ())
        for mail in (path for path in mails_of(known.path) if path in excluded):
            uri = f"{source.spec.name}/{mail}"
            raise UsageError(f"Its mail {uri} is excluded. `plumbline index include {uri}` takes that back first.")

    def _refresh_of(self, targets: Sequence[Target], *, serve: Bundle | None = None, forced: bool = False) -> Refresh:
        with self.shop.database.read() as connection:
            first = serving_config(connection) is None
            pending = Pending(catalog.revision_of(connection), self._first(serve) if first else None, forced=forced)
        return Refresh(self.shop, targets, self.progress, pending)

    def _first(self, bundle: Bundle | None) -> Bundle:
        return bundle or default_bundle(self.shop.settings)

    def _serving(self) -> IndexConfig:
        with self.shop.database.read() as connection:
            config = serving_config(connection)
        if config is None:
            raise NoIndexError
        return config

    def _configs(self, bundle: Bundle | None) -> list[IndexConfig]:
        """Return what a build writes: what serves, and the bundle's index configuration."""
        with self.shop.database.read() as connection:
            serving = serving_config(connection)
        wanted = [config for config in (serving, bundle.index if bundle else None) if config is not None]
        return _distinct(wanted or [default_bundle(self.shop.settings).index])

    def _keep(self, bundle: Bundle, *, serve: bool) -> None:
        """Store a bundle, and release it where asked, once its generation is whole."""
        if serve:
            require_whole(self.shop, bundle.index)
        with self.shop.database.write() as connection:
            keep_bundle(connection, bundle)
            if serve:
                point_to(connection, bundle, time.time())

    def _former(self) -> Release:
        with self.shop.database.read() as connection:
            former = former_release(connection)
        if former is None:
            raise NotFoundError("There is no former release to go back to. `plumbline release show` tells what serves.")
        return former


def _distinct(configs: Sequence[IndexConfig]) -> list[IndexConfig]:
    return list({config.digest: config for config in configs}.values())
