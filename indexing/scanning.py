"""Sources against the ledger: what is new, changed, removed or unchanged, with as few files opened as possible."""

import hashlib
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from indexing.catalog import Known, Source
from indexing.identity import document_id
from indexing.parsing import PARSER_VERSION
from indexing.report import Problem
from indexing.sources import FoundFile, Listing, Rule, SourceSpec, Unreadable, walk
from rag.errors import NotReadyError

_GUARDED = 2  # documents: a source that loses all of so many at once is asked about
_RACY_NS = 2_000_000_000  # a file written this shortly before the last scan may have been written again after it


@dataclass(frozen=True, slots=True)
class Change:
    """A file that has to be staged."""

    document_id: str
    uri: str
    source: str
    file: FoundFile
    rule: Rule
    known: Known | None
    kind: Literal["content", "rules"]  # rules: the bytes are as they were, what source and rules say is not
    scanned_ns: int

    @property
    def searchable(self) -> bool:
        """Whether a version of the document is alive."""
        return self.known is not None and self.known.version_born is not None

    @property
    def ruled_anew(self) -> bool:
        """Whether source and rules say something else of it than before."""
        return self.known is not None and self.known.rules != rule_digest(self.rule)

    @property
    def ledger(self) -> dict[str, object]:
        """What the ledger is to say of the file, but for state, reason and content."""
        return {
            "id": self.document_id,
            "source": self.source,
            "path": self.file.relative,
            "uri": self.uri,
            "rules": rule_digest(self.rule),
            "size": self.file.size,
            "mtime_ns": self.file.mtime_ns,
            "ctime_ns": self.file.ctime_ns,
            "inode": self.file.inode,
            "scanned_ns": self.scanned_ns,
        }


@dataclass(slots=True)
class Scan:
    """What a look at all sources found."""

    seen: int = 0
    read: int = 0
    changes: list[Change] = field(default_factory=list)
    refused: list[Change] = field(default_factory=list)  # files that must not be opened
    touched: list[dict[str, object]] = field(default_factory=list)  # ledger rows: same content, other time stamp
    unchanged: list[Known] = field(default_factory=list)
    removed: list[Known] = field(default_factory=list)
    excluded: list[Known] = field(default_factory=list)  # a person took them out; their files are not opened
    narrowed: dict[str, tuple[str, ...]] = field(default_factory=dict)  # roles by excluded document, ruled anew
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is as it was asked for, and yet may surprise
    whole: list[str] = field(default_factory=list)  # sources without a folder that could not be listed


def scan_sources(
    sources: Sequence[Source], known: Mapping[str, Known], *, verify_hashes: bool, accept_empty: bool = False
) -> Scan:
    """Return what changed; opens only files whose size, times or inode changed, or that a rule does not settle.

    accept_empty: a source without any file has lost them all; else it counts as one that cannot be read.
    """
    scan = Scan()
    left, met, held = dict(known), set[str](), dict[str, str]()
    for source in sources:
        listing = walk(source.spec)
        if not accept_empty:
            _guard(source.spec, listing, known.values())
        _note_overlap(scan, source.spec.name, listing, held)
        for file in listing.files:
            found = _change(source.spec, file, known)
            if found.document_id in met:
                scan.problems.append(Problem(found.uri, "another file has this name in another Unicode form"))
                continue
            met.add(found.document_id)
            left.pop(found.document_id, None)
            _sort_in(scan, found, verify_hashes=verify_hashes)
        _note_unreadable(scan, source.spec.name, listing, left)
    _note_gone(scan, {source.spec.name for source in sources}, left.values())
    return scan


def scan_document(source: Source, known: Known) -> Scan:
    """Return one document of a source as changed, though nothing may have changed; or as refused, or as removed.

    Raises NotReadyError where its folder cannot be listed.
    """
    scan, listing = Scan(), walk(source.spec)
    file = next((each for each in listing.files if each.relative == known.path), None)
    if file is not None:
        found = _change(source.spec, file, {known.id: known})
        scan.seen += 1
        (scan.refused if file.refused else scan.changes).append(found)
    elif _covered(known.path, listing.unreadable):
        raise NotReadyError(f"The folder of {known.path} cannot be read at present. {listing.unreadable[0].reason}")
    else:
        scan.removed.append(known)
    return scan


def rule_digest(rule: Rule) -> str:
    """Return a short name for what source and rules say of a file."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()[:16]


def _change(spec: SourceSpec, file: FoundFile, known: Mapping[str, Known]) -> Change:
    found = document_id(spec.name, file.relative)
    rule, uri = spec.rule_for(file.relative), f"{spec.name}/{file.relative}"
    return Change(found, uri, spec.name, file, rule, known.get(found), "content", time.time_ns())


def _sort_in(scan: Scan, found: Change, *, verify_hashes: bool) -> None:
    scan.seen += 1
    if found.known is not None and found.known.state == "excluded":
        _stay_excluded(scan, found, found.known)
    elif found.file.refused:
        scan.refused.append(found)
    elif found.known is None or found.known.parser_version != PARSER_VERSION:
        scan.changes.append(found)
    elif not verify_hashes and _same_stat(found.file, found.known):
        _by_rules(scan, found, found.known)
    else:
        _by_content(scan, found, found.known)


def _stay_excluded(scan: Scan, found: Change, known: Known) -> None:
    scan.excluded.append(known)
    if found.ruled_anew:
        scan.narrowed[known.id] = found.rule.roles or ()
        scan.touched.append(found.ledger)


def _by_content(scan: Scan, found: Change, known: Known) -> None:
    scan.read += 1
    if _hash_of(found.file.path) != known.content_hash:
        scan.read -= 1  # it is counted when it is parsed
        scan.changes.append(found)
        return
    if not (found.searchable and found.ruled_anew):  # else it is staged, and its row comes with that
        scan.touched.append(found.ledger)
    _by_rules(scan, found, known)


def _by_rules(scan: Scan, found: Change, known: Known) -> None:
    if not (found.searchable and found.ruled_anew):
        scan.unchanged.append(known)
    else:
        rules = Change(
            found.document_id, found.uri, found.source, found.file, found.rule, known, "rules", time.time_ns()
        )
        scan.changes.append(rules)


def _same_stat(file: FoundFile, known: Known) -> bool:
    now = (file.size, file.mtime_ns, file.ctime_ns, file.inode)
    settled = file.mtime_ns + _RACY_NS < known.scanned_ns
    return settled and now == (known.size, known.mtime_ns, known.ctime_ns, known.inode)


def _hash_of(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where it cannot be read, which parsing then reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _guard(spec: SourceSpec, listing: Listing, known: Iterable[Known]) -> None:
    """Take a folder that lost all its files at once for one that is not there: a disk that is not mounted."""
    if listing.files or listing.unreadable or spec.single_file:
        return
    count = sum(each.source == spec.name and each.version_born is not None for each in known)
    if count >= _GUARDED:
        why = f"{spec.path} holds no file any more that is to be indexed; its {count} documents stay. "
        sure = "If they are to go: `plumbline index refresh --accept-empty`"
        listing.unreadable.append(Unreadable("", why + sure))


def _note_overlap(scan: Scan, name: str, listing: Listing, held: dict[str, str]) -> None:
    """Tell of files that lie in two sources: they are indexed twice, each time for the readers of that source."""
    twice = Counter(held[file.place] for file in listing.files if file.place in held)
    for other, count in sorted(twice.items()):
        said = f"{count} files lie in the sources {other!r} and {name!r}: they are indexed twice, and whoever may read "
        scan.notes.append(f"{said}either finds them. Let one of them exclude what the other holds.")
    held.update((file.place, name) for file in listing.files)


def _note_unreadable(scan: Scan, name: str, listing: Listing, left: dict[str, Known]) -> None:
    """Report folders that could not be listed; what was indexed below them counts as unchanged."""
    scan.problems.extend(Problem(_uri(name, each), each.reason) for each in listing.unreadable)
    own = [known for known in left.values() if known.source == name and known.state != "excluded"]
    hidden = [known for known in own if _covered(known.path, listing.unreadable)]
    for known in hidden:
        scan.unchanged.append(left.pop(known.id))
    if not listing.unreadable:
        scan.whole.append(name)


def _note_gone(scan: Scan, sources: Collection[str], left: Iterable[Known]) -> None:
    """Note what was not met; what is excluded stays so, lest a file that returns comes back into answers."""
    for known in left:
        stays = known.state == "excluded" and known.source in sources
        (scan.excluded if stays else scan.removed).append(known)


def _covered(path: str, unreadable: Sequence[Unreadable]) -> bool:
    return any(each.covers(path) for each in unreadable)


def _uri(name: str, unreadable: Unreadable) -> str:
    return f"{name}/{unreadable.relative}" if unreadable.relative else name
