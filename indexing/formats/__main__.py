"""The parser process: `python -m indexing.formats`, started by `indexing.sandbox`."""

from indexing.confinement import serve
from indexing.formats.extraction import extract
from indexing.formats.message import dump


def answer(request: bytes) -> bytes:
    """Parse one file: the most characters its text may have, its name, which of its attachments, its bytes."""
    max_chars, name, member, data = request.split(b"\0", 3)
    return dump(extract(name.decode("utf-8", "replace"), data, int(max_chars), member.decode("utf-8", "replace")))


if __name__ == "__main__":
    serve(answer)
