"""Homes of experiments: each a truth and a build of its own, apart from what serves, made whole or not at all."""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil

MANIFEST = "experiment.json"
_LOCK = "in-use.lock"
_FORGOTTEN = "forgotten"  # lies in a home that was in use when it should have gone
_TEMPORARY = ".tmp-"


@dataclass(frozen=True, slots=True)
class Home:
    """One experiment's home on disk."""

    path: Path
    roots: tuple[str, ...]  # folders and files that its documents came from
    bytes: int
    used_at: float  # seconds since 1970


@contextmanager
def experiment_home(
    folder: Path, digest: str, roots: Sequence[Path], fill: Callable[[Path], None]
) -> Iterator[tuple[Path, bool]]:
    """Hold the home of this digest, filled by `fill` where it is new; yield it, and whether it was there already.

    It is made under another name and renamed when whole. While it is held nothing prunes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = folder / digest
    while True:
        if (home / _FORGOTTEN).exists():
            delete_home(home)
        found = (home / MANIFEST).exists()
        if not found:
            _make(home, roots, fill)
        with _held(home) as held:
            if held and (home / MANIFEST).exists():
                os.utime(home)
                yield home, found
                break
    if (home / _FORGOTTEN).exists():
        delete_home(home)


def homes(folder: Path) -> list[Home]:
    """Return the homes that are whole, the one used longest ago first."""
    if not folder.exists():
        return []
    found = [_home(path) for path in folder.iterdir() if (path / MANIFEST).exists()]
    return sorted((home for home in found if home), key=lambda home: home.used_at)


def prune_homes(folder: Path, limit_bytes: int) -> int:
    """Delete the homes used longest ago that nothing uses, until the rest fits; return the bytes that went."""
    known = homes(folder)
    total, freed = sum(home.bytes for home in known), 0
    for home in known:
        if total - freed > limit_bytes and delete_home(home.path):
            freed += home.bytes
    _sweep(folder)
    return freed


def forget_roots(folder: Path, roots: Sequence[Path]) -> int:
    """Delete the homes with documents from below these folders; return the bytes that went."""
    freed = 0
    for home in homes(folder):
        if not any(_related(Path(root), other) for root in home.roots for other in roots):
            continue
        if delete_home(home.path):
            freed += home.bytes
        else:
            (home.path / _FORGOTTEN).touch()
    _sweep(folder)
    return freed


def delete_home(path: Path) -> bool:
    """Delete a home, unless somebody uses it."""
    with _held(path, alone=True) as held:
        if not held:
            return False
        gone = path.with_name(f"{path.name}{_TEMPORARY}gone-{os.getpid()}")
        path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return True


def bytes_below(folder: Path) -> int:
    """Return what the files below a folder take on disk; one that goes meanwhile counts nothing."""
    return sum(_bytes(path) for path in folder.rglob("*"))


def _make(home: Path, roots: Sequence[Path], fill: Callable[[Path], None]) -> None:
    making = home.with_name(f"{home.name}{_TEMPORARY}{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        fill(making)
        manifest = {"roots": [str(root) for root in roots], "made_at": time.time()}
        (making / _LOCK).touch()
        (making / MANIFEST).write_bytes(orjson.dumps(manifest))
        making.rename(home)
    except OSError:
        if not (home / MANIFEST).exists():  # else another process was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)


@contextmanager
def _held(home: Path, *, alone: bool = False) -> Iterator[bool]:
    """Hold a shared lock, or one alone; yield whether it was got."""
    try:
        descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _home(path: Path) -> Home | None:
    """Return a home; None where another process has just deleted it."""
    try:
        roots = tuple(orjson.loads((path / MANIFEST).read_bytes())["roots"])
        return Home(path, roots, bytes_below(path), path.stat().st_mtime)
    except FileNotFoundError:
        return None


def _related(root: Path, other: Path) -> bool:
    return root.is_relative_to(other) or other.is_relative_to(root)


def _sweep(folder: Path) -> None:
    """Delete what killed processes left half made."""
    if not folder.exists():
        return
    for path in folder.iterdir():
        maker = path.name.partition(_TEMPORARY)[2].rpartition("-")[2]
        if maker.isdigit() and not psutil.pid_exists(int(maker)):
            shutil.rmtree(path, ignore_errors=True)


def _bytes(path: Path) -> int:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return 0
    return found.st_blocks * 512 if stat.S_ISREG(found.st_mode) else 0
