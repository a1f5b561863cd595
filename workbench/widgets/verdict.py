"""Is it real? The answer in plain sentences, what it rests on, and what speaks against believing it."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from evals.findings import Comparison, Pair
from evals.report_content import heading
from evals.runs import FinishedRun
from evals.tuning_grids import bundle_grid, verdict_grid
from evals.verdicts import gain_of, lower_is_better
from rag.api.view import shown, visible
from workbench.compared import Wanted
from workbench.widgets.addresses import listed, remember
from workbench.widgets.grids import show_grid

_ACROSS = {"code": "another version of the code", "model": "another embedding model"}
_FEW = 3  # pairs: of each its sentence, of more those first that show a difference
# Of the bar beside a sentence: blue, orange, grey, as in the charts.
_BARS = {"better": "#0072B2", "worse": "#D55E00", "not shown": "#808080"}


def show_head(found: Comparison) -> None:
    """Show what is compared, and in what the bundles differ."""
    st.text(visible(heading(found)))
    show_grid(bundle_grid(found), "compare_bundles")


def show_real(found: Comparison) -> None:
    """Show a sentence for each pair, what speaks against believing it, and every test."""
    said = [
        (_prefixed(found, pair, sentence), _kind(pair, metric))
        for pair in found.pairs
        for metric, sentence in zip(found.named, pair.verdicts, strict=True)
    ]
    if len(found.pairs) <= _FEW:
        _show_verdicts(said)
    else:
        _show_many([each for each in said if each[1] != "not shown"], [each for each in said if each[1] == "not shown"])
    for warning in found.warnings:
        _show_said("Warning", "orange", warning)
    for note in found.notes:
        _show_said("Note", "blue", note)
    show_grid(verdict_grid(found), "compare_tests")
    st.caption(
        "Interval: 95 %, of the mean difference over questions. +/=/-: questions on which the later run is higher, the "
        "same, lower. shows: the least difference that so many questions show with a power of 0.8. More questions: how "
        "many besides would settle a difference of this size."
    )


def show_obstacles(found: Comparison, wanted: Wanted, chosen: Sequence[FinishedRun]) -> None:
    """Show why runs cannot be compared, and what to do about it."""
    st.error("These runs cannot be compared.", icon=":material/block:")
    st.text(visible(found.reason))
    show_across(wanted, chosen)
    st.markdown("Or run the bundles again, all with the present code, on the same set, split and documents:")
    path = next((run.set_path for run in chosen if run.set_path), "")
    st.page_link(
        "views/experiment.py",
        label="Run them again",
        icon=":material/science:",
        query_params={"set": path} if path else None,
    )


def show_across(wanted: Wanted, chosen: Sequence[FinishedRun]) -> None:
    """Show a switch for each of code and model that differs: it may nevertheless."""
    differing = {"code": len({run.code for run in chosen}) > 1, "model": len({run.model for run in chosen}) > 1}
    shown_ones = [name for name, differs in differing.items() if differs or name in wanted.across]
    if not shown_ones:
        return
    with st.container(border=True):
        for name in shown_ones:
            label = _ACROSS[name]
            st.session_state[f"compare_across_{name}"] = name in wanted.across
            st.toggle(f"Compare in spite of {label}", key=f"compare_across_{name}", on_change=_cross)
        st.caption("What differs besides the bundle may be why the figures differ: the report says so.")


def _cross() -> None:
    given = [name for name in _ACROSS if st.session_state.get(f"compare_across_{name}")]
    remember("across", given)


def choose_pair(found: Comparison) -> Pair:
    """Return the pair that is looked at more closely; of several it is chosen."""
    if len(found.pairs) == 1:
        return found.pairs[0]
    pairs = {pair.b: pair for pair in found.pairs}
    wanted = next(iter(listed("pair")), "")
    st.session_state["compare_pair"] = (
        wanted if wanted in pairs else max(found.pairs, key=lambda pair: gain_of(found, pair)).b
    )
    chosen = st.selectbox(
        "Looked at closely in what follows",
        list(pairs),
        format_func=lambda id_: visible(f"{pairs[id_].label_b} against {pairs[id_].label_a}"),
        key="compare_pair",
        on_change=lambda: remember("pair", [st.session_state["compare_pair"]]),
    )
    return pairs[chosen]


def _show_many(settled: Sequence[tuple[str, str]], open_ones: Sequence[tuple[str, str]]) -> None:
    """Show the differences that there are, and how many comparisons showed none."""
    _show_verdicts(settled, size="1.15rem")
    if open_ones:
        count = len(settled) + len(open_ones)
        _show_verdicts([(f"In {len(open_ones)} of {count} comparisons no difference can be shown.", "not shown")])
        with st.expander("Each of them, and what would settle it", key="compare_unsettled"):
            _show_verdicts(open_ones, size="1rem")


def _show_verdicts(said: Sequence[tuple[str, str]], *, size: str = "1.35rem") -> None:
    """said: sentences, each with its kind."""
    for sentence, kind in said:
        st.html(
            f'<div style="border-left:5px solid {_BARS[kind]};padding:.35rem .9rem;font-size:{size};font-weight:600;'
            f'line-height:1.4;overflow-wrap:anywhere" dir="auto">{shown(sentence)}</div>'
        )


def _show_said(kind: str, colour: Literal["orange", "blue"], said: str) -> None:
    with st.container(horizontal=True, vertical_alignment="top"):
        st.badge(kind, color=colour)
        st.text(visible(said), width="stretch")


def _prefixed(found: Comparison, pair: Pair, sentence: str) -> str:
    alone = len(found.pairs) == 1 or sentence.startswith(pair.label_b)
    return sentence if alone else f"{pair.label_b}: {sentence}"


def _kind(pair: Pair, metric: str) -> str:
    found = pair.metrics.get(metric)
    if found is None or not found.significant or found.difference is None:
        return "not shown"
    return "better" if (found.difference > 0) != lower_is_better(metric) else "worse"
