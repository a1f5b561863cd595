"""What the commands of runs do: open, call, print. Each returns its exit code."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from evals.corpus import open_corpus
from evals.evalset import EvalSet, Split
from evals.lab import Bench
from evals.loading import load_set, place_named
from evals.measuring import Beside, run_beside
from evals.outcome import Scoring
from evals.plan import Plan
from evals.progress import EvalBars
from evals.run import Run
from evals.run_text import print_run, run_list
from evals.runs import RunBook, load_file
from evals.scoring import BUDGETS, KS, Scale
from evals.written_files import write_file
from indexing.build import default_bundle
from indexing.commands import make_home
from rag.bootstrap import truth_of
from rag.config import Bundle, load_bundle
from rag.database import schema
from rag.errors import UsageError
from rag.settings import Settings
from rag.terminal import Options, console, note, print_json


@dataclass(frozen=True, slots=True, kw_only=True)
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
    if request.out and not request.out.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {request.out.parent} to write the run to. Nothing was asked.")
    with open_bench(settings, cached=request.cached) as (bench, book), _told_to_go_on():
        plan = _plan(request, eval_set, bundle, settings)
        made = _measured(plan, bench, book, request)
    if request.out:
        content = orjson.dumps(made.as_json(cases=True), option=orjson.OPT_INDENT_2)
        write_file(request.out, content, "The run", otherwise=f"It is saved as {made.id}.")
    if as_json:
        print_json(made.as_json(cases=False))
    else:
        print_run(console(options), made)
    return 0


@contextmanager
def _told_to_go_on() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        note("Interrupted. The same command goes on where it was.")
        raise


def runs(options: Options, *, everything: bool = False, as_json: bool) -> int:
    with open_book(options.settings()) as book:
        found = book.list(everything=everything)
    if as_json:
        print_json({"runs": [asdict(each) for each in found]})
    elif not found:
        console(options).print("No runs yet. `plumbline eval run SET` makes one.")
    else:
        console(options).print(run_list(found))
    return 0


def show(options: Options, name: str, *, as_json: bool) -> int:
    found = load_run(options, name)
    if as_json:
        print_json(found.as_json(cases=True))
    else:
        print_run(console(options), found)
    return 0


def load_run(options: Options, name: str) -> Run:
    """Return the run with this id, or in this file, which needs no home. Raises NotFoundError, UsageError."""
    if Path(name).is_file():
        return load_file(Path(name))
    with open_book(options.settings()) as book:
        return book.load(name)


def _measured(plan: Plan, bench: Bench, book: RunBook, request: RunRequest) -> Run:
    with EvalBars(plan.headline) as bars:
        bench.progress = bars
        return run_beside(plan, bench, book, Beside(request.floors, request.repeat), bars.watch)


@contextmanager
def open_bench(settings: Settings, *, cached: bool = True) -> Iterator[tuple[Bench, RunBook]]:
    """Open what experiments use, and the runs; the home is made where there is none."""
    make_home(settings.home)
    bench = Bench(settings, cached=cached)
    try:
        schema.upgrade(bench.backends.database, "truth")
        yield bench, RunBook(bench.backends.database)
    finally:
        bench.backends.close()


@contextmanager
def open_book(settings: Settings) -> Iterator[RunBook]:
    """Open the runs of a home to read them; it may have none. Raises DatabaseVersionError."""
    with closing(truth_of(settings)) as database:
        book = RunBook(database)
        if book.exists:
            schema.require(database, "truth")
        yield book


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
