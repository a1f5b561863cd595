"""The vocabulary that all packages share: frozen records, no behaviour beyond what their fields imply."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rag.config import Bundle

ChunkId: TypeAlias = str
Vector: TypeAlias = NDArray[np.float32]  # shape [dim], unit length unless said otherwise
Matrix: TypeAlias = NDArray[np.float32]  # shape [rows, dim]
TokenRows: TypeAlias = NDArray[np.int8]  # shape [word pieces, token dim]: unit vectors times TOKEN_SCALE, rounded
Scored: TypeAlias = tuple[ChunkId, float]  # higher is better

BlockKind: TypeAlias = Literal["heading", "paragraph", "list_item", "table_row", "code"]
Leg: TypeAlias = Literal["dense", "lexical"]
RiskTier: TypeAlias = Literal["low", "high"]
TOKEN_SCALE = 127
ALL_ROLES = "*"  # as a caller's role: may read everything
PUBLIC = "public"  # the role of those who gave none


@dataclass(frozen=True, slots=True)
class Block:
    """A typed span of a document's canonical text; offsets are code points."""

    kind: BlockKind
    start: int
    end: int
    page: int | None = None  # counts from 1
    heading_path: tuple[str, ...] = ()  # the headings above it, outermost first; a heading's own text is last
    header: str = ""  # of a table row: its header row as text


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a source text, with its canonical text and typed blocks in order of `start`."""

    id: str
    version: str  # hash of bytes and parser version
    uri: str  # source name and the path below it
    title: str
    type: str  # policy, contract, ...; where nothing says so, the format: markdown, pdf, ...
    text: str
    blocks: tuple[Block, ...]
    language: str = ""  # ISO 639-1; empty where unknown
    date: datetime.date | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()
    roles: tuple[str, ...] = (PUBLIC,)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a document: `text == document.text[start:end]`, always exactly."""

    id: ChunkId
    document_id: str
    start: int
    end: int
    text: str
    context: str = ""  # title, heading path, table header: embedded and searched, never cited
    page: int | None = None
    heading_path: tuple[str, ...] = ()
    tokens: int = 0  # of the text alone, by the embedder's tokenizer, without special tokens
    kind: BlockKind = "paragraph"  # of its first block

    @property
    def indexed_text(self) -> str:
        """What is embedded and searched."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a hit says of its document; everything but the text."""

    id: str
    version: str
    uri: str
    title: str
    type: str
    source: str
    language: str = ""
    date: datetime.date | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; made by the server from identity and settings, never from the body."""

    roles: frozenset[str]
    user: str = "anonymous"
    feature: str = "api"
    session: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows a search may see. Equal to one of a list, per key; every key must match."""

    roles: frozenset[str] | None = None  # None: all; the empty set: nothing
    keywords: Mapping[str, frozenset[str]] = field(default_factory=dict)  # source, type, language, tag, owner
    after: datetime.date | None = None  # document date on or after
    before: datetime.date | None = None  # document date on or before


@dataclass(frozen=True, slots=True)
class Request:
    """What travels through the pipeline."""

    id: str
    question: str
    caller: Caller
    where: Filter = field(default_factory=Filter)  # without roles: those are the caller's
    bundle: str | Bundle | None = None  # a known one's digest, or one whose generation is whole; None: what serves
    limit: int | None = None  # hits wanted from a search; None: the bundle's top_k
    deadline: float | None = None  # time.monotonic() by which an answer is of use
    cancelled: Event = field(default_factory=Event)
    risk_tier: RiskTier = "low"
    residency: str = ""

    @property
    def allowed(self) -> Filter:
        """The filter of every leg: what was asked for, and what the caller may read."""
        return replace(self.where, roles=None if ALL_ROLES in self.caller.roles else self.caller.roles)


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its score in one search."""

    chunk: Chunk
    document: DocumentInfo
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)  # by leg and stage; a leg that missed it is absent


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the embedder sees it: its unit vector, and a unit vector per word piece without special tokens."""

    vector: Vector
    token_ids: NDArray[np.int64]  # shape [tokens]
    token_vectors: Matrix  # shape [tokens, dim]
