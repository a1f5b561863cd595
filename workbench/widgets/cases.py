"""Cases of a set: a table that searches and filters, and one case with its spans in the source."""

from collections.abc import Collection, Sequence

import streamlit as st

from evals.editing import Draft
from evals.evalset import Case, EvalSet, tags_of
from evals.set_corpus import SetCorpus, has_words
from indexing.identity import document_id
from rag.api.view import shown, visible
from workbench.span_picker.picker import Picked, show_spans
from workbench.widgets.addresses import follow_address, tell_address
from workbench.widgets.set_drafts import go, keep
from workbench.widgets.tables import Row, choose_row, show_table

_KINDS = {"all": "All cases", "yes": "Answerable", "no": "Not answerable", "faulty": "Faulty", "changed": "Not saved"}


def show_cases(draft: Draft, faulty: Collection[str]) -> None:
    """Show the cases that are looked for; choosing one opens it."""
    unsaved = {*draft.diff.added, *draft.diff.changed}
    found = _found(draft, faulty, unsaved)
    path = str(draft.original.path)
    st.caption(f"{len(found):,} of {len(draft.cases):,} cases")
    if not found:
        st.info("No case is like that. Widen the filters, or write a new case.")
        return
    clicked = choose_row([_row(case, unsaved, faulty) for case in found], f"cases_table_{len(found)}")
    opened = st.selectbox(
        "Open a case, or click the box before its row", [case.id for case in found], index=None, key="cases_open",
        format_func=visible, placeholder="Type its id",
    )  # fmt: skip
    if opened or clicked is not None:
        go(set=path, case=opened or found[clicked or 0].id)
        st.rerun()


def show_case(draft: Draft, case: Case, corpus: SetCorpus | None, faults: Sequence[str]) -> None:
    """Show a case with its truth in the source, and what can be done with it."""
    _show_steps(draft, case)
    st.html(f'<div style="font-size:1.3rem;line-height:1.5" dir="auto">{shown(case.question)}</div>')
    for fault in faults:
        st.warning("This case does not agree with its documents. Mend it, or remove it.", icon=":material/warning:")
        st.text(visible(fault))
    _show_facts(case)
    if case.grades:
        show_table([{"document": doc, "grade": grade} for doc, grade in case.grades.items()], "case_grades")
    if case.references:
        st.subheader("Where the answer stands")
        _show_references(draft.original, case, corpus)


def _show_references(eval_set: EvalSet, case: Case, corpus: SetCorpus | None) -> None:
    numbers = range(len(case.references))
    number = st.radio(
        "Reference", numbers, key=f"case_reference_{case.id}", horizontal=True,
        format_func=lambda at: f"Reference {at + 1}", label_visibility="collapsed",
    ) if len(numbers) > 1 else 0  # fmt: skip
    chosen = case.references[number]
    st.text(f"{visible(chosen.doc)} · characters {chosen.start:,} to {chosen.end:,}")
    text = corpus.text(chosen.doc) if corpus else None
    if text is None:
        st.text(visible(chosen.text))
        st.caption("The document has no text that can be read here; this is the text that the set holds.")
        return
    spans = [Picked(each.start, each.end) for each in case.references if each.doc == chosen.doc]
    show_spans(
        text,
        key=f"case_source_{case.id}",
        marked=[each for each in spans if each.end <= len(text)],
        first=Picked(chosen.start, min(chosen.end, len(text))),
    )
    _link_chunks(eval_set, case, corpus.uri(chosen.doc) if corpus else None)


def _link_chunks(eval_set: EvalSet, case: Case, uri: str | None) -> None:
    if uri is None or eval_set.corpus.kind == "beir":
        return
    source, _, rest = uri.partition("/")
    address = {"document": document_id(source, rest), "set": str(eval_set.path), "case": case.id}
    st.page_link("views/chunks.py", label="See how it is cut into chunks", query_params=address)


def _show_steps(draft: Draft, case: Case) -> None:
    path, ids = str(draft.original.path), [each.id for each in draft.cases]
    at = ids.index(case.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Mend", key="case_mend", type="primary", on_click=go, kwargs={"set": path, "case": case.id, "edit": "1"}
        )
        st.button("Remove", key="case_remove", on_click=_remove, args=(draft, case))
        for label, to in (("Previous", at - 1), ("Next", at + 1)):
            there = ids[to] if 0 <= to < len(ids) else ""
            where = {"set": path, "case": there}
            st.button(label, key=f"case_{label}", on_click=go, kwargs=where, disabled=not there, type="tertiary")
        st.caption(f"{at + 1:,} of {len(ids):,}")


def _show_facts(case: Case) -> None:
    facts = {
        "Answers": " | ".join(case.answers),
        "Tags": ", ".join(case.tags),
        "Asked with the roles": ", ".join(case.roles) if case.roles is not None else "",
        "Asked of": ", ".join(f"{key}: {value}" for key, value in case.where.items()),
    }
    said = "\n".join(f"{name}: {value}" for name, value in facts.items() if value)
    if not case.answerable:
        st.badge("The documents do not answer it", color="orange")
    if said:
        st.text(visible(said))


def _remove(draft: Draft, case: Case) -> None:
    keep(draft.without(case.id))
    go(set=str(draft.original.path))


def _found(draft: Draft, faulty: Collection[str], unsaved: Collection[str]) -> list[Case]:
    words_at, tags_at, kind_at = st.columns([3, 2, 2])
    known, asked = list(tags_of(draft.cases)), st.query_params
    follow_address("find", asked.get("find", ""))
    words = words_at.text_input("Find in questions, answers and ids", key="find")
    tell_address("find", words, "")
    follow_address("tag", [tag for tag in asked.get_all("tag") if tag in known])
    tags = tags_at.multiselect("Tags", known, key="tag", placeholder="Any", format_func=visible)
    tell_address("tag", tags, [])
    follow_address("which", asked.get("which", "") if asked.get("which", "") in _KINDS else "all")
    kind = kind_at.selectbox("Which", list(_KINDS), key="which", format_func=_KINDS.__getitem__)
    tell_address("which", kind, "all")
    among = {"faulty": frozenset(faulty), "changed": frozenset(unsaved)}.get(kind)
    return [
        case
        for case in draft.cases
        if (kind == "all" or (case.id in among if among is not None else case.answerable == (kind == "yes")))
        and set(tags) <= set(case.tags)
        and has_words(_searched(case), words)
    ]


def _searched(case: Case) -> str:
    return "\n".join((case.id, case.question, *case.answers)).casefold()


def _row(case: Case, unsaved: Collection[str], faulty: Collection[str]) -> Row:
    said = [*(["not saved"] if case.id in unsaved else []), *(["faulty"] if case.id in faulty else [])]
    return {
        "case": case.id,
        "question": case.question,
        "answerable": "yes" if case.answerable else "no",
        "references": len(case.references),
        "documents": ", ".join(case.docs),
        "tags": ", ".join(case.tags),
        "state": ", ".join(said),
    }
