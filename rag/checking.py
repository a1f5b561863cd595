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

_PARTIAL = 5  # exit code: some lines could not be checked


def check_lines(file: Path) -> int:
    """Print one JSON line per line of the file; return 0, or 5 where a line was bad. Raises UsageError."""
    code = 0
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
            for reply in _replies(lines):
                code = _PARTIAL if "error" in reply else code
                sys.stdout.write(orjson.dumps(reply).decode() + "\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    return code


def _replies(lines: Iterable[bytes]) -> Iterator[dict[str, object]]:
    for line in lines:
        yield _reply(line)


def _reply(line: bytes) -> dict[str, object]:
    known: object = None
    try:
        content = orjson.loads(line)
        if not isinstance(content, dict):
            return {"id": None, "error": "not a JSON object with id, question, sources and answer"}
        known = content.get("id")
        return grounding_reply(GroundingRequest.model_validate(content, extra="ignore")).model_dump(mode="json")
    except orjson.JSONDecodeError as error:
        return {"id": None, "error": f"not JSON: {error}"}
    except ValidationError as error:
        return {"id": known, "error": validation_message(error)}
