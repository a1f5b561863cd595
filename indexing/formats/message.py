"""Extracted -> the bytes that a parser process sends."""

import orjson

from indexing.formats.extracted import Extracted


def dump(extracted: Extracted) -> bytes:
    """Return the message; heading paths and table headers stand in it once, and blocks name them by their place."""
    paths: dict[tuple[str, ...], int] = {}
    headers: dict[str, int] = {}
    blocks = [
        (
            *(block.kind, block.start, block.end, block.page),
            paths.setdefault(block.heading_path, len(paths)),
            headers.setdefault(block.header, len(headers)),
        )
        for block in extracted.blocks
    ]
    stated = extracted.metadata
    return orjson.dumps(
        {
            "format": extracted.format,
            "text": extracted.text,
            "paths": list(paths),
            "headers": list(headers),
            "blocks": blocks,
            "title": stated.title,
            "type": stated.type,
            "language": stated.language,
            "date": stated.date,
            "owner": stated.owner,
            "tags": stated.tags,
            "warnings": extracted.warnings,
            "attachments": extracted.attachments,
        }
    )
