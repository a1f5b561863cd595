"""Names that are the same on every machine."""

import hashlib
import unicodedata

# 96 bits: among a thousand million names the chance that any two are equal is below one in 10^10.
_DIGITS = 24


def document_id(source: str, path: str) -> str:
    """Return the id of the document at a POSIX `path` relative to its source."""
    return hashed(source, unicodedata.normalize("NFC", path))


def chunk_id(document: str, version: str, index_digest: str, start: int, end: int) -> str:
    """Return the id of the chunk `[start:end]` of one version of a document, under one index config."""
    return hashed(document, version, index_digest, str(start), str(end))


def hashed(*parts: str) -> str:
    """Return 24 hexadecimal digits that name these parts, in this order."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
