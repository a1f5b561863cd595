"""Files -> canonical text, typed blocks and metadata, read by guarded child processes."""

import datetime
import hashlib
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import Self, TypeAlias

from indexing.formats.receiving import load
from indexing.identity import hashed
from indexing.parse_cache import ParseCache
from indexing.sandbox import Sandbox
from rag.errors import ParseError
from rag.settings import ParsingLimits
from rag.types import Block

# Raise it when the same bytes would give another text, other blocks or another type.
PARSER_VERSION = "3"

# Small files travel together: a message each way per file would cost as much as parsing it.
_BATCH_FILES = 32
_BATCH_BYTES = 256 * 1024
# Batches under way per worker: enough to keep all busy while the slowest holds up the order.
_AHEAD = 4
_AHEAD_BYTES = 64 * 1024 * 1024  # of their files: what they hold waits in memory until its turn


@dataclass(frozen=True, slots=True)
class ParseTask:
    """A file to read."""

    path: Path  # absolute
    relative: str  # to its source: its ending says what it is
    size: int = 0  # what is known of it, for making up batches
    member: str = ""  # which of its attachments, by names below the file; empty: the file itself


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds, and what it says of itself."""

    text: str  # canonical
    blocks: tuple[Block, ...]
    title: str
    type: str  # what the file states; else its format
    format: str  # markdown, text, html, pdf, docx, xlsx, ...
    content_hash: str  # SHA-256 of the bytes, in hexadecimal
    language: str = ""
    date: datetime.date | None = None
    owner: str = ""
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # what people should see: hidden text, pages without text
    attachments: tuple[str, ...] = ()  # names of files in it that are documents of their own


Outcome: TypeAlias = tuple[ParseTask, Parsed | ParseError]


def version_of(content_hash: str) -> str:
    """Return the version of a document from the hash of its bytes."""
    return hashed(content_hash, PARSER_VERSION)


class Parsers:
    """Child processes that parse files; a context manager. They start with the first file."""

    def __init__(self, limits: ParsingLimits, known: ParseCache | None = None) -> None:
        self._limits, self._known = limits, known
        self._sandboxes = [Sandbox("indexing.formats", limits) for _ in range(limits.workers)]
        self._idle: LifoQueue[Sandbox] = LifoQueue()  # one that runs already is taken before one that does not
        for sandbox in self._sandboxes:
            self._idle.put(sandbox)
        # A child dies with the thread that started it, so these live as long as the children.
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix="parsing")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sandbox in self._sandboxes:
            sandbox.stop()
        self._threads.shutdown(cancel_futures=True)
        for sandbox in self._sandboxes:
            sandbox.close()

    def parse_all(self, files: Iterable[ParseTask]) -> Iterator[Outcome]:
        """Yield each file with its text, or why it has none, in the order of `files`.

        Raises UnavailableError when no parser process starts.
        """
        pending: deque[tuple[int, Future[list[Outcome]]]] = deque()
        ahead = 0
        for batch in _batches(files):
            size = sum(task.size for task in batch)
            while pending and (len(pending) > _AHEAD * self._limits.workers or ahead + size > _AHEAD_BYTES):
                done, outcomes = pending.popleft()
                ahead -= done
                yield from outcomes.result()
            pending.append((size, self._threads.submit(self._parse, batch)))
            ahead += size
        for _, outcomes in pending:
            yield from outcomes.result()

    def known(self, files: Sequence[ParseTask]) -> list[bool]:
        """Return of each file whether it was parsed before; one that cannot be read needs no parser either."""
        contents = [self._read(task) for task in files]
        requests = [
            self._request(task, content) if isinstance(content, bytes) else None
            for task, content in zip(files, contents, strict=True)
        ]
        wanted = [request for request in requests if request is not None]
        there = self._known.known(wanted, PARSER_VERSION) if self._known else set()
        return [request is None or request in there for request in requests]

    def _parse(self, tasks: Sequence[ParseTask]) -> list[Outcome]:
        contents = [self._read(task) for task in tasks]
        requests = [
            self._request(task, content)
            for task, content in zip(tasks, contents, strict=True)
            if isinstance(content, bytes)
        ]
        answers = iter(self._answers(requests))
        return [
            (task, self._parsed(content, next(answers)) if isinstance(content, bytes) else content)
            for task, content in zip(tasks, contents, strict=True)
        ]

    def _answers(self, requests: Sequence[bytes]) -> list[bytes | ParseError]:
        """Return what the parsers say of each request; one that is known is not parsed again."""
        known = self._known.get(requests, PARSER_VERSION) if self._known else {}
        fresh = [request for request in requests if request not in known]
        made = dict(zip(fresh, self._run(fresh), strict=True)) if fresh else {}
        if self._known:
            parsed = [(request, answer) for request, answer in made.items() if isinstance(answer, bytes)]
            self._known.put(parsed, PARSER_VERSION)
        return [known[request] if request in known else made[request] for request in requests]

    def _run(self, requests: Sequence[bytes]) -> list[bytes | ParseError]:
        sandbox = self._idle.get()
        try:
            return list(sandbox.run(requests))
        finally:
            self._idle.put(sandbox)

    def _read(self, task: ParseTask) -> bytes | ParseError:
        try:
            return _read_file(task.path, self._limits.max_file_bytes)
        except OSError as error:
            return ParseError(f"it cannot be read: {error.strerror}")
        except ParseError as error:
            return error

    def _request(self, task: ParseTask, content: bytes) -> bytes:
        name, member = task.relative.encode("utf-8", "replace"), task.member.encode("utf-8", "replace")
        return b"%d\0%b\0%b\0%b" % (self._limits.max_text_chars, name, member, content)

    def _parsed(self, content: bytes, answer: bytes | ParseError) -> Parsed | ParseError:
        try:
            return answer if isinstance(answer, ParseError) else _checked(content, answer, self._limits.max_text_chars)
        except ParseError as error:
            return error


def _batches(files: Iterable[ParseTask]) -> Iterator[list[ParseTask]]:
    batch: list[ParseTask] = []
    size = 0
    for task in files:
        if batch and (len(batch) >= _BATCH_FILES or size + task.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += task.size
    if batch:
        yield batch


def _read_file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a regular file; a pipe or a device is refused, and does not block."""
    with open(path, "rb", opener=_open) as file:  # pathlib cannot pass the flags
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ParseError("it is not a regular file")
        content = file.read(max_bytes + 1) if found.st_size <= max_bytes else b""
    if found.st_size > max_bytes or len(content) > max_bytes:
        raise ParseError(f"it is larger than {max_bytes / 1024**2:g} MB, the most that is read of one file")
    return content


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _checked(content: bytes, answer: bytes, max_chars: int) -> Parsed:
    found = load(answer, max_chars)
    stated = found.metadata
    return Parsed(
        text=found.text,
        blocks=found.blocks,
        title=stated.title,
        type=stated.type,
        format=found.format,
        content_hash=hashlib.sha256(content).hexdigest(),
        language=stated.language,
        date=stated.date,
        owner=stated.owner,
        tags=stated.tags,
        warnings=found.warnings,
        attachments=found.attachments,
    )
