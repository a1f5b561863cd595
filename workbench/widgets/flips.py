"""What breaks? A question that got better or worse, with both rankings and both answers side by side."""

from collections.abc import Mapping

import streamlit as st

from evals.findings import Comparison, Flip, Pair
from evals.read_places import ReadPlace, Texts
from evals.run import CaseResult
from evals.runs import FinishedRun
from evals.verdicts import figure, signed
from rag.api.view import shown, visible
from rag.types import ALL_ROLES
from workbench import compared, state
from workbench.widgets.addresses import listed, remember

_LONGEST = 700  # characters of a chunk


@st.fragment
def show_flips(found: Comparison, pair: Pair, runs: Mapping[str, FinishedRun]) -> None:
    """Show the largest gains and losses, and the one that is chosen."""
    flips = {each.id: each for each in (*pair.losses, *pair.gains)}
    if not flips:
        st.caption("No question changed in the headline metric.")
        return
    losses, gains = len(pair.losses), len(pair.gains)
    wanted = next(iter(listed("case")), "")
    st.session_state["compare_case"] = wanted if wanted in flips else next(iter(flips))
    chosen = st.selectbox(
        f"The {losses} largest losses and {gains} largest gains",
        list(flips),
        format_func=lambda id_: _named(found, flips[id_]),
        key="compare_case",
        on_change=lambda: remember("case", [st.session_state["compare_case"]]),
    )
    _show_flip(found, flips[chosen], (runs[pair.a], runs[pair.b]), (pair.label_a, pair.label_b))


def _named(found: Comparison, flip: Flip) -> str:
    moved = f"{signed(flip.difference, 3)} ({figure(found.headline, flip.a)} → {figure(found.headline, flip.b)})"
    return visible(f"{moved} {' '.join(flip.question.split()) or flip.id}")


def _show_flip(found: Comparison, flip: Flip, runs: tuple[FinishedRun, ...], labels: tuple[str, ...]) -> None:
    st.html(f'<div style="font-size:1.15rem;font-weight:600" dir="auto">{shown(flip.question)}</div>')
    _show_links(flip, runs[0])
    sides = st.columns(2)
    for side, run, label, value in zip(sides, runs, labels, (flip.a, flip.b), strict=True):
        with side:
            st.html(
                f'<div style="font-weight:600" dir="auto">{shown(label)}</div>'
                f"<div>{shown(found.headline)} {figure(found.headline, value)}</div>"
            )
            _show_side(run, compared.case_of(run, flip.id))


def _show_links(flip: Flip, run: FinishedRun) -> None:
    with st.container(horizontal=True):
        st.page_link(
            "views/eval_sets.py",
            label="Open the case",
            icon=":material/fact_check:",
            query_params={"set": run.set_path, "case": flip.id},
        )
        st.page_link("views/ask.py", label="Ask it now", icon=":material/chat:", query_params={"q": flip.question})


def _show_side(run: FinishedRun, case: CaseResult) -> None:
    texts = Texts(run.bundle_content.index.digest, compared.documents_now(), case.ranking)
    gold = compared.truth_of_case(run, case)
    if case.error or case.state != "ok":
        st.text(visible(f"{case.state} {case.error}".strip()))
    if case.status:
        sure = "" if case.answerability is None else f", answerability {case.answerability:.2f}"
        st.text(visible(f"Answer: {case.status}{sure}"))
    for quote in case.quotes:
        _show_place("Quoted", texts.read(quote, gold))
    top_k = run.bundle_content.query.top_k
    places = [(f"{rank}", texts.read(place, gold)) for rank, place in enumerate(case.ranking, 1)]
    for rank, read in places[:top_k]:
        _show_place(rank, read)
    if not places:
        st.caption("Nothing was found.")
    if rest := places[top_k:]:
        held = ", one with the answer" if any(read.marks for _, read in rest) else ""
        with st.expander(
            f"{len(rest)} more, below the first {top_k} that were used{held}", key=f"compare_rest_{run.id}"
        ):
            for rank, read in rest:
                _show_place(rank, read)


def _show_place(name: str, read: ReadPlace) -> None:
    place = read.place
    found = ' <span style="font-weight:600">· holds the answer</span>' if read.marks else ""
    head = f"{shown(name)} · {shown(_document(read))} {place.start}–{place.end}{found}"
    st.html(
        f'<div style="border-left:4px solid {"#009E73" if read.marks else "#80808055"};padding-left:.7rem">'
        f'<div style="font-size:.9rem;opacity:.85;overflow-wrap:anywhere" dir="auto">{head}</div>{_text(read)}</div>'
    )


def _document(read: ReadPlace) -> str:
    """Return a document's name where it may be told: what is not there may be another's to read."""
    return read.place.doc if read.is_known or ALL_ROLES in state.caller().roles else "a document that is not shown here"


def _text(read: ReadPlace) -> str:
    if read.text is None:
        said = "Its text is not in the index that serves, or may not be read."
        return f'<div style="font-size:.85rem;opacity:.7">{said}</div>'
    parts, at = [], 0
    for start, end in sorted(read.marks):
        parts += [shown(read.text[at:start]), f"<mark>{shown(read.text[max(at, start) : end])}</mark>"]
        at = max(at, end)
    rest = read.text[at:]
    cut = max(0, _LONGEST - at)
    parts.append(shown(rest[:cut]) + (" …" if len(rest) > cut else ""))
    return (
        '<div style="font-size:.9rem;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere" dir="auto">'
        f"{''.join(parts)}</div>"
    )
