"""Brings generations up to their sources: what `index build`, `index refresh`, cron and experiments all call."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from indexing import catalog, versions, writing
from indexing.attachments import Attachments
from indexing.changes import Change
from indexing.cleaning import clean_up, compact_where_due
from indexing.filling import catch_up
from indexing.generations import Target
from indexing.parsing import Parsers
from indexing.publishing import Pending, publish
from indexing.report import Problem, Progress, Report
from indexing.scanning import Scan, scan_sources
from indexing.staging import Read, Staged, read_changes, stage
from indexing.workshop import Workshop

_BATCH_DOCUMENTS = 256  # documents between two writes
_BATCH_BYTES = 8 << 20  # of their files, so that a batch fits in memory


@dataclass(slots=True)
class Refresh:
    """One run under the refresh lock. Nothing of it is visible before a publish; every step can be repeated."""

    shop: Workshop
    targets: Sequence[Target]
    progress: Progress
    pending: Pending
    report: Report = field(default_factory=Report)

    def run(self, *, verify_hashes: bool = False, publish_every: int | None = None) -> Report:
        """Scan, stage, write and publish.

        Raises DiskFullError, ModelUnavailableError, StoreUnavailableError, DatabaseUnavailableError.
        """
        started = time.monotonic()
        clean_up(self.shop, self.targets)
        return self.apply(self.scan(verify_hashes=verify_hashes), started, publish_every)

    def run_for(self, scan: Scan) -> Report:
        """Stage, write and publish what became of some documents; all others stay as they are. Raises as `run`."""
        started = time.monotonic()
        clean_up(self.shop, self.targets)
        self.pending.ledger.extend(map(writing.refused_row, scan.refused))
        return self.apply(scan, started)

    def apply(self, scan: Scan, started: float, publish_every: int | None = None) -> Report:
        """Bring truth and store up to a scan, and publish."""
        self.revoke(scan)
        for batch in self.batches(scan, publish_every):
            self.write(batch)
            self.end([known.id for known in scan.attachments.take_gone()], [])
            if publish_every and self.is_level:
                self.publish()
        scan.take_in_attachments()
        self.remove(scan)
        self.targets = [catch_up(self.shop, target, self.pending, self.report) for target in self.targets]
        self.targets = compact_where_due(self.shop, self.targets, self.pending)
        self.pending.whole = scan.whole
        self.publish()
        return self.finished(scan, started)

    @property
    def is_level(self) -> bool:
        """Whether every target's build has all that is published: else a publish would show half of it."""
        return all(target.published == self.pending.revision for target in self.targets)

    def refill(self) -> Report:
        """Give the targets' builds what the truth holds, and publish; sources are not looked at. Raises as `run`."""
        started = time.monotonic()
        clean_up(self.shop, self.targets)
        self.targets = [catch_up(self.shop, target, self.pending, self.report) for target in self.targets]
        self.publish()
        return self.finished(Scan(), started)

    def scan(self, *, verify_hashes: bool) -> Scan:
        """Look at every source, and note what needs no staging."""
        with self.shop.database.read() as connection:
            sources, known = catalog.read_sources(connection), catalog.read_known(connection)
        scan = scan_sources(sources, known, verify_hashes=verify_hashes)
        self.pending.ledger.extend([*map(writing.refused_row, scan.refused), *scan.touched])
        return scan

    def revoke(self, scan: Scan) -> None:
        """Let rights that a rule took away end now; what it grants comes with the publish."""
        ruled = [each for each in scan.changes if each.searchable and each.ruled_anew]
        roles = {each.document_id: each.rule.roles or () for each in ruled} | scan.narrowed
        if roles:
            with self.shop.database.write() as connection:
                catalog.revoke_roles(connection, roles)

    def batches(self, scan: Scan, publish_every: int | None) -> Iterator[list[Staged]]:
        """Yield staged documents, as many at a time as are written together."""
        self.progress.stage("Reading and embedding", len(scan.changes))
        with Parsers(self.shop.settings.parsing, self.shop.parsed) as parsers:
            for changes in _parts(scan.changes, publish_every or _BATCH_DOCUMENTS):
                found = list(self.staged(changes, parsers, scan.attachments))
                self.progress.advance(len(changes) - len(found))
                yield found

    def staged(self, changes: Sequence[Change], parsers: Parsers, attachments: Attachments) -> Iterator[Staged]:
        """Yield the documents of changes, and their attachments, that can be indexed; the others are reported."""
        reading = read_changes(changes, parsers, self.stored(changes), attachments)
        for read in self.report.timed("parse", reading):
            self.note(read)
            if read.document:
                with self.report.timing("chunk"):
                    staged = stage(read, read.document, self.targets, self.shop)
                yield staged

    def stored(self, changes: Sequence[Change]) -> list[versions.StoredVersion]:
        """Return the versions of documents of which only the rules changed: they need no parser."""
        ids = [each.document_id for each in changes if each.kind == "rules"]
        with self.shop.database.read() as connection:
            return versions.read_versions(connection, ids)

    def note(self, read: Read) -> None:
        """Count what was read, and keep its ledger row for the publish."""
        counts, change = self.report.documents, read.change
        self.report.files.read += change.kind == "content" and not change.file.member
        self.pending.ledger.append(writing.ledger_row(read))
        if read.document is None:
            counts.rejected += 1
            self.report.problems.append(Problem(change.uri, read.reason or ""))
            return
        counts.flagged += read.state == "flagged"
        counts.changed += change.searchable
        counts.added += not change.searchable
        self.pending.roles[change.document_id] = change.rule.roles or ()

    def write(self, batch: Sequence[Staged]) -> None:
        """Write a batch into the truth and the store, born at the next revision."""
        if not batch:
            return
        self.report.oversized += sum(staged.oversized for staged in batch)
        with writing.telling(self.progress, batch) as told:
            vectors = writing.embed_batch(self.shop, self.targets, batch, self.report, told)
        ended = writing.write_truth(self.shop.database, self.targets, batch, self.pending.born)
        for target in self.targets:
            rows = writing.store_rows(target, batch, vectors)
            with self.shop.store.writer(target.build) as store:
                store.retire(ended[target.build], self.pending.born)
                store.upsert(rows, self.pending.born)

    def remove(self, scan: Scan) -> None:
        """End the documents that are gone at their sources, were excluded, or must not be opened any more."""
        refused = [each.document_id for each in scan.refused if each.searchable]
        refused += [known.id for known in scan.excluded if known.version_born is not None]
        self.end([known.id for known in scan.removed], refused)

    def end(self, gone: Sequence[str], refused: Sequence[str]) -> None:
        """End documents in truth and store: gone from their sources, or there but not to be shown."""
        self.report.documents.removed += len(gone)
        self.pending.removed.extend(gone)
        self.pending.refused.extend(refused)
        ended = writing.end_in_truth(self.shop.database, self.targets, [*gone, *refused], self.pending.born)
        for target in self.targets:
            if ended[target.build]:
                with self.shop.store.writer(target.build) as store:
                    store.retire(ended[target.build], self.pending.born)

    def publish(self) -> None:
        """Make all that was written visible in one transaction, if anything was."""
        self.targets = publish(self.shop.database, self.targets, self.pending)

    def finished(self, scan: Scan, started: float) -> Report:
        """Return the report, with what the scan alone tells."""
        report = self.report
        report.revision, report.generation = self.pending.revision, self.targets[0].generation
        report.files.seen, report.files.read = scan.seen, report.files.read + scan.read
        rejected = [each for each in scan.unchanged if each.state == "rejected"]
        report.documents.unchanged = len(scan.unchanged) - len(rejected)
        report.documents.rejected += len(rejected) + len(scan.refused)
        report.documents.excluded = len(scan.excluded)
        report.documents.flagged += sum(each.state == "flagged" for each in scan.unchanged)
        report.notes += scan.notes
        report.problems += [Problem(each.uri, each.file.refused) for each in scan.refused]
        report.problems += [
            *scan.problems,
            *(Problem(f"{each.source}/{each.path}", each.reason or "") for each in rejected),
        ]
        with self.shop.database.read() as connection:
            report.chunks = versions.count_chunks(connection, report.generation)
        report.seconds = round(time.monotonic() - started, 3)
        return report


def _parts(changes: Sequence[Change], count: int) -> Iterator[list[Change]]:
    """Yield changes in lists of at most `count` documents and about 8 MB of files."""
    part: list[Change] = []
    for change in changes:
        part.append(change)
        if len(part) >= count or sum(each.file.size for each in part) >= _BATCH_BYTES:
            yield part
            part = []
    if part:
        yield part
