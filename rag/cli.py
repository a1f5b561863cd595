"""Commands that ask and check. Imports stand inside the commands, so that `--help` costs nothing."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
check = typer.Typer(no_args_is_help=True, help="The checks of the answer path, alone: JSON lines in, JSON lines out.")
app.add_typer(check, name="check")

Roles = Annotated[
    list[str] | None, typer.Option("--role", help="A role of the caller; may be repeated. Default: public.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="KEY=VALUE, repeatable: source, type, language, tag, owner; after, before (dates)."),
]
BundleFile = Annotated[Path | None, typer.Option("--bundle", help="A bundle of the same generation to answer with.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document: the body of the HTTP reply.")]
QUESTION = typer.Argument(help="The question, in quotes.", show_default=False)


@app.command(epilog='Example: plumbline ask "What is the hotel limit per night?" --role public --where type=policy')
def ask(
    context: typer.Context,
    question: Annotated[str, QUESTION],
    *,
    role: Roles = None,
    where: Where = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=100, help="Read this many hits. Default: the bundle's.")
    ] = None,
    bundle: BundleFile = None,
    explain: Annotated[bool, typer.Option(help="Show what every stage did.")] = False,
    as_json: Json = False,
) -> None:
    """Answer a question from the index, with citations."""
    from rag import asking, terminal

    answered = asking.answer(context.obj.settings(), asking.Asking(question, role, where, limit, bundle))
    if as_json:
        terminal.print_json(asking.answer_body(answered, explain=explain))
        return
    screen = terminal.console(context.obj)
    terminal.print_answer(screen, answered.answer)
    if explain:
        terminal.print_trace(screen, answered)


@app.command(epilog='Example: plumbline search "parental leave" --limit 3 --json')
def search(
    context: typer.Context,
    question: Annotated[str, QUESTION],
    *,
    role: Roles = None,
    where: Where = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many hits.")] = 10,
    bundle: BundleFile = None,
    as_json: Json = False,
) -> None:
    """Show the chunks that a question finds, with their scores."""
    from rag import asking, terminal

    found = asking.search(context.obj.settings(), asking.Asking(question, role, where, limit, bundle))
    if as_json:
        terminal.print_json(asking.search_body(found))
    else:
        terminal.print_hits(terminal.console(context.obj), found.hits)


@app.command(epilog="Example: plumbline serve --port 8080")
def serve(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    insecure: Annotated[bool, typer.Option(help="Listen beyond this machine although there are no keys.")] = False,
) -> None:
    """Serve the HTTP API until it is stopped."""
    from rag.api.server import serve as serve_api

    serve_api(context.obj.settings(), host, port, insecure=insecure)


@check.command(
    "grounding",
    epilog="Examples: plumbline check grounding answers.jsonl, plumbline check grounding --fit labelled.jsonl",
)
def check_grounding(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON lines with id, question, sources, answer; - is stdin.", allow_dash=True),
    ] = None,
    *,
    threshold: Annotated[
        str | None, typer.Option(metavar="SHARE|FILE", help="The least score of a supported sentence. Default: 0.5.")
    ] = None,
    fit: Annotated[
        Path | None,
        typer.Option(help="Fit the threshold to JSON lines like these that also say supported: true or false."),
    ] = None,
    false_alarms: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="With --fit: the highest threshold that flags at most this share wrongly."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --fit: write what was found, for --threshold.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --fit: print one JSON document.")] = False,
) -> None:
    """Say of every sentence of an answer whether its sources support it, and what they lack."""
    from rag import checking, threshold_fitting

    fit_options = as_json or out is not None or false_alarms is not None
    checking.check_task(file, threshold, fit, with_fit_options=fit_options)
    if file is not None:
        raise typer.Exit(checking.check_lines(file, threshold_fitting.read_threshold(threshold)))
    if fit is not None:
        found = threshold_fitting.fit_file(fit, false_alarms, out)
        threshold_fitting.print_fit(context.obj, found, as_json=as_json)
        raise typer.Exit(5 if found.bad_lines else 0)
