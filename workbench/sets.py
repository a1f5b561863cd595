"""Eval sets as pages read them: again when their files change, and their documents for a while."""

from pathlib import Path

import streamlit as st

from evals.evalset import CorpusPlace, EvalSet
from evals.faults import EvalSetError
from evals.loading import DESCRIPTION, ReadSet, read_set
from evals.serving_texts import serving_mark, serving_texts
from evals.set_corpus import SetCorpus, docs_of, set_corpus
from evals.set_facts import CheckedSet, SetFacts, facts_of
from evals.shelf import KnownSet, Origin, known_sets, place_of
from workbench import state

ORIGINS: dict[Origin, str] = {"example": "comes with Plumbline", "yours": "your folder", "measured": "a former run"}
_TAKEN_AS_READ_S = 120  # documents in files


def sets() -> list[KnownSet]:
    """Return the eval sets that a person can choose from."""
    return known_sets(state.settings(), state.runs())


def eval_set(path: Path) -> ReadSet:
    """Return an eval set as far as it can be used. Raises UsageError."""
    return _read(str(path), stamp_of(path))


def whole_set(path: Path) -> EvalSet:
    """Return an eval set without a fault. Raises EvalSetError with all its faults, UsageError."""
    found = eval_set(path)
    if found.faults:
        raise EvalSetError(path, found.faults)
    return found.eval_set


def set_facts(path: Path) -> SetFacts:
    """Return what a set holds, as far as it can be used. Raises UsageError."""
    return _facts(str(path), stamp_of(path))


def documents_of(eval_set: EvalSet) -> SetCorpus | None:
    """Return the documents of a set, or those that serve and may be read now; None where there are none."""
    now = serving_mark(state.truth()) if eval_set.corpus.kind == "none" else None
    return _documents(f"{eval_set.corpus} {now}", docs_of(eval_set), eval_set.corpus)


def checked_set(eval_set: EvalSet, corpus: SetCorpus) -> CheckedSet:
    """Return where a set does not agree with its documents."""
    return _checked(f"{eval_set.digest} {corpus.id}", eval_set, corpus)


def stamp_of(path: Path) -> str:
    """Return what changes when a set's files do. Raises UsageError for what is no path."""
    place = place_of(str(path))
    folder = place if place.is_dir() else place.parent
    files = (place, folder / DESCRIPTION, *(folder.glob("q*") if place.is_dir() else ()))
    return repr([(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.exists()])


def read_documents_again() -> None:
    """Forget what was read of the documents of sets."""
    _documents.clear()
    _checked.clear()


# Streamlit keys a cache by the arguments whose names have no underscore: those here are for that alone.
@st.cache_resource(max_entries=64, show_spinner=False)
def _read(path: str, stamp: str) -> ReadSet:  # noqa: ARG001  # see above
    return read_set(Path(path))


@st.cache_resource(max_entries=64, show_spinner=False)
def _facts(path: str, stamp: str) -> SetFacts:  # noqa: ARG001  # see above
    return facts_of(eval_set(Path(path)).eval_set)


@st.cache_resource(ttl=_TAKEN_AS_READ_S, max_entries=8, show_spinner="Reading the documents")
def _documents(place: str, docs: tuple[str, ...], _corpus: CorpusPlace) -> SetCorpus | None:  # noqa: ARG001  # see above
    settings, roles = state.settings(), state.caller().roles
    return set_corpus(_corpus, docs, settings, lambda: serving_texts(state.truth(), roles))


@st.cache_resource(ttl=_TAKEN_AS_READ_S, max_entries=32, show_spinner="Checking the set against its documents")
def _checked(digest: str, _eval_set: EvalSet, _corpus: SetCorpus) -> CheckedSet:  # noqa: ARG001  # see above
    return _corpus.check(_eval_set)
