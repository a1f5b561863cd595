"""The bundles that a person may ask with, and how they are named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from evals.runs import RunBook, readable_bundle
from rag.config import Bundle, QueryConfig, validation_message
from rag.database import tables as t
from rag.database.engine import Database
from rag.database.releases import current_release, with_generation
from rag.errors import NoIndexError, NotFoundError, UsageError

_MEASURED = 100  # runs that are looked through for their bundles


@dataclass(frozen=True, slots=True)
class KnownBundle:
    """A bundle, how it is known, and whether its generation is whole, so that it can be asked."""

    bundle: Bundle
    name: str
    whole: bool


def known_bundles(database: Database, book: RunBook) -> list[KnownBundle]:
    """Return what serves, what served before, and what was measured, each once. Raises NoIndexError.

    What another version of Plumbline wrote down, and this one cannot read, is left out.
    """
    measured = book.exists
    with database.read() as connection:
        serving = current_release(connection)
        if serving is None:
            raise NoIndexError
        named = [(serving.bundle, "serves now"), *_released(connection), *(_measured(connection) if measured else ())]
        first: dict[str, tuple[Bundle, str]] = {}
        for bundle, name in named:
            first.setdefault(bundle.digest, (bundle, name))
        revision = connection.execute(select(t.corpus.c.revision)).scalar_one()
        return [
            KnownBundle(bundle, name, digest == serving.bundle.digest or _is_whole(connection, bundle, revision))
            for digest, (bundle, name) in first.items()
        ]


def bundle_named(text: str, known: Iterable[KnownBundle]) -> Bundle:
    """Return the bundle of a digest, with changed query settings where they follow it: "3f2a…;top_k=8;fusion=rrf".

    Raises NotFoundError, UsageError.
    """
    digest, *pairs = text.split(";")
    bundle = next((each.bundle for each in known if each.bundle.digest == digest), None)
    if bundle is None:
        raise NotFoundError(f"No bundle {digest!r} is known here: neither released nor measured.")
    return with_query(bundle, dict(pair.partition("=")[::2] for pair in pairs if pair))


def name_of(bundle: Bundle, changes: Mapping[str, object]) -> str:
    """Return the text that `bundle_named` reads; what is as in the bundle is left out."""
    as_it_is = bundle.query.model_dump()
    return ";".join([bundle.digest, *(f"{key}={value}" for key, value in changes.items() if as_it_is[key] != value)])


def with_query(bundle: Bundle, changes: Mapping[str, str]) -> Bundle:
    """Return a bundle with other query settings, on the same index. Raises UsageError with what is wrong."""
    try:
        query = QueryConfig.model_validate({**bundle.query.model_dump(), **changes})
        return Bundle.model_validate(bundle.model_dump() | {"query": query.model_dump()})
    except ValidationError as error:
        raise UsageError(f"The bundle cannot be changed so: {validation_message(error)}.") from error


def _released(connection: Connection) -> list[tuple[Bundle, str]]:
    query = select(t.bundles.c.content).join(t.releases, t.releases.c.bundle == t.bundles.c.digest)
    found = connection.execute(query.order_by(t.releases.c.released_at.desc())).scalars()
    return [(bundle, "served before") for content in found if (bundle := readable_bundle(content))]


def _measured(connection: Connection) -> list[tuple[Bundle, str]]:
    query = select(t.runs.c.name, t.runs.c.content["bundle_content"].label("bundle"))
    query = query.where(t.runs.c.state == "done", t.runs.c.parent == "")
    found = connection.execute(query.order_by(t.runs.c.started_at.desc()).limit(_MEASURED))
    return [(bundle, _measured_name(row)) for row in found if (bundle := readable_bundle(row.bundle))]


def _measured_name(row: Any) -> str:
    return f"measured as {row.name}" if row.name else "measured"


def _is_whole(connection: Connection, bundle: Bundle, revision: int) -> bool:
    release = with_generation(connection, bundle)
    return release.build is not None and release.build_revision == revision
