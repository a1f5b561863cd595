"""What pages tell of the index: its figures, freshness and health, latest runs, questions without an answer."""

from datetime import datetime

import streamlit as st
from pydantic import BaseModel

from evals.last_runs import LastRun, last_runs
from indexing import listing
from indexing.commands import workshop
from rag.database.feedback import Feedback, readable_feedback
from rag.database.reader import DocumentCount, IndexFacts
from rag.database.unanswered import Unanswered, unanswered
from rag.types import ALL_ROLES
from workbench import state

DAY_S = 86_400.0
_FRESH_S = 5.0  # figures of the page are at most so old
_RUNS = 5
_QUESTIONS = 10
_SAID = 5  # of answers


class SourceState(BaseModel, frozen=True):
    """One source as `plumbline index status` tells it."""

    name: str
    owner: str | None
    documents: int
    freshness_s: float | None  # wanted
    age_s: float | None  # since it was last seen whole
    late: bool
    due_at: datetime | None


def facts() -> IndexFacts:
    """Return what is indexed, in numbers. Raises NoIndexError."""
    found: IndexFacts = _facts(str(state.settings().home))
    return found


def counts() -> list[DocumentCount]:
    """Return how many documents there are by source, type and state."""
    found: list[DocumentCount] = _counts(str(state.settings().home))
    return found


def roles() -> tuple[str, ...]:
    """Return the roles that may read some document, of those that the workbench has."""
    found: tuple[str, ...] = _roles(str(state.settings().home))
    own = state.caller().roles
    return tuple(role for role in found if ALL_ROLES in own or role in own)


def sources() -> list[SourceState]:
    """Return the sources with their freshness."""
    found: list[SourceState] = _sources(str(state.settings().home))
    return found


def health() -> dict[str, str]:
    """Return "ok", or what is wrong and what to do, per part."""
    found: dict[str, str] = _health(str(state.settings().home))
    return found


def runs() -> list[LastRun]:
    """Return the latest runs, the newest first."""
    return last_runs(state.runs(), _RUNS)


def questions() -> list[Unanswered]:
    """Return the questions of the last day that got no answer over the API, the latest first.

    Those of people who may read more than the workbench are left out.
    """
    return unanswered(state.index().backends.records, DAY_S, _QUESTIONS, state.caller().roles)


def feedback() -> list[Feedback]:
    """Return what was last said of answers, the latest first: by people, and of documents, that may be shown here."""
    service = state.index()
    return readable_feedback(service.backends.records, service.reader, _SAID, state.caller().roles)


@st.cache_data(ttl=_FRESH_S, show_spinner=False)
def _facts(home: str) -> IndexFacts:  # noqa: ARG001  # the key
    return state.index().index_facts()


@st.cache_data(ttl=_FRESH_S, show_spinner=False)
def _counts(home: str) -> list[DocumentCount]:  # noqa: ARG001
    return state.index().reader.counts()


@st.cache_data(ttl=_FRESH_S, show_spinner=False)
def _roles(home: str) -> tuple[str, ...]:  # noqa: ARG001
    return state.index().reader.roles()


@st.cache_data(ttl=_FRESH_S, show_spinner=False)
def _sources(home: str) -> list[SourceState]:  # noqa: ARG001
    with workshop(state.settings()) as shop:
        found = listing.status(shop)["sources"]
    assert isinstance(found, list)
    return [SourceState.model_validate(each) for each in found]


@st.cache_data(ttl=_FRESH_S, show_spinner="Looking after every part")
def _health(home: str) -> dict[str, str]:  # noqa: ARG001
    return state.index().health()
