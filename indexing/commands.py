"""What the index and release commands do: open, call, print. Each returns its exit code where it is not always 0."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from indexing import listing
from indexing.build import SourceRequest
from indexing.indexer import Indexer
from indexing.locking import AlreadyRunningError
from indexing.report import Report
from indexing.vector_cache import VectorCache
from indexing.workshop import Workshop
from rag.api.view import visible
from rag.bootstrap import open_backends
from rag.config import load_bundle
from rag.database import schema
from rag.errors import UsageError
from rag.settings import Settings
from rag.terminal import Options, console, note, print_json

_PARTIAL = 5  # exit code: some documents could not be indexed
_STATES = {"indexed", "flagged", "held", "rejected", "excluded"}


class Bars:
    """Progress on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        screen = Console(stderr=True)
        self._bars = Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def stage(self, name: str, total: int) -> None:
        self._task = self._bars.add_task(name, total=total)

    def advance(self, count: int) -> None:
        if self._task is not None:
            self._bars.advance(self._task, count)


@contextmanager
def workshop(settings: Settings, *, create: bool = False) -> Iterator[Workshop]:
    """Open what the indexer uses. Raises NoIndexError where there is none and `create` does not make one."""
    backends = open_backends(settings)
    try:
        if create:
            make_home(settings.home)
            schema.upgrade(backends.database, "truth")
        elif not backends.database.exists:
            schema.require(backends.database, "truth")
        else:
            schema.upgrade(backends.database, "truth")
        cache = VectorCache(settings.home / "cache" / "vectors.db", settings.retention.vector_cache_bytes)
        yield Workshop(settings, backends.database, backends.records, backends.store, backends.embedder_named, cache)
    finally:
        backends.close()


def make_home(home: Path) -> None:
    """Make the folder of a home. Raises UsageError where it cannot be made."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        advice = "Name a folder that this user may write with PLUMBLINE_HOME."
        raise UsageError(f"The home {home} cannot be made: {error.strerror}. {advice}") from error


@contextmanager
def indexer(settings: Settings, *, create: bool = False) -> Iterator[Indexer]:
    """Open the indexer, with bars on a terminal."""
    with workshop(settings, create=create) as shop, Bars() as bars:
        yield Indexer(shop, bars, lambda: note("Another run is at work; waiting for it to end."))


def build(options: Options, request: SourceRequest, bundle: Path | None, *, serve: bool, as_json: bool) -> int:
    wanted = load_bundle(bundle) if bundle else None
    if serve and wanted is None:
        raise UsageError("--serve releases a bundle: name it with --bundle FILE.")
    with indexer(options.settings(), create=True) as index:
        report = index.build(request, wanted, serve=serve)
    return print_report(options, report, as_json=as_json)


def refresh(options: Options, *, verify_hashes: bool, publish_every: int | None, as_json: bool) -> int:
    try:
        with indexer(options.settings()) as index:
            report = index.refresh(verify_hashes=verify_hashes, publish_every=publish_every)
    except AlreadyRunningError:
        print_json({"running": True}) if as_json else console(options).print("already running")
        return 0
    return print_report(options, report, as_json=as_json)


def remove(options: Options, name: str, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        report = index.remove(name)
    return print_report(options, report, as_json=as_json)


def exclude(options: Options, uri: str, reason: str, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        report = index.exclude(index.document_at(uri), reason)
    return print_report(options, report, as_json=as_json)


def include(options: Options, uri: str, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        report = index.include(index.document_at(uri))
    return print_report(options, report, as_json=as_json)


def reindex(options: Options, uri: str, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        report = index.reindex(index.document_at(uri))
    return print_report(options, report, as_json=as_json)


def rebuild(options: Options, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        report = index.rebuild()
    return print_report(options, report, as_json=as_json)


def verify(options: Options, *, as_json: bool) -> int:
    with indexer(options.settings()) as index:
        found = index.verify()
    counts = {"ok": found.ok, "missing": found.missing, "extra": found.extra, "mismatched": found.mismatched}
    if as_json:
        print_json(counts)
    elif found.ok:
        console(options).print("The store matches the truth.")
    else:
        said = ", ".join(f"{count} {name}" for name, count in counts.items() if name != "ok" and count)
        console(options).print(f"The store does not match the truth: {said}. `plumbline index rebuild` makes it anew.")
    return 0 if found.ok else 1


def prune(options: Options, *, as_json: bool) -> None:
    with indexer(options.settings()) as index:
        gone = index.prune()
    if as_json:
        print_json({"documents": gone.documents, "chunks": gone.chunks, "bytes": gone.bytes})
    else:
        console(options).print(f"Took away {gone.documents} versions, {gone.chunks} chunks, {gone.bytes / 1e6:.1f} MB.")


def status(options: Options, *, as_json: bool) -> None:
    with workshop(options.settings()) as shop:
        found = listing.status(shop)
    _show(options, found, "sources", f"revision {found['revision']}, bundle {found['release']}", as_json=as_json)


def sources(options: Options, *, as_json: bool) -> None:
    with workshop(options.settings()) as shop:
        found = listing.sources(shop)
    _show(options, found, "sources", "", as_json=as_json, columns=("name", "path", "roles", "schedule", "owner"))


def documents(options: Options, states: list[str], *, as_json: bool) -> None:
    unknown = sorted(set(states) - _STATES)
    if unknown:
        raise UsageError(f"--state {', '.join(unknown)}: unknown. States are {', '.join(sorted(_STATES))}.")
    with workshop(options.settings()) as shop:
        found = listing.documents(shop, states)
    columns = ("uri", "title", "type", "type_rule", "roles", "state", "chunks", "reason")
    _show(options, found, "documents", "", as_json=as_json, columns=columns)


def generations(options: Options, *, as_json: bool) -> None:
    with workshop(options.settings()) as shop:
        found = listing.generations(shop)
    _show(options, found, "generations", "", as_json=as_json)


def show_release(options: Options, *, as_json: bool) -> None:
    with workshop(options.settings()) as shop:
        found = listing.release(shop)
    if as_json:
        print_json(found)
        return
    text = f"Bundle {found['bundle']} serves generation {found['generation']} since {found['released_at']}."
    former = f" Before it: {found['previous']}." if found["previous"] else ""
    console(options).print(text + former)


def set_release(options: Options, file: Path, *, as_json: bool) -> None:
    bundle = load_bundle(file)
    with indexer(options.settings()) as index:
        index.release(bundle)
    show_release(options, as_json=as_json)


def roll_back(options: Options, *, now: bool, as_json: bool) -> None:
    with indexer(options.settings()) as index:
        index.roll_back(now=now)
    show_release(options, as_json=as_json)


def print_report(options: Options, report: Report, *, as_json: bool) -> int:
    """Print what a run did; return 0, or 5 where documents could not be indexed."""
    if as_json:
        print_json(report.as_json())
    else:
        _print_summary(console(options), report)
    return _PARTIAL if report.problems else 0


def _print_summary(screen: Console, report: Report) -> None:
    counts = report.documents
    changes = [(counts.added, "added"), (counts.changed, "changed"), (counts.removed, "removed")]
    changes += [(counts.unchanged, "unchanged"), (counts.flagged, "flagged"), (counts.rejected, "not indexed")]
    changes += [(counts.excluded, "excluded")]
    said = ", ".join(f"{count} {name}" for count, name in changes if count) or "no documents"
    screen.print(f"{said}; {report.chunks} chunks, {report.embedded} embedded, {report.seconds:.1f} s.")
    screen.print(f"Revision {report.revision} of generation {report.generation} serves.")
    if report.oversized:
        screen.print(f"{report.oversized} chunks exceed the limit: each is one word or row that cannot be cut.")
    for line in report.notes:
        screen.print(Text(line))
    for problem in report.problems:
        screen.print(Text(visible(f"  {problem.uri}: {problem.reason}"), "yellow"))


def _show(
    options: Options,
    content: dict[str, object],
    key: str,
    title: str,
    *,
    as_json: bool,
    columns: tuple[str, ...] = (),
) -> None:
    """Print a list of records as JSON or as a table."""
    if as_json:
        print_json(content)
        return
    rows = content[key]
    assert isinstance(rows, list)
    if not rows:
        console(options).print(f"No {key}.")
        return
    shown = columns or tuple(rows[0])
    table = Table(*(Column(name, overflow="fold") for name in shown), title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(Text(visible(_cell(row[name]))) for name in shown))
    console(options).print(table)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
