"""Documents that lie in a mail: found when it is read, and gone, excluded or kept with it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from indexing.catalog import Known
from indexing.changes import Change
from indexing.formats.extracted import MAX_ATTACHMENTS, MAX_DEPTH, SEPARATOR
from indexing.identity import document_id
from indexing.report import Problem
from indexing.sources import FoundFile, Rule, SourceSpec
from rag.types import PUBLIC

_Members: TypeAlias = Mapping[str, list[Known]]  # by the path of the file that they lie in


@dataclass(slots=True)
class Attachments:
    """The attachments of the mails that one run reads: those that were known, and what became of them."""

    specs: Mapping[str, SourceSpec] = field(default_factory=dict)  # of the run's sources, by name
    files: Collection[str] = frozenset()  # ids of documents that are files: no attachment takes the place of one
    gone: list[Known] = field(default_factory=list)
    unchanged: list[Known] = field(default_factory=list)  # their mail cannot be read now; they stay as they were
    excluded: list[Known] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _left: dict[str, dict[str, Known]] = field(default_factory=dict)  # not met yet, by the mail that is read
    _shut: set[str] = field(default_factory=set)  # uris of mails that could not be read
    _mail: dict[str, str] = field(default_factory=dict)  # the outermost mail, by the id of an attachment that is read
    _count: dict[str, int] = field(default_factory=dict)  # by outermost mail

    def expect(self, mail: Change, known: Sequence[Known]) -> None:
        """Note what is known of the attachments of a mail that will be read."""
        self._left[mail.document_id] = {each.id: each for each in known}

    def found(self, mail: Change, names: Sequence[str] | None) -> Iterator[Change]:
        """Yield the attachments of a mail as files to read.

        names: what the mail says of them; None where it could not be read.
        """
        outermost = self._mail.get(mail.document_id, mail.document_id)
        if names is None:
            self._shut.add(mail.uri)
            return
        if mail.file.depth >= MAX_DEPTH or mail.source not in self.specs:
            return
        left = self._left.get(outermost, {})
        for name in names:
            change = self._change(mail, name, left)
            if self._is_wanted(change, outermost):
                self._mail[change.document_id] = outermost
                yield change

    def settle(self, mails: Sequence[Change]) -> None:
        """Sort what was known of these mails' attachments and was not met again; all of them were read."""
        for mail in mails:
            for known in self._left.pop(mail.document_id, {}).values():
                stays = any(_lies_in(_uri(known), shut) for shut in self._shut)
                into = self.excluded if known.state == "excluded" else self.unchanged if stays else self.gone
                into.append(known)

    def take_gone(self) -> list[Known]:
        """Return what has gone since this was asked last."""
        gone, self.gone = self.gone, []
        return gone

    def _change(self, mail: Change, name: str, left: dict[str, Known]) -> Change:
        file = member_file(mail.file, f"{mail.file.member}{SEPARATOR}{name}" if mail.file.member else name)
        found = document_id(mail.source, file.relative)
        return replace(
            mail,
            document_id=found,
            uri=f"{mail.source}/{file.relative}",
            file=file,
            rule=member_rule(self.specs[mail.source], file),
            known=left.pop(found, None),
            kind="content",
        )

    def _is_wanted(self, change: Change, outermost: str) -> bool:
        if change.document_id in self.files:
            self.problems.append(Problem(change.uri, "a file has the name that this attachment would have"))
            return False
        if change.known is not None and change.known.state == "excluded":
            self.excluded.append(change.known)
            return False
        if self.specs[change.source].excludes(change.file.relative):
            self.gone.extend([change.known] if change.known else [])
            return False
        self._count[outermost] = self._count.get(outermost, 0) + 1
        if self._count[outermost] > MAX_ATTACHMENTS:
            reason = f"its mail holds more than the {MAX_ATTACHMENTS} attachments that are read of one file"
            self.problems.append(Problem(change.uri, reason))
            self.gone.extend([change.known] if change.known else [])
            return False
        return True


def member_file(file: FoundFile, member: str) -> FoundFile:
    """Return an attachment as a file: it has the place and the times of the file that it lies in."""
    return replace(file, relative=f"{file.container}{SEPARATOR}{member}", member=member)


def member_rule(spec: SourceSpec, file: FoundFile) -> Rule:
    """Return what rules say of an attachment's own path; its roles are among those that may read its mail."""
    of_mail, own = spec.rule_for(file.container).roles or (), spec.roles_named_for(file.relative)
    return spec.rule_for(file.relative).model_copy(update={"roles": _narrowed(of_mail, own) if own else of_mail})


def _narrowed(of_mail: Collection[str], own: Collection[str]) -> tuple[str, ...]:
    """Return a rule's roles as far as they may read the mail, which all may where it is public; else the mail's."""
    both = own if PUBLIC in of_mail else set(own) & set(of_mail)
    return tuple(sorted(both or of_mail))


def by_container(known: Mapping[str, Known], is_file: Callable[[str, str], bool]) -> _Members:
    """Return what is known of attachments by the uri of the file that each lies in; of none where there is no file.

    is_file: tells whether a path of a source is a file that lies there now.
    """
    found: dict[str, list[Known]] = {}
    for each in known.values():
        if SEPARATOR in each.path and not is_file(each.source, each.path):
            outer = next((path for path in mails_of(each.path) if is_file(each.source, path)), None)
            if outer is not None:
                found.setdefault(f"{each.source}/{outer}", []).append(each)
    return found


def mails_of(path: str) -> Iterator[str]:
    """Yield the paths that an attachment at this path may lie in, outermost first."""
    at = path.find(SEPARATOR)
    while at >= 0:
        yield path[:at]
        at = path.find(SEPARATOR, at + 1)


def is_left_out(spec: SourceSpec, known: Known) -> bool:
    """Tell whether a pattern takes an attachment out of the source, or a mail that it lies in."""
    return any(spec.excludes(path) for path in (known.path, *mails_of(known.path)))


def lies_in_any(known: Known, paths: Collection[str]) -> bool:
    """Tell whether an attachment lies in a mail at one of these paths."""
    return any(path in paths for path in mails_of(known.path))


def _lies_in(uri: str, mail: str) -> bool:
    return uri.startswith(f"{mail}{SEPARATOR}")


def _uri(known: Known) -> str:
    return f"{known.source}/{known.path}"
