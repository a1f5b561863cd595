"""What the pages share: settings, the service that answers, runs, jobs, and where the API is."""

import argparse
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import streamlit as st

from evals.estimate import Estimator
from evals.runs import RunBook
from indexing.build import default_bundle
from indexing.commands import make_home
from indexing.corpus_table import DocumentFacts, read_facts
from rag.bootstrap import Backends, Service, open_backends, open_service, truth_of
from rag.config import Bundle
from rag.database import feedback, schema
from rag.database.engine import Database
from rag.database.feedback import Feedback
from rag.database.jobs import JobBook
from rag.database.reader import DocumentReader, ReadDocument
from rag.database.records import VersionId
from rag.database.releases import Release, current_release
from rag.errors import NoIndexError
from rag.offline import switch_off_downloads
from rag.ports import Embedder
from rag.settings import Settings
from rag.types import Caller, Document
from workbench.jobs import JobDesk


@st.cache_resource
def settings() -> Settings:
    """Return the settings of this process."""
    switch_off_downloads()
    given = _arguments()
    return Settings.load(config=given.plumbline_config, home=given.plumbline_home)


def api_url() -> str:
    """Return the address of the API; empty where it is not known."""
    return str(_arguments().plumbline_api)


def service() -> Service:
    """Return the service, opened once per process. Raises NoIndexError and what else keeps it shut."""
    _warmed(str(settings().home))
    return index()


def index() -> Service:
    """Return the service as it is, for what tells of the index: a store that fails does not keep it shut."""
    opened: Service = _opened(str(settings().home))[0]
    return opened


def caller() -> Caller:
    """Return who asks here: the roles stand in the settings."""
    return Caller(roles=frozenset(settings().workbench.roles), feature="workbench")


def document(document_id: str, version: str) -> Document:
    """Return a version of a document that the caller may read. Raises NotFoundError."""
    return service().reader.document(document_id, version, caller().roles).document


def truth() -> Database:
    """Return the truth; there may be none."""
    opened: Database = _truth(str(settings().home))
    return opened


def keep_feedback(said: Feedback, feedback_id: str, shown: Iterable[VersionId]) -> Feedback:
    """Write down what was said of an answer, in the place of what was said under this id; return it as it is kept."""
    kept = replace(said, id=feedback_id)
    backends = service().backends
    feedback.keep_feedback(backends.records, backends.database, kept, shown)
    return kept


def facts(document_id: str) -> DocumentFacts:
    """Return what is known of a document, indexed or not. Raises NotFoundError where the caller may not read it."""
    with ledger().read() as connection:
        return read_facts(connection, document_id, caller().roles)


def read(document_id: str) -> ReadDocument:
    """Return the present version of a document, with its chunks. Raises NotFoundError where there is none to read."""
    return DocumentReader(ledger()).document(document_id, None, caller().roles)


def ledger() -> Database:
    """Return the truth, of this version's schema. Raises NoIndexError where there is none."""
    schema.require(truth(), "truth")
    return truth()


def runs() -> RunBook:
    """Return the runs; there may be none."""
    return RunBook(truth())


def jobs() -> JobDesk:
    """Return the jobs; there may be none."""
    return JobDesk(JobBook(truth()), settings(), _arguments().plumbline_config)


def bundle() -> Bundle:
    """Return the bundle that serves; where nothing does, the one that would."""
    release = _release()
    return release.bundle if release else default_bundle(settings())


def is_indexed() -> bool:
    """Whether anything serves."""
    return _release() is not None


def _release() -> Release | None:
    database = truth()
    if not JobBook(database).exists:
        return None
    with database.read() as connection:
        return current_release(connection)


@st.cache_resource(max_entries=1)
def estimator() -> Estimator:
    """Return what tells the work of an experiment beforehand; it keeps what it has read of documents."""
    return Estimator(settings(), runs(), _embedder_named)


def _embedder_named(name: str) -> Embedder:
    """Return an embedder: that of the service where there is one, so that no model is loaded twice."""
    try:
        return service().backends.embedder_named(name)
    except NoIndexError:
        make_home(settings().home)  # where the model's graph is kept
        return _own_backends(str(settings().home)).embedder_named(name)


@st.cache_resource(on_release=lambda backends: backends.close())
def _own_backends(_home: str) -> Backends:
    return open_backends(settings())


def prepare_home() -> None:
    """Make the home and its tables, where they are absent: before the first job is written down."""
    make_home(settings().home)
    schema.upgrade(truth(), "truth")


@st.cache_resource(on_release=lambda opened: opened.close())
def _truth(_home: str) -> Database:
    return truth_of(settings())


@st.cache_resource(show_spinner=False, on_release=lambda opened: opened[1].close())
def _opened(_home: str) -> tuple[Service, ExitStack]:
    with ExitStack() as resources:
        opened = resources.enter_context(open_service(settings()))
        with opened.corpus.reading():  # raises NoIndexError: then the next page looks again
            return opened, resources.pop_all()


@st.cache_resource(show_spinner="Opening the index")
def _warmed(_home: str) -> None:
    index().warm_up()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--plumbline-home", type=Path)
    parser.add_argument("--plumbline-config", type=Path)
    parser.add_argument("--plumbline-api", default="")
    return parser.parse_known_args(sys.argv[1:])[0]
