"""The parser process: `python -m indexing.formats`, started by `indexing.sandbox`."""

from indexing.confinement import serve
from indexing.formats.extraction import extract
from indexing.formats.message import dump


def answer(request: bytes) -> bytes:
    """Parse one file: the most characters its text may have, its name and its bytes, parted by NUL."""
    max_chars, name, data = request.split(b"\0", 2)
    return dump(extract(name.decode("utf-8", "replace"), data, int(max_chars)))


if __name__ == "__main__":
    serve(answer)
