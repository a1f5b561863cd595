"""Commands that write the index. Imports stand inside the commands, so that `--help` costs nothing."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)
index = typer.Typer(no_args_is_help=True, help="Documents into the index: build, refresh, look, verify, prune.")
release = typer.Typer(no_args_is_help=True, help="Which bundle serves.")
app.add_typer(index, name="index")
app.add_typer(release, name="release")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Files = Annotated[list[Path] | None, typer.Argument(help="Folders or files to add as sources.", show_default=False)]

Uri = Annotated[str, typer.Argument(help="The document, as `index documents` names it.", show_default=False)]


@app.command(epilog="Example: plumbline doctor --json")
def doctor(context: typer.Context, *, as_json: Json = False) -> None:
    """Show versions, extras, database, store, models, addresses and which limits are in force."""
    from indexing.isolation import limits_in_force
    from rag import diagnosis, terminal

    settings = context.obj.settings()
    found = diagnosis.diagnose(settings, limits_in_force(settings.parsing))
    if as_json:
        terminal.print_json(found)
    else:
        diagnosis.print_diagnosis(terminal.console(context.obj), found)
    raise typer.Exit(0 if found["ok"] else 4)


@index.command(epilog="Example: plumbline index build ~/handbook --role public")
def build(
    context: typer.Context,
    paths: Files = None,
    *,
    sources: Annotated[Path | None, typer.Option(help="A YAML file of sources.")] = None,
    role: Annotated[list[str] | None, typer.Option("--role", help="Who may read the paths; may be repeated.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle whose generation is to be prepared.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Release the bundle when its generation is whole.")] = False,
    as_json: Json = False,
) -> None:
    """Add sources, and bring the index up to all sources."""
    from indexing import commands
    from indexing.build import SourceRequest

    request = SourceRequest(paths or [], role or [], sources)
    raise typer.Exit(commands.build(context.obj, request, bundle, serve=serve, as_json=as_json))


@index.command(epilog="Example, in a crontab: 0 * * * * plumbline index refresh --json >> refresh.log")
def refresh(
    context: typer.Context,
    *,
    verify_hashes: Annotated[bool, typer.Option(help="Open every file, trust no time stamp.")] = False,
    publish_every: Annotated[int | None, typer.Option(min=1, help="Publish after every N documents.")] = None,
    as_json: Json = False,
) -> None:
    """Bring the serving generation up to its sources."""
    from indexing import commands

    done = commands.refresh(context.obj, verify_hashes=verify_hashes, publish_every=publish_every, as_json=as_json)
    raise typer.Exit(done)


@index.command(epilog="Example: plumbline index sources")
def sources(context: typer.Context, *, as_json: Json = False) -> None:
    """List the sources."""
    from indexing import commands

    commands.sources(context.obj, as_json=as_json)


@index.command(epilog="Example: plumbline index remove handbook")
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source, as `index sources` names it.", show_default=False)],
    *,
    as_json: Json = False,
) -> None:
    """Remove a source and its documents: gone from every answer at once."""
    from indexing import commands

    raise typer.Exit(commands.remove(context.obj, name, as_json=as_json))


@index.command(epilog='Example: plumbline index exclude handbook/old/travel.md --reason "replaced in May"')
def exclude(
    context: typer.Context,
    uri: Uri,
    *,
    reason: Annotated[str, typer.Option(help="Why; `index documents` shows it.")] = "",
    as_json: Json = False,
) -> None:
    """Take one document out of every answer at once; it stays out until it is included again."""
    from indexing import commands

    raise typer.Exit(commands.exclude(context.obj, uri, reason, as_json=as_json))


@index.command(epilog="Example: plumbline index include handbook/old/travel.md")
def include(context: typer.Context, uri: Uri, *, as_json: Json = False) -> None:
    """Take an excluded document back: it is indexed as it is now."""
    from indexing import commands

    raise typer.Exit(commands.include(context.obj, uri, as_json=as_json))


@index.command(epilog="Example: plumbline index reindex handbook/travel.md")
def reindex(context: typer.Context, uri: Uri, *, as_json: Json = False) -> None:
    """Read and index one document anew, though nothing changed."""
    from indexing import commands

    raise typer.Exit(commands.reindex(context.obj, uri, as_json=as_json))


@index.command(epilog="Example: plumbline index status --json")
def status(context: typer.Context, *, as_json: Json = False) -> None:
    """Show the revision, what serves, and how fresh each source is."""
    from indexing import commands

    commands.status(context.obj, as_json=as_json)


@index.command(epilog="Example: plumbline index documents --state rejected")
def documents(
    context: typer.Context,
    *,
    state: Annotated[list[str] | None, typer.Option(help="indexed, flagged, held, rejected, excluded.")] = None,
    as_json: Json = False,
) -> None:
    """List every document seen, also those that could not be indexed, with the reason."""
    from indexing import commands

    commands.documents(context.obj, state or [], as_json=as_json)


@index.command("list", epilog="Example: plumbline index list")
def list_generations(context: typer.Context, *, as_json: Json = False) -> None:
    """List the generations: which serves, how many chunks, how large."""
    from indexing import commands

    commands.generations(context.obj, as_json=as_json)


@index.command(epilog="Example: plumbline index verify")
def verify(context: typer.Context, *, as_json: Json = False) -> None:
    """Compare the store with the truth."""
    from indexing import commands

    raise typer.Exit(commands.verify(context.obj, as_json=as_json))


@index.command(epilog="Example: plumbline index rebuild")
def rebuild(context: typer.Context, *, as_json: Json = False) -> None:
    """Make the store anew from the truth: no parsing, no embedding."""
    from indexing import commands

    raise typer.Exit(commands.rebuild(context.obj, as_json=as_json))


@index.command(epilog="Example: plumbline index prune")
def prune(context: typer.Context, *, as_json: Json = False) -> None:
    """Take away at once all that is dead: texts, rows, log entries, freed pages."""
    from indexing import commands

    commands.prune(context.obj, as_json=as_json)


@release.command(epilog="Example: plumbline release show")
def show(context: typer.Context, *, as_json: Json = False) -> None:
    """Show which bundle serves, since when, and the one before."""
    from indexing import commands

    commands.show_release(context.obj, as_json=as_json)


@release.command("set", epilog="Example: plumbline release set better.yaml")
def set_release(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A bundle whose generation is whole.", show_default=False)],
    *,
    as_json: Json = False,
) -> None:
    """Let a bundle serve; refused while its generation is not whole."""
    from indexing import commands

    commands.set_release(context.obj, file, as_json=as_json)


@release.command(epilog="Example: plumbline release rollback")
def rollback(
    context: typer.Context,
    *,
    now: Annotated[bool, typer.Option("--now", help="Do not bring its generation up to the sources first.")] = False,
    as_json: Json = False,
) -> None:
    """Let the former release serve again."""
    from indexing import commands

    commands.roll_back(context.obj, now=now, as_json=as_json)
