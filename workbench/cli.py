"""The `plumbline` command: composes the commands of all packages, and renders their errors in one place."""

import errno
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from evals.cli import app as evals_app
from indexing.cli import app as indexing_app
from rag.cli import app as rag_app
from rag.errors import RagError
from rag.offline import switch_off_downloads

app = typer.Typer(
    name="plumbline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="RAG that you can tune, prove, release, watch and roll back.",
)
app.add_typer(rag_app)
app.add_typer(indexing_app)
app.add_typer(evals_app)


@app.callback()
def options(
    context: typer.Context,
    *,
    config: Annotated[Path | None, typer.Option(help="Settings file. Default: plumbline.yaml, if present.")] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log more, on stderr.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
) -> None:
    """Hold what is valid for every command."""
    if context.resilient_parsing or "--help" in sys.argv:
        return
    from rag.telemetry import configure_logging
    from rag.terminal import Options

    configure_logging(verbose=verbose)
    context.obj = Options(config, no_color)


@app.command(epilog="Example: plumbline up ~/handbook --api-port 8080")
def up(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders to index first. Without: the example handbook.", show_default=False),
    ] = None,
    *,
    api_port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workbench_port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
) -> None:
    """Index, start API and workbench, ask one question, and stay until Ctrl-C."""
    from workbench.up import Ports, run

    raise typer.Exit(run(context.obj, paths or [], Ports(api_port, workbench_port)))


@app.command(epilog="Example: plumbline workbench --port 8600")
def workbench(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    insecure: Annotated[bool, typer.Option(help="Listen beyond this machine although there are no keys.")] = False,
) -> None:
    """Start the pages for people, until stopped."""
    from workbench.server import serve

    options = context.obj
    serve(options.settings(), port, options.config, host=host, insecure=insecure)


@app.command(hidden=True)
def job(context: typer.Context, job_id: str) -> None:
    """Do a job that a page has begun: the workbench starts this in a process of its own."""
    from workbench.working import work

    raise typer.Exit(work(context.obj, job_id))


def main() -> None:
    """Run a command; an error that a user can act on becomes one line and an exit code."""
    switch_off_downloads()
    try:
        app()
    except RagError as error:
        if "--json" in sys.argv:
            content = {"error": {"code": error.code, "title": error.title, "detail": str(error)}}
            sys.stdout.write(orjson.dumps(content).decode() + "\n")
        sys.stderr.write(f"{error.title}: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write("The disk is full: nothing more can be written. Free some space and repeat.\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
