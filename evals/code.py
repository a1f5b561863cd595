"""The digest of the code that makes a run's figures."""

import hashlib
from functools import cache
from importlib import resources

_PACKAGES = ("rag", "indexing", "evals")
_SUFFIXES = (".py", ".json", ".npy", ".md")


@cache
def code_digest() -> str:
    """Return the SHA-256 of the sources and data of the packages that search, answer, index and score."""
    found = hashlib.sha256()
    for package in _PACKAGES:
        root = resources.files(package)
        with resources.as_file(root) as folder:
            for path in sorted(folder.rglob("*")):
                if path.suffix in _SUFFIXES and path.is_file():
                    found.update(f"{package}/{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return found.hexdigest()
