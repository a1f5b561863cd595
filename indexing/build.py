"""A new generation or build, and the sources that a command names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from indexing import catalog
from indexing.generations import Target, add_generation, find_target, new_build_name
from indexing.sources import SourceSpec, source_name
from indexing.sources_file import load_sources
from indexing.workshop import Workshop
from rag.config import Bundle, IndexConfig
from rag.errors import UsageError
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """The sources that a command names."""

    paths: Sequence[Path] = ()
    # of the paths; none keeps those of a source that is known, and means public for a new one
    roles: Sequence[str] = ()
    sources_file: Path | None = None
    specs: Sequence[SourceSpec] = ()  # read already


def default_bundle(settings: Settings) -> Bundle:
    """Return the bundle that serves where none was released: all defaults, with the embedder of the settings."""
    return Bundle(index=IndexConfig(embedder=settings.embedder)) if settings.embedder else Bundle()


def read_request(request: SourceRequest) -> list[SourceSpec]:
    """Return the sources of the file. Raises UsageError for it, and for a path that does not exist."""
    missing = [str(path) for path in request.paths if not path.exists()]
    if missing:
        raise UsageError(f"There is no file or folder {', '.join(missing)}. Nothing was indexed.")
    return [*request.specs, *(load_sources(request.sources_file) if request.sources_file else [])]


def add_sources(connection: Connection, request: SourceRequest, specs: Sequence[SourceSpec]) -> list[str]:
    """Write down the sources of a command; return what the user should be told.

    A path that is a source already keeps its name; one whose name is taken gets a number.
    """
    owner = str(request.sources_file.resolve()) if request.sources_file else ""
    present = catalog.read_sources(connection)
    told, excluded = _notes(present, specs, owner), {each.spec.name: set(each.spec.exclude) for each in present}
    for spec in specs:
        catalog.put_source(connection, spec, owner)
        if excluded.get(spec.name, set()) - set(spec.exclude):
            catalog.expect_mails_anew(connection, spec.name)
    return told + [note for path in request.paths for note in _add_path(connection, path.resolve(), request.roles)]


def target_for(shop: Workshop, config: IndexConfig) -> Target:
    """Return the generation's build; where it has none, or the store lost it, a new and empty one.

    Loads no model where the build is there: a run that finds nothing changed needs none.
    """
    with shop.database.read() as connection:
        found = find_target(connection, config)
    return found if found and found.build in shop.store.builds() else new_target(shop, config)


def new_target(shop: Workshop, config: IndexConfig) -> Target:
    """Make an empty build for a configuration; nothing stands on it before a publish."""
    embedder = shop.embedder(config.embedder)
    with shop.database.write() as connection:
        add_generation(connection, config, embedder)
        target = Target(config.digest, config, new_build_name(connection, config.digest), -1)
    shop.store.create(target.build, embedder.dim, embedder.token_dim if config.token_vectors else 0)
    return target


def _notes(present: Sequence[catalog.Source], specs: Sequence[SourceSpec], file: str) -> list[str]:
    """Return what a sources file does not name any more, and what it names that was another folder so far."""
    named = {spec.name: spec.path for spec in specs}
    dropped = [each.spec.name for each in present if file and each.managed_by == file and each.spec.name not in named]
    moved = [each.spec for each in present if named.get(each.spec.name, each.spec.path) != each.spec.path]
    return [
        f"The source {name!r} is not in {file} any more; it stays indexed and is refreshed. "
        f"`plumbline index remove {name}` removes it."
        for name in dropped
    ] + [f"The source {spec.name!r} was {spec.path}; it is {named[spec.name]} now." for spec in moved]


def _add_path(connection: Connection, path: Path, roles: Sequence[str]) -> list[str]:
    known = catalog.source_at(connection, path)
    if known:
        if roles:
            catalog.put_source(connection, known.spec.model_copy(update={"roles": tuple(roles)}), known.managed_by)
        return []
    wanted, taken = source_name(path), catalog.names_taken(connection)
    name = next(name for name in _candidates(wanted) if name not in taken)
    catalog.put_source(connection, SourceSpec(name=name, path=path, single_file=path.is_file(), roles=tuple(roles)))
    return [] if name == wanted else [f"A source named {wanted!r} exists already, so {path} is the source {name!r}."]


def _candidates(name: str) -> list[str]:
    return [name, *(f"{name}-{number}" for number in range(2, 10_000))]
