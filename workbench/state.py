"""What the pages share: settings, the service that answers, and where the API is."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import streamlit as st

from rag.bootstrap import Service, open_service
from rag.offline import switch_off_downloads
from rag.settings import Settings
from rag.types import Caller, Document


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
