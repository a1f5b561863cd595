"""What is to be indexed: source specifications, and the files below a folder."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

import psutil
from pathspec import GitIgnoreSpec
from pydantic import BaseModel, Field, field_validator

from indexing.formats.extracted import SEPARATOR
from rag.types import PUBLIC

_DURATION = re.compile(r"([1-9]\d*)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SKIPPED = re.compile(r"^(\.|~\$)")  # hidden files and folders, and the lock files of office programs
_SPECIAL = re.compile(r"([\\*?\[\]!# ])")  # in a pattern of gitignore
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # stands for a byte that is not UTF-8


class Rule(BaseModel, frozen=True, extra="forbid"):
    """What holds for the files that match; the first match wins."""

    match: str
    roles: tuple[str, ...] | None = None
    type: str | None = None
    language: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()

    @field_validator("match")
    @classmethod
    def _is_nfc(cls, match: str) -> str:
        return unicodedata.normalize("NFC", match)


class SourceSpec(BaseModel, frozen=True, extra="forbid"):
    """One source as its sources file, or the command line, says."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f]+$")
    path: Path
    single_file: bool = False  # the path is, or was, a file
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    roles: tuple[str, ...] = (PUBLIC,)
    language: str = ""
    schedule: str = ""
    freshness: str = ""
    owner: str = ""
    rules: tuple[Rule, ...] = ()

    @field_validator("include", "exclude", "roles", mode="before")
    @classmethod
    def _is_list(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError(f"must be a list, such as [{given}]")  # noqa: TRY004  # pydantic wants a ValueError
        return given

    @field_validator("include", "exclude")
    @classmethod
    def _are_nfc(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(unicodedata.normalize("NFC", pattern) for pattern in patterns)

    @field_validator("roles")
    @classmethod
    def _none_means_public(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        return roles or (PUBLIC,)

    @field_validator("freshness")
    @classmethod
    def _is_duration(cls, freshness: str) -> str:
        if freshness and not _DURATION.fullmatch(freshness):
            raise ValueError("must be a number and one of s, m, h, d, w, such as 2h")
        return freshness

    @property
    def freshness_s(self) -> int | None:
        """How old the index of this source may be, in seconds; None where nothing is promised."""
        found = _DURATION.fullmatch(self.freshness)
        return int(found[1]) * _SECONDS[found[2]] if found else None

    def roles_named_for(self, relative: str) -> tuple[str, ...]:
        """Return the roles that a rule names for one file; none where the source decides."""
        return self._ruled(relative).roles or ()

    def _ruled(self, relative: str) -> Rule:
        return next((rule for rule in self.rules if _spec((rule.match,)).match_file(relative)), Rule(match=""))

    def rule_for(self, relative: str) -> Rule:
        """Return what source and rules say of one file, with roles, type, language and owner settled."""
        rule = self._ruled(relative)
        return Rule(
            match="",
            roles=tuple(sorted(set(rule.roles or self.roles))),
            type=rule.type,
            language=rule.language or self.language or None,
            owner=rule.owner or self.owner or None,
            tags=rule.tags,
        )

    def excludes(self, relative: str) -> bool:
        """Tell whether a pattern takes this path out of the source."""
        return bool(_spec(self.exclude).match_file(relative))

    def without(self, paths: Sequence[str]) -> "SourceSpec":
        """Return the source without these of its files."""
        exact = tuple("/" + _SPECIAL.sub(r"\\\1", path) for path in paths)
        return self.model_copy(update={"exclude": self.exclude + exact}) if exact else self


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file below a source, as the file system describes it: it was not opened."""

    place: str
    relative: str  # POSIX, NFC, below the source
    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    refused: str = ""  # why it must not be opened
    member: str = ""  # of an attachment: what lies behind the name of its file

    @property
    def container(self) -> str:
        """The file on disk, below the source: itself, or the mail that an attachment lies in."""
        return self.relative[: -len(SEPARATOR + self.member)] if self.member else self.relative

    @property
    def depth(self) -> int:
        """In how many mails it lies."""
        return self.member.count(SEPARATOR) + 1 if self.member else 0

    @property
    def path(self) -> Path:
        """Made when it is asked for: of most files only the place is needed, and a Path takes longer than the rest."""
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder whose files could not be listed: what was indexed below it stays."""

    relative: str  # "" is the source itself
    reason: str

    def covers(self, relative: str) -> bool:
        return not self.relative or relative.startswith(f"{self.relative}/")


@dataclass(slots=True)
class Listing:
    """What lies below a source."""

    files: list[FoundFile] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


class _Walk:
    """One walk of a source."""

    def __init__(self, spec: SourceSpec) -> None:
        self.root = spec.path.parent if spec.path.is_file() else spec.path
        self.only = spec.path.name if spec.path.is_file() else None
        self.include, self.exclude = _spec(spec.include), _spec(spec.exclude)
        self.listing = Listing()

    @cached_property
    def real_root(self) -> Path:
        return self.root.resolve()

    @cached_property
    def mounts(self) -> frozenset[str]:
        """Where other file systems begin, below the source; bind mounts too. The source itself may be one."""
        places = (part.mountpoint for part in psutil.disk_partitions(all=True))
        return frozenset(place for place in places if self.real_root in Path(place).parents)

    def folder(self, path: Path, relative: str) -> None:
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError as error:
            self.listing.unreadable.append(Unreadable(relative, f"the folder cannot be read: {error.strerror}"))
            return
        for entry in entries:
            if not _SKIPPED.match(entry.name) and (self.only is None or entry.name == self.only):
                self.entry(entry, f"{relative}/{entry.name}" if relative else entry.name)

    def entry(self, entry: os.DirEntry[str], relative: str) -> None:
        """Take an entry in, unless patterns say otherwise; they hold in whichever Unicode form its name is written."""
        name = unicodedata.normalize("NFC", relative)
        if _is_folder(entry):
            if not self.exclude.match_file(f"{name}/"):
                self.subfolder(entry, relative)
        elif self.include.match_file(name) and not self.exclude.match_file(name):
            self.listing.files.extend(self.file(entry, relative))

    def subfolder(self, entry: os.DirEntry[str], relative: str) -> None:
        """Walk a folder, unless it leads out of the source or is a link to one that is walked anyway."""
        refused = self.leaves_source(entry, relative)
        if refused:
            self.listing.files.append(FoundFile(entry.path, _shown(relative), refused=refused))
        elif not entry.is_symlink():
            self.folder(Path(entry.path), relative)

    def file(self, entry: os.DirEntry[str], relative: str) -> Iterator[FoundFile]:
        name = unicodedata.normalize("NFC", relative)
        if _SURROGATE.search(name):
            yield FoundFile(entry.path, _shown(name), refused="its name is not valid UTF-8; rename it")
            return
        try:
            found = entry.stat()
        except OSError as error:
            yield FoundFile(entry.path, name, refused=f"it cannot be read: {error.strerror}")
            return
        if not stat.S_ISREG(found.st_mode):
            yield FoundFile(entry.path, name, refused="it is a device, a pipe or a socket, and no file")
            return
        times = (found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
        yield FoundFile(entry.path, name, found.st_size, *times, refused=self.leaves_source(entry, relative))

    def leaves_source(self, entry: os.DirEntry[str], relative: str) -> str:
        """Return why an entry leads out of the source; "" where it does not."""
        if not (entry.is_symlink() or self.mounts):
            return ""
        place = Path(entry.path).resolve() if entry.is_symlink() else self.real_root / relative
        if not place.is_relative_to(self.real_root):
            return "it is a link that leaves the source's folder"
        if any(str(each) in self.mounts for each in (place, *place.parents)):
            return "another file system is mounted there; name it as a source of its own"
        return ""


def walk(spec: SourceSpec) -> Listing:
    """Return the files of a source in the order of their names, and the folders that cannot be read.

    Links to folders are not followed; what leads out of the source, by a link or a mount, is refused and not opened.
    A hard link cannot be told from a file: it is read.
    """
    if spec.single_file and not spec.path.exists() and spec.path.parent.is_dir():
        return Listing()
    if not spec.path.exists():
        return Listing(unreadable=[Unreadable("", f"{spec.path} does not exist; what was indexed from it stays")])
    walking = _Walk(spec)
    walking.folder(walking.root, "")
    return walking.listing


def spec_of(path: Path) -> SourceSpec:
    """Return a folder or a file as a source that is named after it."""
    resolved = path.resolve()
    return SourceSpec(name=source_name(resolved), path=resolved, single_file=resolved.is_file())


def source_name(path: Path) -> str:
    """Return the name of a source that is given by its path: its last folder."""
    folder = path.parent if path.is_file() else path
    return PurePosixPath(folder.as_posix()).name or "root"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one that can be looked at."""
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a folder that is closed to us
        return False


def _shown(relative: str) -> str:
    """Return a path as it can be stored and shown: NFC, with escapes for what is not UTF-8."""
    return unicodedata.normalize("NFC", relative).encode("utf-8", "backslashreplace").decode()


@lru_cache(maxsize=256)  # asked of every file again
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)
