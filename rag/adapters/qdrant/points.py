"""How rows, filters and tokens look to Qdrant."""

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from qdrant_client import QdrantClient, models

from rag.adapters.row_shapes import require_fitting
from rag.ports import Row
from rag.types import ChunkId, Filter

PREFIX = "plumbline-"
ALIVE = 2**31 - 1  # `died` of a living row
BATCH = 256  # rows of one request: about 1 MB
TOKEN_BATCH = 32  # the same with token vectors, about 4 MB: the server takes 32
DENSE, TOKENS = "dense", "tokens"  # the vectors' names in a build with token vectors; else the only one has none
ROW_IDS = uuid.UUID("5a9d4a8e-55b0-4f4c-93c5-6b3a0d1de1a7")  # the namespace of point ids, drawn once

Records: TypeAlias = Sequence[models.Record]
_Item = TypeVar("_Item")
_PLAIN = re.compile("[a-z0-9]+")


def required_keywords(allowed: Filter) -> list[tuple[str, frozenset[str]]]:
    roles = [] if allowed.roles is None else [("roles", allowed.roles)]
    return [*allowed.keywords.items(), *roles]


def lets_nothing_pass(allowed: Filter) -> bool:
    return not all(values for _, values in required_keywords(allowed))


def new_point(row: Row, born: int, token_dim: int) -> models.PointStruct:
    keywords = sorted({keyword(key, value) for key, values in row.keywords.items() for value in values})
    payload = {"chunk_id": row.id, "born": born, "died": ALIVE, "tokens": as_text(row.tokens), "keywords": keywords}
    if row.day:
        payload["day"] = row.day.toordinal()
    return models.PointStruct(
        id=str(uuid.uuid5(ROW_IDS, f"{born} {row.id}")), vector=_vectors(row, token_dim), payload=payload
    )


def _vectors(row: Row, token_dim: int) -> models.VectorStruct:
    """Return the row's vector, in a build with token vectors these too, if there are any. Raises ValueError."""
    dense, tokens = list(row.vector.tolist()), require_fitting(row, token_dim)
    if tokens is None:
        return dense
    return {DENSE: dense} | ({TOKENS: tokens.astype(float).tolist()} if len(tokens) else {})


def rows_at_once(token_dim: int) -> int:
    """Return how many rows of a build fit one request."""
    return TOKEN_BATCH if token_dim else BATCH


def copied_point(record: models.Record) -> models.PointStruct:
    return models.PointStruct.model_validate(record.model_dump(include={"id", "vector", "payload"}))


def keyword(key: str, value: str) -> str:
    return f"{key}={value}".encode("utf-8", "backslashreplace").decode()


def as_text(tokens: Iterable[str]) -> str:
    """Return tokens joined by blanks. What Qdrant's tokenizer would cut or change is spelled in hexadecimal."""
    return " ".join(token if _PLAIN.fullmatch(token) else f"x{token.encode().hex()}" for token in tokens)


def must(*conditions: models.FieldCondition) -> models.Filter:
    return models.Filter(must=list(conditions))


def between(field: str, first: int | None = None, last: int | None = None) -> models.FieldCondition:
    return models.FieldCondition(key=field, range=models.Range(gte=first, lte=last))


def any_of(field: str, values: Iterable[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))


def chunk_id_of(point: models.ScoredPoint | models.Record) -> ChunkId:
    assert point.payload is not None  # it was asked for
    return str(point.payload["chunk_id"])


def batches(items: Sequence[_Item], size: int = BATCH) -> Iterator[Sequence[_Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def pages(
    client: QdrantClient, build: str, which: models.Filter, *, size: int = BATCH, vectors: bool = False
) -> Iterator[Records]:
    """Yield all points that match, whole with their vectors, or else with their chunk ids, `size` at a time."""
    fields = True if vectors else ["chunk_id"]
    offset = None
    while True:
        points, offset = client.scroll(
            PREFIX + build, which, limit=size, offset=offset, with_payload=fields, with_vectors=vectors
        )
        yield points
        if offset is None:
            return


def latest_number(client: QdrantClient, build: str, field: str, most: int) -> int:
    """Return the highest number in a field, at most `most`; 0 where there is none."""
    order = models.OrderBy(key=field, direction=models.Direction.DESC)
    points, _ = client.scroll(
        PREFIX + build, must(between(field, last=most)), limit=1, order_by=order, with_payload=[field]
    )
    return max((int(point.payload[field]) for point in points if point.payload), default=0)
