"""The eval sets that a person can choose from, without typing a path."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from evals.loading import QUESTIONS, set_name
from evals.runs import RunBook
from rag.errors import UsageError
from rag.settings import Settings

Origin: TypeAlias = Literal["example", "yours", "measured"]
_SHIPPED = Path(__file__).with_name("sets")
_QUOTED_CHARS = 200  # of what is no path


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set that is there, and how it is known: it comes with Plumbline, lies in your folder, or was measured."""

    name: str
    path: Path  # absolute
    origin: Origin


def known_sets(settings: Settings, book: RunBook) -> list[KnownSet]:
    """Return the sets of the settings' folder, those of former runs, and the example's, each once."""
    found: dict[Path, Origin] = {}
    for path in _in_folder(settings.sets):
        found.setdefault(path, "yours")
    for path in book.set_paths():
        if path.exists():
            found.setdefault(path.resolve(), "measured")
    for path in _in_folder(_SHIPPED):
        found[path] = "example"
    return [KnownSet(set_name(path), path, origin) for path, origin in found.items()]


def place_of(text: str) -> Path:
    """Return the absolute path that a person named; nothing need be there. Raises UsageError for what is no path."""
    try:
        place = Path(text).expanduser().resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            place.stat()
    except (OSError, RuntimeError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{text[:_QUOTED_CHARS]!r} cannot be a file or folder here: {said}.") from error
    return place


def _in_folder(folder: Path) -> list[Path]:
    """Return the files of lines, and the folders that hold one, by name."""
    if not folder.is_dir():
        return []
    places = sorted(place for place in folder.resolve().iterdir() if not place.name.startswith("."))
    return [place for place in places if place.suffix == ".jsonl" or (place / QUESTIONS).is_file()]
