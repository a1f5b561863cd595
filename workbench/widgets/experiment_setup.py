"""What is asked in an experiment: which set, which part of it, how many questions, and what is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from evals.evalset import EvalSet, Split
from evals.loading import load_set
from evals.shelf import KnownSet, Origin, known_sets
from evals.splitting import split_cases
from rag.api.view import visible
from rag.errors import NotFoundError, RagError
from workbench import state
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


def choose_questions() -> Questions | None:
    """Show the choice of questions and return it; None where there is no set that can be used."""
    left, right = st.columns(2, gap="medium")
    with left:
        path = _choose_set()
    eval_set = _opened(path) if path else None
    if eval_set is None:
        return None
    with right:
        split = _choose_split(eval_set)
    asked, measured, floors = st.columns([2, 2, 2], gap="medium", vertical_alignment="bottom")
    with asked:
        limit = _choose_limit(len(split_cases(eval_set.cases, split).cases))
    with measured:
        answers = st.toggle(
            "Make answers too",
            key="experiment_answers",
            help="Off: what is found is measured, which is quicker. On: the answers and their citations as well.",
        )
    with floors:
        beside = st.toggle(
            "Floors: BM25, meaning alone, chance",
            key="experiment_floors",
            help="The same questions by plain searches: a bundle that does not beat them is not worth its cost.",
        )
    return Questions(eval_set, split, limit, answers, beside)


def keep_in_address(**values: str) -> None:
    """Hold what is chosen in the address; what is empty is left out."""
    for name, value in values.items():
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        elif not value and name in st.query_params:
            del st.query_params[name]


def _choose_set() -> Path | None:
    sets = {str(each.path): each for each in _shelf()}
    wanted = st.query_params.get("set", "")
    if "experiment_set" not in st.session_state:
        _begin_with(wanted, sets)
    options = [*sets, _OTHER]
    chosen = st.selectbox("Eval set", options, format_func=lambda path: _label(sets.get(path)), key="experiment_set")
    if chosen == _OTHER:
        chosen = st.text_input(
            "File or folder of the set, on the machine where this runs",
            key="experiment_path",
            placeholder="/home/me/questions.jsonl",
        ).strip()
    keep_in_address(set=chosen if chosen and chosen != next(iter(sets), "") else "")
    if not chosen:
        st.caption("A set is a .jsonl file, or a folder with questions.jsonl and its documents.")
        return None
    return Path(chosen)


def _begin_with(wanted: str, sets: Mapping[str, KnownSet]) -> None:
    """Choose the set of the address, else the first there is."""
    resolved = str(Path(wanted).expanduser().resolve()) if wanted else ""
    if wanted and resolved not in sets:
        st.session_state["experiment_path"] = wanted
    st.session_state["experiment_set"] = (
        resolved if resolved in sets else _OTHER if wanted else next(iter(sets), _OTHER)
    )


def _shelf() -> Sequence[KnownSet]:
    order: Sequence[Origin] = ("yours", "measured", "example")
    return sorted(known_sets(state.settings(), state.runs()), key=lambda each: order.index(each.origin))


def _label(found: KnownSet | None) -> str:
    return f"{visible(found.name)} ({_ORIGINS[found.origin]})" if found else "Another file or folder ..."


def _opened(path: Path) -> EvalSet | None:
    """Return the set; where it cannot be used, say why."""
    try:
        return _loaded(str(path), _stamp(path))
    except RagError as error:
        show_error(error)
        if not isinstance(error, NotFoundError):
            st.page_link(
                "views/eval_sets.py",
                label="See the set and mend it",
                query_params={"set": str(path)},
                icon=":material/build:",
            )
        return None


@st.cache_data(max_entries=8, show_spinner="Reading the set")
def _loaded(path: str, _stamp: float) -> EvalSet:
    return load_set(Path(path))


def _stamp(path: Path) -> float:
    """Return when a set's file was changed last; 0 where there is none."""
    places = [path, path / "questions.jsonl", path / "queries.jsonl", path.parent / "set.yaml", path / "set.yaml"]
    return max((place.stat().st_mtime for place in places if place.exists()), default=0.0)


def _choose_split(eval_set: EvalSet) -> Split:
    sizes = {split: len(split_cases(eval_set.cases, split).cases) for split in _SPLITS}
    chosen: Split = st.segmented_control(
        "Which of its questions",
        list(_SPLITS),
        default="all",
        required=True,
        format_func=lambda split: f"{_SPLITS[split]} ({sizes[split]:,})",
        key="experiment_split",
    )
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
        key="experiment_limit",
        help="The first questions of the set. Left empty, all are asked.",
    )
    return int(found) if found and found < count else None
