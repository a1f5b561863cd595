"""What the pages share: settings, the service that answers, runs, jobs, and where the API is."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import streamlit as st

from evals.runs import RunBook
from indexing.commands import make_home
from indexing.corpus_table import DocumentFacts, read_facts
from rag.bootstrap import Service, open_service, truth_of
from rag.database import schema
from rag.database.engine import Database
from rag.database.jobs import JobBook
from rag.database.reader import DocumentReader, ReadDocument
from rag.offline import switch_off_downloads
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
    opened: Service = _opened(str(settings().home))[0]
    return opened


def caller() -> Caller:
    """Return who asks here: the roles stand in the settings."""
    return Caller(roles=frozenset(settings().workbench.roles), feature="workbench")


def document(document_id: str, version: str) -> Document:
    """Return a version of a document that the caller may read. Raises NotFoundError."""
    return service().reader.document(document_id, version, caller().roles).document


def facts(document_id: str) -> DocumentFacts:
    """Return what is known of a document, indexed or not. Raises NotFoundError where the caller may not read it."""
    with truth().read() as connection:
        return read_facts(connection, document_id, caller().roles)


def read(document_id: str) -> ReadDocument:
    """Return the present version of a document, with its chunks. Raises NotFoundError where there is none to read."""
    return DocumentReader(truth()).document(document_id, None, caller().roles)


def truth() -> Database:
    """Return the truth, of this version's schema. Raises NoIndexError where there is none."""
    database = _truth(str(settings().home))
    schema.require(database, "truth")
    return database


def runs() -> RunBook:
    """Return the runs; there may be none."""
    return RunBook(_truth(str(settings().home)))


def jobs() -> JobDesk:
    """Return the jobs; there may be none."""
    return JobDesk(JobBook(_truth(str(settings().home))), settings(), _arguments().plumbline_config)


def prepare_home() -> None:
    """Make the home and its tables, where they are absent: before the first job is written down."""
    make_home(settings().home)
    schema.upgrade(_truth(str(settings().home)), "truth")


@st.cache_resource(on_release=lambda opened: opened.close())
def _truth(_home: str) -> Database:
    return truth_of(settings())


@st.cache_resource(show_spinner="Opening the index", on_release=lambda opened: opened[1].close())
def _opened(_home: str) -> tuple[Service, ExitStack]:
    with ExitStack() as resources:
        opened = resources.enter_context(open_service(settings()))
        opened.warm_up()
        return opened, resources.pop_all()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--plumbline-home", type=Path)
    parser.add_argument("--plumbline-config", type=Path)
    parser.add_argument("--plumbline-api", default="")
    return parser.parse_known_args(sys.argv[1:])[0]
