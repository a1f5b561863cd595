"""A case is made or mended: question, spans in documents, answers, tags; checked as it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
import streamlit as st

from evals.editing import Draft, check_case, free_id, twins
from evals.evalset import Case, Reference, case_content, tags_of
from evals.set_corpus import SetCorpus, SetDocument
from rag.api.view import visible
from workbench import state
from workbench.span_picker.picker import Picked, pick_span
from workbench.widgets.set_drafts import go, keep

_SHORT = 60  # characters of a span that may be an answer
_LISTED = 100  # documents in one list; more are found by typing words


def show_form(draft: Draft, former: Case | None, corpus: SetCorpus | None, question: str = "") -> None:
    """Show the form of a case; `former` is mended, None: a new one, with this question."""
    case = former or Case(free_id(draft.cases), question)
    form = f"form_{draft.original.path}_{former.id if former else 'new'}_{len(draft.cases)}"
    asked = st.text_input(
        "Question", case.question, key=f"{form}_question", max_chars=state.settings().question.max_chars,
        persist_state="session", placeholder="As a person would ask it",
    )  # fmt: skip
    where_it_stands = st.container()  # before the toggle: who writes goes on from the question to the documents
    unanswerable = st.toggle(
        "The documents do not answer it", not case.answerable, key=f"{form}_unanswerable", persist_state="session"
    )
    with where_it_stands:
        spans = () if unanswerable else _show_spans(case, corpus, form)
    answers = () if unanswerable else _show_answers(case, spans, form)
    written = replace(case, question=asked, answerable=not unanswerable, references=spans, answers=answers)
    if unanswerable:
        written = replace(written, alternatives=(), grades={})
    content = _show_rest(written, draft, form)
    _show_verdict(draft, content, corpus, former)


def _show_rest(case: Case, draft: Draft, form: str) -> Mapping[str, object]:
    """Show tags and what is seldom needed; return the case as its line will hold it."""
    tags = _words("Tags", case.tags, tags_of(draft.cases), f"{form}_tags")
    with st.expander("More: id, roles, filters", key=f"{form}_more"):
        id_ = st.text_input("Id", case.id, key=f"{form}_id", persist_state="session")
        known = {role for each in draft.cases for role in each.roles or ()} | {"public"}
        roles = _words("Roles of who asks; none: may read everything", case.roles or (), known, f"{form}_roles")
        where = st.text_input(
            "Filters, as in the body of a request", _json(case.where), key=f"{form}_where", persist_state="session",
            placeholder='{"type": ["policy"]}',
        )  # fmt: skip
    written = replace(case, id=id_, tags=tags, roles=roles or None)
    return case_content(written) | ({"where": _parsed(where)} if where.strip() else {})


def _show_verdict(draft: Draft, content: Mapping[str, object], corpus: SetCorpus | None, former: Case | None) -> None:
    """Show what is wrong with the case, and keep it once nothing is."""
    former_id = former.id if former else ""
    checked = check_case(draft, content, former_id)
    faults = [fault.message for fault in checked.faults]
    if corpus:
        faults += [fault.message for case in checked.cases for fault in corpus.check_case(draft.original, case)]
    for message in faults:
        st.text(visible(f"• {message}"))
    for warning in _doubts(draft, checked.cases, former_id):
        st.caption(warning)
    path = str(draft.original.path)
    done = checked.cases[0] if checked.cases and not faults else None
    with st.container(horizontal=True):
        for key, label, more in (
            ("case_keep", "Keep this case", False),
            ("case_more", "Keep it and write another", True),
        ):
            st.button(
                label, key=key, type="tertiary" if more else "primary", disabled=done is None,
                on_click=_keep, args=(draft, done, former_id), kwargs={"more": more},
            )  # fmt: skip
        back = {"set": path, "case": former_id}
        st.button("Cancel", key="case_cancel", on_click=_leave, kwargs=back, type="tertiary")
    st.caption("A case that is kept is not saved yet: it waits, with the other changes, for a new version of the set.")


def _doubts(draft: Draft, cases: Sequence[Case], former_id: str) -> list[str]:
    """Return what may be meant so, and mostly is not."""
    doubts = []
    for case in cases:
        same = twins(draft, case.question, former_id)
        doubts += [
            f"{len(same)} other case{'s' * (len(same) > 1)} of this set ask{'s' * (len(same) == 1)} the same."
        ] * bool(same)
        if case.answerable and not case.references and not case.grades:
            doubts.append("Without a span it says nothing about search: only its answers can be scored.")
    return doubts


def _show_spans(case: Case, corpus: SetCorpus | None, form: str) -> tuple[Reference, ...]:
    """Show where spans are found, and those that the case has; return them."""
    kept: tuple[Reference, ...] = st.session_state.setdefault(f"{form}_spans", case.references)
    if corpus is None:
        st.info("There are no documents to find the answer in: the set names none, and nothing is indexed.")
        st.page_link("views/home.py", label="Index documents")
    elif not corpus.takes_spans:
        st.info(
            "This set grades whole documents, as BEIR does: spans cannot be added. What else a case has can be mended."
        )
    else:
        _show_source(kept, corpus, form)
    return _show_kept(st.session_state[f"{form}_spans"], form)


def _show_source(kept: Sequence[Reference], corpus: SetCorpus, form: str) -> None:
    chosen = _show_documents(corpus, kept[0].doc if kept else None, form)
    text = corpus.text(chosen.name) if chosen else None
    if chosen is None:
        st.caption("Choose the document that holds the answer; then select the words that prove it.")
    elif text is None:
        st.warning("This document has no text that can be read here.")
    else:
        marked = [Picked(each.start, each.end) for each in kept if each.doc == chosen.name and each.end <= len(text)]
        picked = pick_span(text, key=f"{form}_picker_{chosen.name}", marked=marked)
        if picked:
            _add(Reference(chosen.name, picked.start, picked.end, text[picked.start : picked.end]), form)


def _show_documents(corpus: SetCorpus, first: str | None, form: str) -> SetDocument | None:
    """Show the documents to choose from, and where there are many, a field to find them by."""
    words = ""
    if len(corpus.documents) > _LISTED:
        words = st.text_input(f"Find among {len(corpus.documents):,} documents, by title or name", key=f"{form}_words")
    found = corpus.matching(words, _LISTED)
    found += [each for each in corpus.documents if each.name == first and each not in found and not words]
    names = {each.name: each for each in found}
    chosen = st.selectbox(
        "Document", names, index=list(names).index(first) if first in names else None, key=f"{form}_document_{words}",
        format_func=lambda name: _called(names[name]), placeholder="Type a part of its title or name",
        persist_state="session",
    )  # fmt: skip
    return names[chosen] if chosen else None


def _show_kept(kept: tuple[Reference, ...], form: str) -> tuple[Reference, ...]:
    for number, each in enumerate(kept):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"{form}_span_{number}"):
            st.text(visible(f"{each.text}\n{each.doc}, characters {each.start:,} to {each.end:,}"))
            st.button(
                "Remove this span", key=f"{form}_drop_{number}", on_click=_drop, args=(form, number), type="tertiary"
            )
    return kept


def _show_answers(case: Case, spans: Sequence[Reference], form: str) -> tuple[str, ...]:
    short = [" ".join(each.text.split()) for each in spans if len(each.text) <= _SHORT]
    return _words("Answers: short texts, any of which is right", case.answers, short, f"{form}_answers")


def _words(label: str, given: Sequence[str], offered: object, key: str) -> tuple[str, ...]:
    """Show a list of words to choose from and to add to."""
    others = offered if isinstance(offered, (list, dict, set, frozenset)) else []
    options = list(dict.fromkeys([*given, *sorted(others, key=str), *st.session_state.get(key, ())]))
    return tuple(
        st.multiselect(
            label,
            options,
            list(given),
            key=key,
            accept_new_options=True,
            format_func=visible,
            placeholder="Choose, or type a new one",
            persist_state="session",
        )
    )


def _add(span: Reference, form: str) -> None:
    kept: tuple[Reference, ...] = st.session_state[f"{form}_spans"]
    if span not in kept:
        st.session_state[f"{form}_spans"] = (*kept, span)
        st.rerun()


def _drop(form: str, number: int) -> None:
    kept: tuple[Reference, ...] = st.session_state[f"{form}_spans"]
    st.session_state[f"{form}_spans"] = kept[:number] + kept[number + 1 :]


def _keep(draft: Draft, case: Case | None, former_id: str, *, more: bool) -> None:
    if case is None:
        return
    keep(draft.put(case, former_id))
    _forget_form()
    go(set=str(draft.original.path), case="new" if more else case.id)


def _leave(**where: str) -> None:
    _forget_form()
    go(**where)


def _forget_form() -> None:
    for key in [key for key in st.session_state if str(key).startswith("form_")]:
        del st.session_state[key]


def _called(document: SetDocument) -> str:
    return visible(f"{document.title} — {document.name}" if document.title else document.name)


def _json(where: Mapping[str, object]) -> str:
    return orjson.dumps(dict(where)).decode() if where else ""


def _parsed(text: str) -> object:
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value
