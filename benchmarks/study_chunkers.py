"""The chunkings of the Chroma study (Smith & Troynikov, 2024), by cl100k tokens: windows, and recursive separators."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")

Count = Callable[[str], int]


@cache
def _encoding():  # type: ignore[no-untyped-def]  # tiktoken has no types
    spec = find_spec("llama_index.core")
    assert spec is not None
    assert spec.origin is not None
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(Path(spec.origin).parent / "_static" / "tiktoken_cache"))
    import tiktoken  # noqa: PLC0415  # reads the variable when it is imported

    return tiktoken.get_encoding("cl100k_base")


@cache
def cl100k(text: str) -> int:
    """Return the number of cl100k tokens."""
    return len(_encoding().encode(text, disallowed_special=()))


def token_text(text: str, size: int, overlap: int) -> Iterator[str]:
    """Yield windows of `size` tokens, each repeating `overlap` of the one before."""
    tokens = _encoding().encode(text, disallowed_special=())
    for start in range(0, len(tokens), size - overlap):
        yield _encoding().decode(tokens[start : start + size])
        if start + size >= len(tokens):
            return


def recursive(text: str, size: int, overlap: int, count: Count = cl100k) -> list[str]:
    """Return chunks of at most `size`: cut at the first separator that occurs, longer pieces at the next one."""
    return _recursive(text, _SEPARATORS, (size, overlap), count)


def _recursive(text: str, separators: tuple[str, ...], limits: tuple[int, int], count: Count) -> list[str]:
    at = next(place for place, each in enumerate(separators) if not each or each in text)
    chunks: list[str] = []
    short: list[str] = []
    for piece in _pieces(text, separators[at]):
        if count(piece) < limits[0]:
            short.append(piece)
            continue
        chunks += _merged(short, limits, count)
        short = []
        rest = separators[at + 1 :]
        chunks += _recursive(piece, rest, limits, count) if rest else [piece]
    return chunks + _merged(short, limits, count)


def _pieces(text: str, separator: str) -> list[str]:
    """Return the pieces between separators, each beginning with its own."""
    if not separator:
        return list(text)
    first, *others = text.split(separator)
    return [piece for piece in (first, *(separator + other for other in others)) if piece]


def _merged(pieces: list[str], limits: tuple[int, int], count: Count) -> list[str]:
    """Return pieces joined up to `size`; the next chunk begins with pieces of the last, up to `overlap`."""
    size, overlap = limits
    chunks: list[str] = []
    current: list[str] = []
    total = 0
    for piece in pieces:
        length = count(piece)
        if current and total + length > size:
            chunks.append("".join(current).strip())
            while total > overlap or (total + length > size and total > 0):
                total -= count(current[0])
                current = current[1:]
        current.append(piece)
        total += length
    chunks.append("".join(current).strip())
    return [chunk for chunk in chunks if chunk]
