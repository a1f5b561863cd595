"""The start of an experiment: what it will take, and the button."""

from collections.abc import Sequence

import streamlit as st

from evals.batch import Batch, NamedBundle
from evals.bundle_fields import distinct
from evals.evalset import EvalSet
from evals.forecast import Forecast
from rag.api.view import visible
from rag.errors import NoIndexError, RagError
from workbench import beginnings, state
from workbench.widgets.errors import show_error
from workbench.widgets.estimate import forecast_of, show_forecasts
from workbench.widgets.experiment_setup import Questions

_FORECASTS = "experiment_forecasts"  # of the batch that the page shows


def offer_start(questions: Questions | None, bundles: Sequence[NamedBundle]) -> None:
    """Show the button and what will be done; at a click, begin and go to the experiment's own address."""
    if questions is None or not bundles:
        st.caption("As soon as questions and bundles are chosen, this says how much work it is.")
        return
    batch = _batch(questions, bundles)
    _tell_empty_home(questions)
    if st.button(_label(batch), key="experiment_start", type="primary", icon=":material/play_arrow:"):
        _begin(batch, questions)
    with st.container(key="experiment_work"):
        _show_work(batch, questions.eval_set)


def _batch(questions: Questions, bundles: Sequence[NamedBundle]) -> Batch:
    unlike, same = distinct(bundles)
    for name, other in same.items():
        st.text(visible(f"{name} is the same bundle as {other}: it is run once."))
    if not questions.answers and len({each.bundle.answer for each in unlike}) > 1:
        st.warning(
            "The bundles differ in settings of answers, and no answers are made: turn on Make answers too.",
            icon=":material/warning:",
        )
    return Batch(
        eval_set=questions.eval_set.path.expanduser().resolve(),
        bundles=unlike,
        corpus=questions.corpus,
        split=questions.split,
        limit=questions.limit,
        retrieval_only=not questions.answers,
        floors=questions.floors,
    )


def _tell_empty_home(questions: Questions) -> None:
    """Say that a set with documents of its own needs no index."""
    if not state.is_indexed() and questions.eval_set.corpus.kind != "none":
        st.caption(
            "Nothing is indexed yet, and nothing needs to be: this set brings its own documents, and an experiment "
            "indexes them in a place of its own."
        )


def _label(batch: Batch) -> str:
    count = len(batch.bundles)
    return "Start" if count == 1 else f"Start: compare {count} bundles"


def _begin(batch: Batch, questions: Questions) -> None:
    told = st.session_state.get(_FORECASTS)
    forecasts: tuple[Forecast, ...] = told[1] if told and told[0] == batch else ()
    job_id = beginnings.experiment(batch.model_copy(update={"forecasts": forecasts}), questions.eval_set.name)
    st.switch_page("views/experiment.py", query_params={"job": job_id})


def _show_work(batch: Batch, eval_set: EvalSet) -> None:
    try:
        with st.spinner("Looking at what is to be done"):
            forecasts = forecast_of(batch, eval_set)
    except NoIndexError as error:
        st.info("This set names no documents of its own, and nothing is indexed.", icon=":material/info:")
        show_error(error)
        return
    except RagError as error:
        show_error(error)
        return
    st.session_state[_FORECASTS] = (batch, forecasts)
    show_forecasts(forecasts)
