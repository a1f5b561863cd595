"""One document: parse -> verdict -> chunk -> embed -> rows for truth and store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from indexing.attachments import Attachments
from indexing.changes import Change
from indexing.chunking import Chunked, chunk_document
from indexing.generations import Target
from indexing.parsing import Parsed, Parsers, ParseTask, version_of
from indexing.quality import judge
from indexing.signs import Signs
from indexing.sources import Rule
from indexing.types import Typed, decide
from indexing.versions import StoredVersion
from indexing.workshop import Workshop
from rag.database.reader import block_of, document_of, stored_block
from rag.errors import ParseError
from rag.types import PUBLIC, Chunk, Document


@dataclass(frozen=True, slots=True)
class Read:
    """What came of one change before chunking; without a document it is not searchable."""

    change: Change
    state: str
    reason: str | None
    content_hash: str | None
    document: Document | None = None
    parsed: Mapping[str, object] | None = None  # as `texts.parsed` stores it


@dataclass(frozen=True, slots=True)
class Staged:
    """A document with its chunks per generation, ready for truth and store."""

    document: Document
    chunks: Mapping[str, Sequence[Chunk]]
    oversized: int = 0
    read: Read | None = None  # None: a version that is in the truth already
    version_born: int | None = None  # the same


def read_changes(
    changes: Sequence[Change],
    parsers: Parsers,
    stored: Iterable[StoredVersion],
    attachments: Attachments | None = None,
) -> Iterator[Read]:
    """Yield what came of each change: parsed anew, or from what is stored where only rules changed.

    After the mails come their attachments, then what is attached to those.
    stored: rows of `catalog.read_versions` for the changes of kind "rules".
    """
    rows = {row.document_id: row for row in stored}
    for change in (each for each in changes if each.kind == "rules"):
        row, known = rows[change.document_id], change.known
        assert known is not None
        document, said = _made(change, row.version, row.text, row.parsed)
        yield Read(change, known.state, known.reason, known.content_hash, document, said)
    fresh = [each for each in changes if each.kind == "content"]
    while fresh:
        found: list[Change] = []
        for change, parsed in _parsed(fresh, parsers):
            yield judged(change, parsed)
            if attachments:
                found += attachments.found(change, None if isinstance(parsed, ParseError) else parsed.attachments)
        fresh = found
    if attachments:
        attachments.settle(changes)


def _parsed(changes: Sequence[Change], parsers: Parsers) -> Iterator[tuple[Change, Parsed | ParseError]]:
    files = [change.file for change in changes]
    tasks = [ParseTask(file.path, file.container, file.size, file.member) for file in files]
    for change, (_, parsed) in zip(changes, parsers.parse_all(tasks), strict=True):
        yield change, parsed


def stage(read: Read, document: Document, targets: Sequence[Target], shop: Workshop) -> Staged:
    """Return a document that was read in this run, chunked for each generation."""
    chunked = {target.generation: _chunked(document, target, shop) for target in targets}
    chunks = {generation: found.chunks for generation, found in chunked.items()}
    return Staged(document, chunks, sum(found.oversized for found in chunked.values()), read)


def stage_stored(row: StoredVersion, target: Target, shop: Workshop) -> Staged:
    """Return a version that is in the truth already, chunked for a generation."""
    document = document_of_stored(row)
    found = _chunked(document, target, shop)
    return Staged(document, {target.generation: found.chunks}, found.oversized, version_born=row.born)


def document_of_stored(row: StoredVersion) -> Document:
    """Return the document of a version that is in the truth."""
    return document_of(row, row.text, row.parsed["blocks"])


def _chunked(document: Document, target: Target, shop: Workshop) -> Chunked:
    embedder = shop.embedder(target.config.embedder)
    return chunk_document(document, target.config, embedder.count_tokens, embedder.max_tokens)


def make_document(uri: str, source: str, rule: Rule, version: str, text: str, parsed: Mapping[str, Any]) -> Document:
    """Return a document from what its parser said; what source and rules say goes before what the file says."""
    return Document(
        id="",
        version=version,
        uri=uri,
        title=parsed["title"],
        type=rule.type or parsed["type"],
        text=text,
        blocks=tuple(block_of(block) for block in parsed["blocks"]),
        language=rule.language or parsed["language"],
        date=date.fromisoformat(parsed["date"]) if parsed["date"] else None,
        owner=rule.owner or parsed["owner"],
        tags=tuple(sorted({*parsed["tags"], *rule.tags})),
        roles=rule.roles or (PUBLIC,),
        source=source,
    )


def judged(change: Change, parsed: Parsed | ParseError) -> Read:
    """Return what came of a file that was parsed."""
    if isinstance(parsed, ParseError):
        return Read(change, "rejected", str(parsed), None)
    verdict = judge(parsed)
    if verdict.state == "rejected":
        return Read(change, "rejected", verdict.reason, parsed.content_hash)
    document, stored = _made(change, version_of(parsed.content_hash), parsed.text, _stored(parsed))
    return Read(change, verdict.state, verdict.reason, parsed.content_hash, document, stored)


def _made(
    change: Change, version: str, text: str, parsed: Mapping[str, object]
) -> tuple[Document, Mapping[str, object]]:
    """Return the document of a change, and what is stored of it: with what decided its type."""
    document = make_document(change.uri, change.source, change.rule, version, text, parsed)
    typed = typed_by(document, change.rule, parsed)
    return replace(document, id=change.document_id, type=typed.type), {**parsed, "type_rule": typed.rule}


def typed_by(document: Document, rule: Rule, parsed: Mapping[str, Any]) -> Typed:
    """Return a document's type, and what decided it."""
    kind = parsed["format"]
    path = document.uri.removeprefix(f"{document.source}/")
    signs = Signs(path, kind, document.title, document.text, document.blocks)
    return decide(signs, ruled=rule.type, stated="" if parsed["type"] == kind else parsed["type"])


def _stored(parsed: Parsed) -> dict[str, object]:
    return {
        "blocks": [stored_block(block) for block in parsed.blocks],
        "title": parsed.title,
        "type": parsed.type or parsed.format,
        "format": parsed.format,
        "language": parsed.language,
        "date": parsed.date.isoformat() if parsed.date else "",
        "owner": parsed.owner,
        "tags": list(parsed.tags),
    }
