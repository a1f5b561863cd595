"""Digests of the code that makes a run's figures: of what this process has loaded, so computed when it begins."""

import hashlib
from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_SUFFIXES = (".py", ".json", ".npy", ".md")
_REMEMBERING = ("asking.py", "floors.py", "frozen.py", "memo.py")  # of evals: they decide what the cache holds
_LIBRARIES = ("onnxruntime", "openvino", "rank-bm25")


def code_digest() -> str:
    """Return the digest of the code that indexes, searches, answers and scores."""
    return _CODE


def indexing_digest() -> str:
    """Return the digest of the code that decides what an index holds."""
    return _INDEXING


def searching_digest() -> str:
    """Return the digest of the code, and the versions of the libraries, that decide what a question gets."""
    return _SEARCHING


def _sources(package: str, names: Iterable[str] = ()) -> Iterator[bytes]:
    """Yield names and contents of a package's sources and data; names: of these files alone."""
    with resources.as_file(resources.files(package)) as folder:
        for path in sorted(map(folder.joinpath, names) if names else folder.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                yield _name(package, folder, path) + path.read_bytes()


def _name(package: str, folder: Path, path: Path) -> bytes:
    return f"{package}/{path.relative_to(folder).as_posix()}\0".encode()


def _versions() -> Iterator[bytes]:
    for name in _LIBRARIES:
        try:
            yield f"{name} {version(name)}\0".encode()
        except PackageNotFoundError:  # as built for an accelerator, under another name
            yield f"{name}\0".encode()


def _digest(*parts: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        for content in part:
            found.update(hashlib.sha256(content).digest())
    return found.hexdigest()


_INDEXING = _digest(_sources("rag"), _sources("indexing"))
_SEARCHING = _digest([_INDEXING.encode()], _sources("evals", _REMEMBERING), _versions())
_CODE = _digest([_SEARCHING.encode()], _sources("evals"))
