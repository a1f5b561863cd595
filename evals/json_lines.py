"""Files of one JSON object a line, as people and programs write them."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import orjson

from evals.faults import EvalSetError, Fault
from rag.errors import UsageError

_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_bytes(path: Path) -> bytes:
    """Return a file's content without a byte order mark. Raises UsageError, EvalSetError for UTF-16."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if data.startswith(_WIDE):
        raise EvalSetError(path, [Fault(0, "", "it is UTF-16; save it as UTF-8")])
    return data.removeprefix(codecs.BOM_UTF8)


def json_lines(path: Path) -> Iterator[tuple[int, object]]:
    """Yield line numbers, from 1, with what each line holds: its value, or a Fault. Blank lines are passed over."""
    for number, line in enumerate(read_bytes(path).split(b"\n"), 1):
        if line.strip():
            yield number, parsed(line, number)


def parsed(data: bytes, line: int = 0) -> object:
    """Return the value of JSON, or a Fault."""
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Fault(line or error.lineno, "", _reason(data, error))
    return value


def _reason(data: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        return f"is not UTF-8 at byte {wrong.start + 1}; save the file as UTF-8"
    found = next((word for word in _NO_NUMBERS if error.doc[error.pos :].startswith(word)), "")
    if found:
        return f"{found} is not JSON; write null or leave the field out"
    return f"is not JSON: {error.msg} at column {error.colno}"
