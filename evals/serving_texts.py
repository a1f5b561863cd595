"""Texts of the documents that serve, as far as somebody may read them."""

from evals.formats.corpus_texts import CorpusTexts
from indexing.corpus_table import Mark, mark
from indexing.readable import ReadableDocument, readable_documents
from rag.database.corpus import SqlCorpus
from rag.database.engine import Database
from rag.database.reader import DocumentReader
from rag.errors import NoIndexError, NotFoundError


def serving_texts(database: Database, roles: frozenset[str]) -> CorpusTexts | None:
    """Return the documents that serve and these roles may read; None where nothing serves.

    Whether a text may be read is asked again each time it is read.
    """
    found = {each.uri: each for each in _readable(database, roles)}
    if not found:
        return None
    reader = DocumentReader(database)
    return CorpusTexts(
        {uri: each.path for uri, each in found.items()},
        lambda uri: _text(reader, found[uri], roles),
        titles={uri: each.title for uri, each in found.items()},
    )


def serving_mark(database: Database) -> Mark | None:
    """Return what differs after any change of what serves, or of who may read it; None where nothing serves."""
    try:
        if not database.exists:
            return None
        with database.read() as connection:
            return mark(connection)
    except NoIndexError:
        return None


def _readable(database: Database, roles: frozenset[str]) -> list[ReadableDocument]:
    try:
        if not database.exists:
            return []
        with SqlCorpus(database).reading() as reading:
            return readable_documents(reading, roles)
    except NoIndexError:
        return []


def _text(reader: DocumentReader, document: ReadableDocument, roles: frozenset[str]) -> str | None:
    try:
        return reader.text(document.id, document.version, roles)
    except NotFoundError:
        return None
