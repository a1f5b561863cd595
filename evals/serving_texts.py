"""Texts of the documents that serve, as far as somebody may read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from evals.formats.corpus_texts import CorpusTexts
from rag.database import tables as t
from rag.database.corpus import SqlCorpus, may_read
from rag.database.engine import Database
from rag.errors import NoIndexError
from rag.types import ALL_ROLES


@dataclass(frozen=True, slots=True)
class _Served:
    """A version of a document that serves."""

    uri: str
    path: Path
    title: str
    document_id: str
    born: int


def serving_texts(database: Database, roles: frozenset[str]) -> CorpusTexts | None:
    """Return the documents that serve and these roles may read; None where nothing serves."""
    try:
        found = {each.uri: each for each in _served(database, roles)} if database.exists else {}
    except NoIndexError:
        return None
    if not found:
        return None
    return CorpusTexts(
        {uri: each.path for uri, each in found.items()},
        lambda uri: _text(database, found[uri]),
        titles={uri: each.title for uri, each in found.items()},
    )


def _served(database: Database, roles: frozenset[str]) -> Sequence[_Served]:
    born, died = t.versions.c.born, t.versions.c.died
    query = (
        select(t.documents.c.uri, t.documents.c.path, t.versions.c.title, t.versions.c.document_id, born)
        .join(t.documents, t.documents.c.id == t.versions.c.document_id)
        .join(t.sources, t.sources.c.name == t.documents.c.source)
        .where(t.sources.c.removed.is_(False))
    )
    if ALL_ROLES not in roles:
        query = query.where(may_read(t.versions.c.document_id)).params(roles=sorted(roles))
    with SqlCorpus(database).reading() as reading:
        revision = reading.pointer.revision
        rows = reading.connection.execute(query.where(born <= revision, died.is_(None) | (died > revision)))
        return [_Served(row.uri, Path(row.path), row.title, row.document_id, row.born) for row in rows]


def _text(database: Database, served: _Served) -> str | None:
    query = select(t.texts.c.text).where(t.texts.c.document_id == served.document_id, t.texts.c.born == served.born)
    with database.read() as connection:
        found: str | None = connection.execute(query).scalar_one_or_none()
        return found


def serving_revision(database: Database) -> int | None:
    """Return the revision that serves; None where nothing does."""
    try:
        if not database.exists:
            return None
        with SqlCorpus(database).reading() as reading:
            return reading.pointer.revision
    except NoIndexError:
        return None
