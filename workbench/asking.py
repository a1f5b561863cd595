"""Questions as pages ask them: each answer is made once, and shown as long as all of it may be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from evals.bundle_shelf import KnownBundle, known_bundles
from rag.answers import Answered
from rag.api.schemas import Where
from rag.config import Bundle
from rag.side_by_side import Ranked
from rag.types import ALL_ROLES, Caller, Chunk, ChunkId, Request
from workbench import state

_KEPT = 32  # answers: those of one sitting


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its limits; no roles: all of the workbench's."""

    question: str
    where: Where
    roles: tuple[str, ...] = ()

    @property
    def caller(self) -> Caller:
        """Who asks: never with a role that the workbench does not have."""
        own = state.caller()
        if not self.roles:
            return own
        allowed = self.roles if ALL_ROLES in own.roles else own.roles.intersection(self.roles)
        return Caller(frozenset(allowed), own.user, own.feature, own.session)


@dataclass(frozen=True, slots=True)
class Side:
    """One answer: the bundle that made it, and the texts of its candidates."""

    bundle: Bundle
    answered: Answered
    chunks: Mapping[ChunkId, Chunk]

    @property
    def ranking(self) -> list[Ranked]:
        """The candidates, best first."""
        found = self.answered.trace.candidates
        return [(hit, self.chunks[hit.chunk_id]) for hit in found if hit.chunk_id in self.chunks]


def bundles() -> list[KnownBundle]:
    """Return the bundles that a person may ask with; what serves comes first. Raises NoIndexError."""
    return known_bundles(state.service().backends.database, state.runs())


def ask(asked: Asked, bundle: Bundle, *, serving: bool) -> Side:
    """Answer, or return the answer to the same question at the same revision. Raises what the pipeline raises."""
    for _ in range(2):
        answered = _once(asked, bundle, serving=serving)
        chunks = _readable(answered, bundle, asked.caller, serving=serving)
        if len(chunks) == len(answered.trace.candidates):
            break
        _answered.clear()  # something was removed or withdrawn since: it acts at once
    return Side(bundle, answered, chunks)


@dataclass(frozen=True, slots=True)
class _Key:
    """What decides an answer: asked again with all of it the same, it is the same."""

    home: str
    question: str
    where: str  # JSON
    roles: tuple[str, ...]
    bundle: str  # JSON
    serving: bool
    revision: int
    build: str  # of the index, which may be behind its sources
    stale: str  # how far it is behind


def _once(asked: Asked, bundle: Bundle, *, serving: bool) -> Answered:
    with state.service().corpus.reading(bundle.digest if serving else bundle) as reading:
        now = reading.pointer
    roles, home = tuple(sorted(asked.caller.roles)), str(state.settings().home)
    where, content = asked.where.model_dump_json(), bundle.model_dump_json()
    key = _Key(home, asked.question, where, roles, content, serving, now.revision, now.build, now.stale)
    answered: Answered = _answered(key)
    return answered


@st.cache_data(max_entries=_KEPT, show_spinner="Reading your documents")
def _answered(key: _Key) -> Answered:
    own, bundle = state.caller(), Bundle.model_validate_json(key.bundle)
    caller = Caller(frozenset(key.roles), own.user, own.feature, own.session)
    where = Where.model_validate_json(key.where).as_filter()
    request = Request(uuid4().hex, key.question, caller, where, bundle.digest if key.serving else bundle)
    return state.service().pipeline.answer(request)


def _readable(answered: Answered, bundle: Bundle, caller: Caller, *, serving: bool) -> Mapping[ChunkId, Chunk]:
    """Return those of the candidates that the caller may read now, with their texts."""
    ids = [each.chunk_id for each in answered.trace.candidates]
    with state.service().corpus.reading(bundle.digest if serving else bundle) as reading:
        allowed = reading.documents(ids, caller.roles)
        return reading.chunks([each for each in ids if each in allowed])
