"""The model's graph on disk: built once, shared by all processes."""

import errno
import shutil
import tempfile
import time
from pathlib import Path

from rag.adapters.minilm_files import WEIGHTS_SHA256, ModelFiles, require_sha256
from rag.errors import DiskFullError, ModelUnavailableError

_BUILDER_VERSION = 1  # a change of minilm_graph.py makes another file
_ABANDONED_S = 3600  # a build takes a second: whatever is older was killed


def graph_folder(cache: Path) -> Path:
    """Return where the graph lies, or will."""
    return cache / f"minilm-{WEIGHTS_SHA256[:16]}-{_BUILDER_VERSION}"


def ensure_graph(files: ModelFiles, cache: Path) -> Path:
    """Return the folder of the graph, built where it is absent; processes that build at once end with one.

    The weights' hash is checked before a build only: the folder's name holds the hash of what it was made of.
    Raises ModelUnavailableError, DiskFullError.
    """
    folder = graph_folder(cache)
    if folder.is_dir():
        return folder
    require_sha256(files.weights, WEIGHTS_SHA256)
    try:
        _build(files, folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError(f"No space for the model under {cache}: 90 MB are needed.") from error
        raise ModelUnavailableError(f"The model cannot be written to {cache}: {error.strerror}.") from error
    return folder


def discard_graph(cache: Path) -> None:
    """Delete the graph; first renamed, so that no process opens half of it."""
    cache.mkdir(parents=True, exist_ok=True)
    doomed = Path(tempfile.mkdtemp(prefix=".old-", dir=cache))
    try:
        graph_folder(cache).rename(doomed / "graph")
    except FileNotFoundError:
        pass
    finally:
        shutil.rmtree(doomed, ignore_errors=True)


def _build(files: ModelFiles, folder: Path) -> None:
    # Here, not at the top: `onnx` is needed once per machine and takes 30 MB and 0.3 s of every start.
    from rag.adapters.minilm_graph import write_graph  # noqa: PLC0415

    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder.parent)
    building = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        write_graph(files, building)
        building.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, with the same bytes
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _remove_abandoned(cache: Path) -> None:
    for folder in [*cache.glob(".new-*"), *cache.glob(".old-*")]:
        if time.time() - folder.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)
