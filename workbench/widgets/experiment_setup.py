"""What is asked in an experiment: which set, which part of it, how many questions, and what is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from evals.evalset import EvalSet, Split
from evals.faults import EvalSetError
from evals.shelf import KnownSet, Origin, place_of
from evals.splitting import split_cases
from rag.api.view import visible
from rag.errors import RagError, UsageError
from workbench import sets, state
from workbench.widgets.addresses import follow_address, keep_in_address, tell_address
from workbench.widgets.errors import show_error

_ORIGINS: Mapping[Origin, str] = {"example": "comes with Plumbline", "yours": "yours", "measured": "measured before"}
_SPLITS: Mapping[Split, str] = {"all": "All", "tune": "Tune", "holdout": "Holdout"}
_OTHER = ""  # the option for a set that is not in the list


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked."""

    eval_set: EvalSet
    split: Split
    limit: int | None
    answers: bool
    floors: bool
    corpus: Path | None  # the documents; none: the set's own, else what serves


def choose_questions() -> Questions | None:
    """Show the choice of questions and return it; None where there is no set that can be used."""
    left, right = st.columns(2, gap="medium")
    with left:
        chosen = _choose_set()
    eval_set = _opened(chosen) if chosen else None
    if eval_set is None:
        return None
    with right:
        split = _choose_split(eval_set)
    asked, documents = st.columns(2, gap="medium", vertical_alignment="bottom")
    with asked:
        limit = _choose_limit(len(split_cases(eval_set.cases, split).cases))
    with documents:
        corpus = _choose_documents(eval_set)
    answers, beside = _choose_measured()
    try:
        place = _place_of_documents(corpus) if corpus else None
    except UsageError as error:
        show_error(error)
        return None
    return Questions(eval_set, split, limit, answers, beside, place)


def _choose_measured() -> tuple[bool, bool]:
    """Show what can be measured besides; return whether answers and floors are."""
    left, right = st.columns(2, gap="medium")
    answers = left.toggle(
        "Make answers too",
        key="answers",
        bind="query-params",
        help="Off: what is found is measured, which is quicker. On: the answers and their citations as well.",
    )
    beside = right.toggle(
        "Floors: BM25, meaning alone, chance",
        key="floors",
        bind="query-params",
        help="The same questions by plain searches: a bundle that does not beat them is not worth its cost.",
    )
    return answers, beside


def _choose_documents(eval_set: EvalSet) -> str:
    """Show where the documents are; return the folder or file that is named, or nothing."""
    own = "what serves" if eval_set.corpus.kind == "none" else "the set's own"
    return st.text_input(
        "Documents",
        key="documents",
        bind="query-params",
        placeholder=own,
        help="A folder or a file on the machine where this runs, to ask the same questions about. "
        f"Left empty, the documents are {own}.",
    ).strip()


def _place_of_documents(text: str) -> Path:
    place = place_of(text)
    if not place.exists():
        raise UsageError(f"There is no folder or file {place}. Name the documents, or leave the field empty.")
    return place


def _choose_set() -> str:
    """Show the sets; return the path of one, empty where none is chosen."""
    known = {str(each.path): each for each in _shelf()}
    wanted = st.query_params.get("set", "")
    if "experiment_set" not in st.session_state:
        _begin_with(wanted, known)
    options = [*known, _OTHER]
    chosen = st.selectbox("Eval set", options, format_func=lambda path: _label(known.get(path)), key="experiment_set")
    if chosen == _OTHER:
        chosen = st.text_input(
            "File or folder of the set, on the machine where this runs",
            key="experiment_path",
            placeholder="/home/me/questions.jsonl",
        ).strip()
    keep_in_address(set=chosen if chosen and chosen != next(iter(known), "") else "")
    if not chosen:
        st.caption("A set is a .jsonl file, or a folder with questions.jsonl and its documents.")
    return str(chosen)


def _begin_with(wanted: str, known: Mapping[str, KnownSet]) -> None:
    """Choose the set of the address, else the first there is."""
    resolved = _resolved(wanted) if wanted else ""
    if wanted and resolved not in known:
        st.session_state["experiment_path"] = wanted
    st.session_state["experiment_set"] = (
        resolved if resolved in known else _OTHER if wanted else next(iter(known), _OTHER)
    )


def _resolved(path: str) -> str:
    """Return a path as sets are listed; one that cannot be is told when it is opened."""
    try:
        return str(place_of(path))
    except UsageError:
        return path


def _shelf() -> Sequence[KnownSet]:
    order: Sequence[Origin] = ("yours", "measured", "example")
    return sorted(sets.sets(), key=lambda each: order.index(each.origin))


def _label(found: KnownSet | None) -> str:
    return f"{visible(found.name)} ({_ORIGINS[found.origin]})" if found else "Another file or folder ..."


def _opened(chosen: str) -> EvalSet | None:
    """Return the set; where it cannot be used, say why."""
    try:
        return sets.whole_set(place_of(chosen))
    except RagError as error:
        show_error(error)
        if isinstance(error, EvalSetError):
            st.page_link(
                "views/eval_sets.py",
                label="See the set and mend it",
                query_params={"set": chosen},
                icon=":material/build:",
            )
        return None


def _choose_split(eval_set: EvalSet) -> Split:
    sizes = {split: len(split_cases(eval_set.cases, split).cases) for split in _SPLITS}
    asked = st.query_params.get("split", "all")
    follow_address("split", asked if asked in _SPLITS else "all")
    held = st.segmented_control(
        "Which of its questions",
        list(_SPLITS),
        required=True,
        format_func=lambda split: f"{_SPLITS[split]} ({sizes[split]:,})",
        key="split",
    )
    chosen: Split = held or "all"
    tell_address("split", chosen, "all")
    st.caption(_meaning(chosen, eval_set))
    return chosen


def _meaning(split: Split, eval_set: EvalSet) -> str:
    match split:
        case "all":
            return "Every question. Right for a first look; to choose among many settings, choose on Tune."
        case "tune":
            return "About 60 % of the questions, to choose settings by. No document of theirs is in the holdout."
        case "holdout":
            return (
                "The other questions, kept apart to check a choice once. So far they were opened "
                f"{_times(_openings(eval_set))}: each time makes them a little less of a check."
            )


def _openings(eval_set: EvalSet) -> int:
    book = state.runs()
    return book.holdout_openings(eval_set.digest) if book.exists else 0


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _choose_limit(count: int) -> int | None:
    found = st.number_input(
        "How many",
        min_value=1,
        value=None,
        step=10,
        placeholder=f"all {count:,}",
        key="limit",
        bind="query-params",
        help="The first questions of the set. Left empty, all are asked.",
    )
    return int(found) if found and found < count else None
