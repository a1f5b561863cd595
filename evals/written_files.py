"""Files that commands write where they were asked to."""

from pathlib import Path

from rag.errors import UsageError


def write_file(path: Path, content: bytes, what: str, *, otherwise: str = "") -> None:
    """Write a report or a run. Raises UsageError with the reason, and `otherwise`, where that cannot be done."""
    try:
        path.write_bytes(content)
    except OSError as error:
        said = f"{what} cannot be written to {path}: {error.strerror}."
        raise UsageError(f"{said} {otherwise}".rstrip()) from error
