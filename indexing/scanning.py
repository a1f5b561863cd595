"""Sources against the ledger: what is new, changed, removed or unchanged, with as few files opened as possible."""

import hashlib
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexing.attachments import (
    Attachments,
    by_container,
    is_left_out,
    lies_in_any,
    mails_of,
    member_file,
    member_rule,
)
from indexing.catalog import Known, Source
from indexing.changes import Change
from indexing.formats.extracted import SEPARATOR
from indexing.identity import document_id
from indexing.parsing import PARSER_VERSION
from indexing.report import Problem
from indexing.sources import FoundFile, Listing, SourceSpec, Unreadable, walk
from rag.errors import NotReadyError

_TOLD = 2  # documents: a source that loses all of so many at once is told
_RACY_NS = 2_000_000_000  # a file written this shortly before the last scan may have been written again after it


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
    attachments: Attachments = field(default_factory=Attachments)  # of the mails among the changes
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what is as it was asked for, and yet may surprise
    whole: list[str] = field(default_factory=list)  # sources without a folder that could not be listed

    def take_in_attachments(self) -> None:
        """Count what became of the attachments of mails that were read."""
        self.unchanged += self.attachments.unchanged
        self.excluded += self.attachments.excluded
        self.problems += self.attachments.problems


def scan_sources(sources: Sequence[Source], known: Mapping[str, Known], *, verify_hashes: bool) -> Scan:
    """Return what changed; opens only files whose size, times or inode changed, or that a rule does not settle."""
    scan = Scan()
    left, met, held = dict(known), dict[str, Change](), dict[str, str]()
    for source in sources:
        listing = walk(source.spec)
        _note_emptied(scan, source.spec, listing, known.values())
        _note_overlap(scan, source.spec.name, listing, held)
        for file in listing.files:
            found = _change(source.spec, file, known)
            if found.document_id in met:
                scan.problems.append(Problem(found.uri, "another file has this name in another Unicode form"))
                continue
            met[found.document_id] = found
            left.pop(found.document_id, None)
            _sort_in(scan, found, verify_hashes=verify_hashes)
        _note_unreadable(scan, source.spec.name, listing, left)
    scan.attachments = Attachments({source.spec.name: source.spec for source in sources}, met)
    _sort_in_attachments(scan, met, left)
    _note_gone(scan, {source.spec.name for source in sources}, left.values())
    return scan


def scan_document(source: Source, known: Known, members: Sequence[Known]) -> Scan:
    """Return one document of a source as changed, though nothing may have changed; or as refused, or as removed.

    members: what is known of its attachments, where it is a mail.
    Raises NotReadyError where its folder cannot be listed.
    """
    scan, listing = Scan(attachments=Attachments({source.spec.name: source.spec})), walk(source.spec)
    paths = {known.path, *mails_of(known.path)}
    file = next((each for each in listing.files if each.relative in paths), None)
    if file is not None:
        found = _document_in(source.spec, file, known)
        scan.seen += 1
        (scan.refused if file.refused else scan.changes).append(found)
        scan.attachments.expect(found, members)
        scan.removed.extend(members if file.refused else [])
    elif _covered(known.path, listing.unreadable):
        raise NotReadyError(f"The folder of {known.path} cannot be read at present. {listing.unreadable[0].reason}")
    else:
        scan.removed += [known, *members]
    return scan


def _document_in(spec: SourceSpec, file: FoundFile, known: Known) -> Change:
    """Return a document as a change: the file itself, or what lies in it."""
    if file.relative == known.path:
        return _change(spec, file, {known.id: known})
    return _member(_change(spec, file, {}), spec, known)


def _change(spec: SourceSpec, file: FoundFile, known: Mapping[str, Known]) -> Change:
    found = document_id(spec.name, file.relative)
    rule, uri = spec.rule_for(file.relative), f"{spec.name}/{file.relative}"
    return Change(found, uri, spec.name, file, rule, known.get(found), "content", time.time_ns())


def _member(mail: Change, spec: SourceSpec, known: Known) -> Change:
    """Return what is known of an attachment as a change."""
    file = member_file(mail.file, known.path[len(mail.file.relative + SEPARATOR) :])
    uri = f"{mail.source}/{known.path}"
    return Change(known.id, uri, mail.source, file, member_rule(spec, file), known, "content", mail.scanned_ns)


def _sort_in_attachments(scan: Scan, met: Mapping[str, Change], left: dict[str, Known]) -> None:
    """Sort in what is known of attachments, by what became of the files that they lie in.

    Those of a mail that is refused, excluded or gone go with it.
    """
    if not any(SEPARATOR in known.path for known in left.values()):
        return
    files = {change.uri: change for change in met.values()}
    read = {change.document_id for change in scan.changes if change.kind == "content"}
    shut = {known.id for known in scan.excluded} | {change.document_id for change in scan.refused}
    excluded = {known.path for known in left.values() if known.state == "excluded"}
    for uri, members in by_container(left, lambda source, path: f"{source}/{path}" in files).items():
        mail = files[uri]
        if mail.document_id in shut:
            continue
        for known in members:
            del left[known.id]
        changes = [_member(mail, scan.attachments.specs[mail.source], known) for known in members]
        if mail.document_id in read:
            scan.attachments.expect(mail, members)
            scan.narrowed |= {each.document_id: each.rule.roles or () for each in changes if each.ruled_anew}
            continue
        for change, known in zip(changes, members, strict=True):
            if lies_in_any(known, excluded) or is_left_out(scan.attachments.specs[mail.source], known):
                left[known.id] = known
            else:
                _sort_in_attachment(scan, change, known)


def _sort_in_attachment(scan: Scan, found: Change, known: Known) -> None:
    """Sort in an attachment of a mail whose content is as it was."""
    if known.state == "excluded":
        _stay_excluded(scan, found, known)
    elif known.parser_version != PARSER_VERSION:
        scan.changes.append(found)
    else:
        _by_rules(scan, found, known)


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
        scan.changes.append(replace(found, kind="rules", scanned_ns=time.time_ns()))


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


def _note_emptied(scan: Scan, spec: SourceSpec, listing: Listing, known: Iterable[Known]) -> None:
    """Tell of a folder that lost all its files at once: they may have been deleted, or a disk is not mounted."""
    if listing.files or listing.unreadable or spec.single_file:
        return
    count = sum(each.source == spec.name and each.version_born is not None for each in known)
    if count >= _TOLD:
        gone = f"{spec.path} holds no file any more that is to be indexed: its {count} documents are gone from answers."
        scan.notes.append(f"{gone} If a disk is not mounted there: mount it and refresh; no text is embedded again.")


def _note_overlap(scan: Scan, name: str, listing: Listing, held: dict[str, str]) -> None:
    """Tell of files that lie in two sources: they are indexed twice, each time for the readers of that source."""
    twice = Counter(held[file.place] for file in listing.files if file.place in held)
    for other, count in sorted(twice.items()):
        files = "1 file lies" if count == 1 else f"{count} files lie"
        said = (
            f"{files} in the sources {other!r} and {name!r}, and each is indexed twice: whoever may read either finds"
        )
        scan.notes.append(f"{said} it. Let one of them exclude what the other holds.")
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
