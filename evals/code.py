"""Digests of the code that makes a run's figures."""

import hashlib
from functools import cache
from importlib import resources

_SEARCHING = ("rag", "indexing")
_SCORING = (*_SEARCHING, "evals")
_SUFFIXES = (".py", ".json", ".npy", ".md")


def code_digest() -> str:
    """Return the digest of the code that indexes, searches, answers and scores."""
    return _digest(_SCORING)


def searching_digest() -> str:
    """Return the digest of the code that decides what a question gets."""
    return _digest(_SEARCHING)


@cache
def _digest(packages: tuple[str, ...]) -> str:
    """Return the SHA-256 of the sources and data of packages."""
    found = hashlib.sha256()
    for package in packages:
        root = resources.files(package)
        with resources.as_file(root) as folder:
            for path in sorted(folder.rglob("*")):
                if path.suffix in _SUFFIXES and path.is_file():
                    found.update(f"{package}/{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return found.hexdigest()
