"""A document under any index config, without an index: its chunks, and what can be counted of them."""

from dataclasses import dataclass
from statistics import fmean, median

from indexing.changes import Change
from indexing.chunking import Chunked, chunk_document
from indexing.forgetting import stage_cache
from indexing.identity import document_id
from indexing.parse_cache import ParseCache
from indexing.parsing import Parsers
from indexing.sources import FoundFile, SourceSpec
from indexing.staging import read_changes
from indexing.strategies.packing import CountTokens
from rag.config import IndexConfig
from rag.errors import ParseError
from rag.settings import Settings
from rag.types import Chunk, Document

_FULL = 0.95  # of the limit: no further sentence would have fitted


@dataclass(frozen=True, slots=True)
class ChunkFigures:
    """What a chunking of one document comes to; sizes in tokens."""

    chunks: int
    limit: int
    mean: float
    median: float
    smallest: int
    largest: int
    full: int  # chunks within 5 % of the limit
    oversized: int  # chunks that one unbreakable word makes longer than the limit
    repeated: int  # tokens that stand in more than one chunk


@dataclass(frozen=True, slots=True)
class Rechunked:
    """The chunks of one document in reading order; no figures where it has no text."""

    config: IndexConfig
    chunks: tuple[Chunk, ...]
    figures: ChunkFigures | None


def rechunk(document: Document, config: IndexConfig, count_tokens: CountTokens, max_tokens: int) -> Rechunked:
    """Return the chunks that an index with this config holds of a document.

    count_tokens, max_tokens: of the config's embedder.
    """
    chunked = chunk_document(document, config, count_tokens, max_tokens)
    figures = _figures(document.text, chunked, count_tokens) if chunked.chunks else None
    return Rechunked(config, tuple(chunked.chunks), figures)


def read_file(spec: SourceSpec, file: FoundFile, settings: Settings) -> Document:
    """Return a file as the indexer would have it, parsed in a guarded child. Raises ParseError."""
    uri, id_ = f"{spec.name}/{file.relative}", document_id(spec.name, file.relative)
    change = Change(id_, uri, spec.name, file, spec.rule_for(file.relative), None, "content", 0)
    with Parsers(settings.parsing, ParseCache(stage_cache(settings))) as parsers:
        read = next(iter(read_changes([change], parsers, [])))
    if read.document is None:
        raise ParseError(f"{uri} cannot be read: {read.reason}")
    return read.document


def _figures(text: str, chunked: Chunked, count_tokens: CountTokens) -> ChunkFigures:
    sizes = [chunk.tokens for chunk in chunked.chunks]
    return ChunkFigures(
        chunks=len(sizes),
        limit=chunked.limit,
        mean=fmean(sizes),
        median=median(sizes),
        smallest=min(sizes),
        largest=max(sizes),
        full=sum(size >= _FULL * chunked.limit for size in sizes),
        oversized=chunked.oversized,
        repeated=sum(count_tokens(_repeated(text, chunked.chunks))),
    )


def _repeated(text: str, chunks: list[Chunk]) -> list[str]:
    """Return what each chunk repeats of those before it."""
    found, reached = [], 0
    for chunk in chunks:
        found += [text[chunk.start : min(reached, chunk.end)]] if chunk.start < reached else []
        reached = max(reached, chunk.end)
    return found
