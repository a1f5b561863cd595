"""The `plumbline eval` commands. Imports stand inside the commands, so that `--help` costs nothing."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
evaluation = typer.Typer(no_args_is_help=True, help="Measure: eval sets, runs, comparison.")
sets = typer.Typer(no_args_is_help=True, help="Eval sets: show, validate, import, export, diff.")
bundles = typer.Typer(no_args_is_help=True, help="Bundles: show with every default, diff.")
caches = typer.Typer(no_args_is_help=True, help="What evaluations keep: show, prune.")
app.add_typer(evaluation, name="eval")
evaluation.add_typer(sets, name="set")
evaluation.add_typer(bundles, name="bundle")
evaluation.add_typer(caches, name="cache")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


class SplitName(StrEnum):
    all = "all"
    tune = "tune"
    holdout = "holdout"


class ScoringName(StrEnum):
    strict = "strict"
    chroma = "chroma"


class AcrossName(StrEnum):
    code = "code"
    model = "model"


class ImportForm(StrEnum):
    beir = "beir"
    ragas = "ragas"
    csv = "csv"


class ExportForm(StrEnum):
    jsonl = "jsonl"
    beir = "beir"


@evaluation.command(epilog="Example: plumbline eval run evals/sets/handbook.jsonl --bundle candidate.yaml --floors")
def run(
    context: typer.Context,
    eval_set: Annotated[Path, typer.Argument(metavar="SET", help="A .jsonl file, or a folder with questions.jsonl.")],
    *,
    corpus: Annotated[
        Path | None, typer.Option(help="The documents. Default: the set's own, else what serves.")
    ] = None,
    sources: Annotated[Path | None, typer.Option(help="The documents, as a sources file.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="What is measured. Default: the built-in bundle.")] = None,
    split: Annotated[
        SplitName, typer.Option(help="Which part of the set; documents are never shared.")
    ] = SplitName.all,
    scoring: Annotated[ScoringName, typer.Option(help="chroma: as the chunking study scores.")] = ScoringName.strict,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Rankings without answers.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases.")] = None,
    k: Annotated[list[int] | None, typer.Option("--k", min=1, help="A cut K of its own; may be repeated.")] = None,
    tokens: Annotated[
        list[int] | None, typer.Option("--tokens", min=1, help="A context budget of its own; may be repeated.")
    ] = None,
    floors: Annotated[bool, typer.Option("--floors", help="Also BM25 (ours and rank-bm25), dense and random.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for one question.")] = 30.0,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    repeat: Annotated[int, typer.Option(min=1, max=20, help="Also run N times without any cache: is it the same?")] = 1,
    out: Annotated[Path | None, typer.Option(help="Write the run with all its cases to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Ask every question of a set, and score what comes back."""
    from evals import commands

    request = commands.RunRequest(
        eval_set=eval_set,
        corpus=corpus,
        sources=sources,
        bundle=bundle,
        split=split.value,
        scoring=scoring.value,
        retrieval_only=retrieval_only,
        limit=limit,
        ks=k,
        budgets=tokens,
        floors=floors,
        timeout_s=timeout,
        cached=not no_cache,
        out=out,
        repeat=repeat,
    )
    raise typer.Exit(commands.run(context.obj, request, as_json=as_json))


@evaluation.command(epilog="Example: plumbline eval runs")
def runs(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also floors and repeats of other runs.")] = False,
    as_json: Json = False,
) -> None:
    """List the runs, the latest first."""
    from evals import commands

    raise typer.Exit(commands.runs(context.obj, everything=everything, as_json=as_json))


@evaluation.command(epilog="Example: plumbline eval show 20261121-6cc68ac0")
def show(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a file that --out wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """Print a run."""
    from evals import commands

    raise typer.Exit(commands.show(context.obj, run_id, as_json=as_json))


@evaluation.command(epilog="Example: plumbline eval compare default.json candidate.json --html report.html")
def compare(
    context: typer.Context,
    runs: Annotated[list[str], typer.Argument(metavar="A B [C]...", help="Ids, or files that --out wrote.")],
    *,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="What decides; may be repeated. Default: the headline metric.")
    ] = None,
    across: Annotated[
        list[AcrossName] | None, typer.Option("--across", help="Compare although the code or the model differs.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with charts, whole in itself.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the tables as Markdown.")] = None,
    as_json: Json = False,
) -> None:
    """Compare runs with the first: is it real, how big, where, at what cost, which questions flipped."""
    from evals import compare_commands

    request = compare_commands.CompareRequest(runs, metric or (), [each.value for each in across or ()], html, markdown)
    raise typer.Exit(compare_commands.compare(context.obj, request, as_json=as_json))


@bundles.command("show", epilog="Example: plumbline eval bundle show > candidate.yaml")
def show_bundle(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Default: the built-in bundle.", show_default=False)] = None,
    *,
    as_json: Json = False,
) -> None:
    """Print a bundle with every default and its digest."""
    from evals import bundle_commands

    raise typer.Exit(bundle_commands.show(context.obj, file, as_json=as_json))


@bundles.command("diff", epilog="Example: plumbline eval bundle diff serving.yaml candidate.yaml")
def diff_bundles(context: typer.Context, a: Path, b: Path, *, as_json: Json = False) -> None:
    """Print the fields in which two bundles differ."""
    from evals import bundle_commands

    raise typer.Exit(bundle_commands.diff(context.obj, a, b, as_json=as_json))


@caches.command("show", epilog="Example: plumbline eval cache show")
def show_cache(context: typer.Context, *, as_json: Json = False) -> None:
    """Print how much evaluations keep."""
    from evals import cache_commands

    raise typer.Exit(cache_commands.show(context.obj, as_json=as_json))


@caches.command("prune", epilog="Example: plumbline eval cache prune --all")
def prune_cache(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Empty it; what is in use stays.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the cache within its limits."""
    from evals import cache_commands

    raise typer.Exit(cache_commands.prune(context.obj, everything=everything, as_json=as_json))


@sets.command("show", epilog="Example: plumbline eval set show evals/sets/handbook.jsonl")
def show_set(context: typer.Context, path: Path, *, as_json: Json = False) -> None:
    """Print what a set holds: cases, tags, documents, digest."""
    from evals import set_commands

    raise typer.Exit(set_commands.show(context.obj, path, as_json=as_json))


@sets.command(epilog="Example: plumbline eval set validate questions.jsonl --corpus docs")
def validate(
    context: typer.Context,
    path: Path,
    *,
    corpus: Annotated[Path | None, typer.Option(help="The documents. Default: the set's own.")] = None,
    sources: Annotated[Path | None, typer.Option(help="The documents, as a sources file.")] = None,
    as_json: Json = False,
) -> None:
    """Check every case against its documents: exit code 1, and every fault, where they disagree."""
    from evals import set_commands
    from evals.parsed_texts import parsed_texts

    texts_of = parsed_texts(context.obj.settings())
    raise typer.Exit(set_commands.check(context.obj, path, corpus, sources, as_json=as_json, texts_of=texts_of))


@sets.command("import", epilog="Example: plumbline eval set import samples.csv --out questions.jsonl --corpus docs")
def import_set(
    context: typer.Context,
    source: Path,
    *,
    out: Annotated[Path, typer.Option(help="The .jsonl file to write.")],
    form: Annotated[ImportForm | None, typer.Option("--format", help="Default: what the name tells.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Documents to find quotes in.")] = None,
    as_json: Json = False,
) -> None:
    """Read a BEIR folder, ragas samples or CSV, and write a set."""
    from evals import set_commands
    from evals.parsed_texts import parsed_texts

    wanted = set_commands.Import(source, out, form.value if form else None, corpus)
    texts_of = parsed_texts(context.obj.settings())
    raise typer.Exit(set_commands.import_cases(context.obj, wanted, as_json=as_json, texts_of=texts_of))


@sets.command("export", epilog="Example: plumbline eval set export evals/sets/handbook.jsonl --out beir --format beir")
def export_set(
    context: typer.Context,
    path: Path,
    *,
    out: Annotated[Path, typer.Option(help="The file, or for BEIR the folder, to write.")],
    form: Annotated[ExportForm, typer.Option("--format")] = ExportForm.jsonl,
    as_json: Json = False,
) -> None:
    """Write a set as JSON Lines or BEIR."""
    from evals import set_commands
    from evals.parsed_texts import parsed_texts

    texts_of = parsed_texts(context.obj.settings())
    raise typer.Exit(
        set_commands.export(context.obj, path, out, format_=form.value, as_json=as_json, texts_of=texts_of)
    )


@sets.command("diff", epilog="Example: plumbline eval set diff old.jsonl new.jsonl")
def diff_sets(context: typer.Context, a: Path, b: Path, *, as_json: Json = False) -> None:
    """List the cases that differ."""
    from evals import set_commands

    raise typer.Exit(set_commands.diff(context.obj, a, b, as_json=as_json))
