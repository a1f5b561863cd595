"""What `plumbline eval compare` does: read, compare, print. Returns its exit code."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.commands import open_book
from evals.comparability import Across
from evals.comparison import compare_tables
from evals.findings import Comparison
from evals.report_markdown import markdown_of
from evals.report_text import print_comparison
from evals.run_table import RunTable, read_table, saved_tables
from evals.written_files import write_file
from rag.errors import UsageError
from rag.settings import Settings
from rag.terminal import Options, console, note, print_json

_NOT_COMPARABLE = 1  # exit code


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """A comparison as the command line names it."""

    runs: Sequence[str]  # ids or files, the one that others are compared with first
    metrics: Sequence[str] = ()  # that decide; none: the headline of the runs
    across: Collection[Across] = ()  # what may differ nevertheless
    html: Path | None = None
    markdown: Path | None = None


def compare(options: Options, request: CompareRequest, *, as_json: bool) -> int:
    """Compare later runs with the first; return 1 where they are not comparable."""
    found = compare_tables(opened(options, request.runs), metrics=request.metrics, across=request.across)
    if request.markdown:
        _write(request.markdown, markdown_of(found))
    if request.html:
        _write(request.html, _page(found))
    print_json(found.model_dump(mode="json")) if as_json else print_comparison(console(options), found)
    return 0 if found.comparable else _NOT_COMPARABLE


def opened(options: Options, runs: Sequence[str]) -> list[RunTable]:
    """Return the runs, the files read as they are. Raises UsageError and NotFoundError."""
    ids = [run for run in runs if not Path(run).is_file()]
    saved = _saved(options.settings(), ids) if ids else {}
    return [saved[run] if run in saved else read_table(Path(run)) for run in runs]


def _saved(settings: Settings, ids: Sequence[str]) -> dict[str, RunTable]:
    """Return the runs of the home by id; what looks like a file that is not there is left to be missed as one."""
    wanted = [id_ for id_ in ids if not _like_a_path(id_)]
    if not wanted:
        return {}
    with open_book(settings) as book:
        return dict(zip(wanted, saved_tables(book, wanted), strict=True))


def _like_a_path(name: str) -> bool:
    return bool(Path(name).suffix) or len(Path(name).parts) > 1


def _page(found: Comparison) -> str:
    """Return the page. Its libraries are optional, and cost a second to load."""
    try:
        from evals.report_html import page_of  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("--html draws charts: install Plumbline with its extra, `plumbline[evals]`.") from error
    return page_of(found)


def _write(path: Path, text: str) -> None:
    write_file(path, text.encode(), "The report")
    note(f"Wrote {path}.")
