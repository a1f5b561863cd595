"""`plumbline check`: JSON lines in, JSON lines out, in order; a bad line becomes an error of its own."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import orjson
from pydantic import ValidationError

from rag.api.schemas import GroundingRequest, grounding_reply
from rag.config import validation_message
from rag.errors import UsageError
from rag.grounding import MIN_SUPPORT

_PARTIAL = 5  # exit code: some lines could not be checked


def check_task(file: Path | None, threshold: str | None, fit: Path | None, *, with_fit_options: bool) -> None:
    """Raise UsageError unless the options ask for one thing: a file to be checked, or a threshold to be fitted."""
    if (file is None) == (fit is None):
        raise UsageError("Name a file of answers to check, or a file of labelled answers with --fit.")
    if fit is not None and threshold is not None:
        raise UsageError("--threshold is for checking: leave it out with --fit.")
    if fit is None and with_fit_options:
        raise UsageError("--false-alarms, --out and --json go with --fit.")


def check_lines(file: Path, threshold: float = MIN_SUPPORT) -> int:
    """Print one JSON line per line of the file; return 0, or 5 where a line was bad. Raises UsageError.

    threshold: of lines that name none.
    """
    code = 0
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
            for reply in _replies(lines, threshold):
                code = _PARTIAL if "error" in reply else code
                sys.stdout.write(orjson.dumps(reply).decode() + "\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    return code


def _replies(lines: Iterable[bytes], threshold: float) -> Iterator[dict[str, object]]:
    for line in lines:
        yield _reply(line, threshold)


def _reply(line: bytes, threshold: float) -> dict[str, object]:
    known: object = None
    try:
        content = orjson.loads(line)
        if not isinstance(content, dict):
            return {"id": None, "error": "not a JSON object with id, question, sources and answer"}
        known = content.get("id")
        request = GroundingRequest.model_validate({"threshold": threshold} | content, extra="ignore")
        return grounding_reply(request).model_dump(mode="json")
    except orjson.JSONDecodeError as error:
        return {"id": None, "error": f"not JSON: {error}"}
    except ValidationError as error:
        return {"id": known, "error": validation_message(error)}
