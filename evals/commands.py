"""What the commands of runs do: open, call, print. Each returns its exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from evals.corpus import open_corpus
from evals.evalset import EvalSet, Split
from evals.experiment import run_experiment
from evals.lab import Bench
from evals.loading import load_set, place_named
from evals.measuring import repeated, run_with_floors
from evals.outcome import Scoring
from evals.plan import BUDGETS, KS, Plan, Scale
from evals.progress import EvalBars
from evals.run import Run
from evals.run_text import print_run, run_list
from evals.runs import RunBook, load_file
from indexing.build import default_bundle
from rag.config import Bundle, load_bundle
from rag.database import schema
from rag.database.engine import Database
from rag.errors import UsageError
from rag.settings import Settings
from rag.terminal import Options, console, print_json


@dataclass(frozen=True, slots=True)
class RunRequest:
    """An evaluation as the command line names it."""

    eval_set: Path
    corpus: Path | None = None
    sources: Path | None = None
    bundle: Path | None = None
    split: Split = "all"
    scoring: Scoring = "strict"
    retrieval_only: bool = False
    limit: int | None = None
    ks: list[int] | None = None
    budgets: list[int] | None = None
    floors: bool = False
    timeout_s: float = 30.0
    cached: bool = True
    out: Path | None = None
    repeat: int = 1


def run(options: Options, request: RunRequest, *, as_json: bool) -> int:
    settings = options.settings()
    eval_set, bundle = load_set(request.eval_set), _bundle(request.bundle, settings)
    with open_bench(settings, cached=request.cached) as (bench, book):
        plan = _plan(request, eval_set, bundle, settings)
        made = _measured(plan, bench, book, request)
    if request.out:
        _write(request.out, made)
    print_json(made.as_json(cases=False)) if as_json else print_run(console(options), made)
    return 0


def runs(options: Options, *, as_json: bool) -> int:
    with open_book(options.settings()) as book:
        found = book.list()
    if as_json:
        print_json({"runs": [asdict(each) for each in found]})
    elif not found:
        console(options).print("No runs yet. `plumbline eval run SET` makes one.")
    else:
        console(options).print(run_list(found))
    return 0


def show(options: Options, name: str, *, as_json: bool) -> int:
    with open_book(options.settings()) as book:
        found = load_run(name, book)
    print_json(found.as_json(cases=True)) if as_json else print_run(console(options), found)
    return 0


def load_run(name: str, book: RunBook) -> Run:
    """Return the run with this id, or in this file. Raises NotFoundError, UsageError."""
    return load_file(Path(name)) if Path(name).is_file() else book.load(name)


def _measured(plan: Plan, bench: Bench, book: RunBook, request: RunRequest) -> Run:
    with EvalBars(plan.headline) as bars:
        bench.progress = bars
        made = (run_with_floors if request.floors else run_experiment)(plan, bench, book, bars.watch)
        return repeated(plan, bench, book, made, request.repeat) if request.repeat > 1 else made


@contextmanager
def open_bench(settings: Settings, *, cached: bool = True) -> Iterator[tuple[Bench, RunBook]]:
    """Open what experiments use, and the runs; the home is made where there is none."""
    settings.home.mkdir(parents=True, exist_ok=True)
    bench = Bench(settings, cached=cached)
    try:
        schema.upgrade(bench.backends.database, "truth")
        yield bench, RunBook(bench.backends.database)
    finally:
        bench.backends.close()


@contextmanager
def open_book(settings: Settings) -> Iterator[RunBook]:
    """Open the runs of a home. Raises NoIndexError where there is none."""
    database = Database(settings.database_url or settings.home / "truth.db")
    try:
        schema.require(database, "truth") if not database.exists else schema.upgrade(database, "truth")
        yield RunBook(database)
    finally:
        database.close()


def _plan(request: RunRequest, eval_set: EvalSet, bundle: Bundle, settings: Settings) -> Plan:
    place = place_named(request.corpus, request.sources) or eval_set.corpus
    return Plan(
        eval_set=eval_set,
        corpus=open_corpus(place, settings),
        bundle=bundle,
        name=request.bundle.stem if request.bundle else "default",
        split=request.split,
        scale=Scale(_cuts(KS, request.ks), _cuts(BUDGETS, request.budgets), request.scoring),
        limit=request.limit,
        retrieval_only=request.retrieval_only,
        timeout_s=request.timeout_s,
    )


def _cuts(defaults: tuple[int, ...], more: list[int] | None) -> tuple[int, ...]:
    return tuple(sorted({*defaults, *(more or ())}))


def _bundle(path: Path | None, settings: Settings) -> Bundle:
    return load_bundle(path) if path else default_bundle(settings)


def _write(path: Path, made: Run) -> None:
    try:
        path.write_bytes(orjson.dumps(made.as_json(cases=True), option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise UsageError(f"The run cannot be written to {path}: {error.strerror}. It is saved as {made.id}.") from error
