"""What chunks are drawn over: an eval set, a document, a case; each stands in the address."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from evals.set_corpus import has_words
from evals.shelf import KnownSet, place_of
from rag.api.view import visible
from workbench import sets
from workbench.chunked import Choosable, DrawnSpan, SetDocuments, indexed, not_found

_MOST = 200  # documents to choose from at once; the search narrows them down
_ANY_QUESTION_CHARS = 90


def choose_set() -> str:
    """Show the eval sets to choose from; return the path of one, empty for none. Raises UsageError."""
    known = {str(each.path): each for each in sets.sets()}
    asked = st.query_params.get("set", "")
    given = str(place_of(asked)) if asked else ""
    default = given or next(iter(known), "")
    options = list(dict.fromkeys([*known, *([given] if given else []), ""]))
    return _kept("set", "Eval set", options, default, {path: _set_label(path, known) for path in options})


def choose_document(found: SetDocuments) -> Choosable | None:
    """Show the documents to choose from, by a search; return one, None where no title or uri has these words.

    Raises NotFoundError where the address names one that is not there.
    """
    everything = {each.id: each for each in (*indexed(), *found.own)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Find a document", key="chunks_find", placeholder="A word of its title or its place", max_chars=200
        )
        matching = _matching(list(everything.values()), words)
        asked = st.session_state.get("chunks_document") or st.query_params.get("document", "")
        current = [asked] if asked in everything and not words else []
        options = list(dict.fromkeys([*current, *(each.id for each in matching[:_MOST])]))
        default = next((each for each in options if everything[each].uri in found.spans), next(iter(options), ""))
        labels = {each: _document_label(everything[each], found) for each in options}
        missing = bool(asked) and asked not in everything and "chunks_document" not in st.session_state
        chosen = _kept(
            "document", "Document", ["", *options] if missing else options, "" if missing else default, labels
        )
    if missing or (options and not chosen):
        raise not_found()
    if len(matching) > _MOST:
        st.caption(f"{len(matching):,} documents: the first {_MOST} can be chosen. Search to find the others.")
    return everything.get(chosen)


def choose_case(spans: Sequence[DrawnSpan]) -> str:
    """Show the cases whose spans stand in the document; return the id of one, empty for none."""
    questions = {each.span.case_id: each for each in spans}
    labels = {"": "All spans"} | {id_: _case_label(each) for id_, each in questions.items()}
    return _kept("case", "Case", list(labels), "", labels)


def look_at(case: str) -> None:
    """Let a case be the one that is looked at, from the next drawing on."""
    st.session_state["chunks_case"] = case


def _kept(name: str, label: str, options: Sequence[str], default: str, labels: Mapping[str, str]) -> str:
    """Show a choice that stands in the address under its name; return it, empty for none."""
    key = f"chunks_{name}"
    wanted = st.session_state.get(key, st.query_params.get(name, default))
    st.session_state[key] = wanted if wanted in options else default
    chosen = st.selectbox(label, options, format_func=lambda each: labels.get(each, "Choose one"), key=key)
    if chosen:
        st.query_params[name] = chosen
    else:
        st.query_params.pop(name, None)
    return chosen or ""


def _matching(documents: Sequence[Choosable], words: str) -> list[Choosable]:
    return [each for each in documents if has_words(f"{each.title} {each.uri}".casefold(), words)]


def _set_label(path: str, known: Mapping[str, KnownSet]) -> str:
    if not path:
        return "No eval set"
    each = known.get(path)
    return visible(f"{each.name} ({sets.ORIGINS[each.origin]})" if each else Path(path).name)


def _document_label(each: Choosable, found: SetDocuments) -> str:
    count = len(found.spans.get(each.uri, ()))
    facts = [each.title, each.uri, *(["not indexed"] if each.own else []), *([f"{count} spans"] if count else [])]
    return visible(" · ".join(facts))


def _case_label(each: DrawnSpan) -> str:
    return visible(f"{each.span.case_id} · {each.span.question[:_ANY_QUESTION_CHARS]}")
