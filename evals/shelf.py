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
_SHOWN_CHARS = 80  # of a path that is none
_INSIDE = "x" * 100  # a file that may lie in a folder
_SHIPPED = Path(__file__).with_name("sets")


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set that is there, and how it is known: it comes with Plumbline, lies in your folder, or was measured."""

    name: str
    path: Path  # absolute
    origin: Origin


def place_of(text: str) -> Path:
    """Return the absolute path that a person names, whether or not there is anything. Raises UsageError for none."""
    try:
        place = Path(text.strip()).expanduser().resolve()
        with suppress(FileNotFoundError, NotADirectoryError):
            (place / _INSIDE).stat()  # raises where a name is too long, or a folder may not be entered
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{text[:_SHOWN_CHARS]!r} cannot be opened: {reason}. Name a file or a folder.") from error
    return place


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


def _in_folder(folder: Path) -> list[Path]:
    """Return the files of lines, and the folders that hold one, by name."""
    if not folder.is_dir():
        return []
    places = sorted(place for place in folder.resolve().iterdir() if not place.name.startswith("."))
    return [place for place in places if place.suffix == ".jsonl" or (place / QUESTIONS).is_file()]
