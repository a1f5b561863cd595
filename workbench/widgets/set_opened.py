"""The set that is open: with the changes that are not saved, its documents, and what is wrong with it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import streamlit as st

from evals.editing import Draft
from evals.faults import Fault
from evals.set_corpus import SetCorpus
from rag.api.view import shown
from workbench import sets
from workbench.widgets.set_drafts import begun_set, draft_of, go


@dataclass(frozen=True)
class OpenedSet:
    """A set on the page."""

    draft: Draft
    unreadable: tuple[Fault, ...]  # lines that are no cases
    corpus: SetCorpus | None  # None: there are no documents

    @property
    def path(self) -> Path:
        return self.draft.original.path

    @property
    def is_new(self) -> bool:
        """Whether it was begun here and never saved."""
        return not self.path.expanduser().exists()

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        """Where cases, also the changed ones, do not agree with the documents."""
        return sets.checked_set(self.draft.eval_set, self.corpus).faults if self.corpus else ()

    @property
    def unread(self) -> int:
        """References into documents that have no text."""
        return (sets.checked_set(self.draft.eval_set, self.corpus).unread or 0) if self.corpus else 0

    @property
    def faulty(self) -> frozenset[str]:
        """Ids of the cases that do not agree with their documents."""
        return frozenset(fault.case_id for fault in self.faults)

    def faults_of(self, case_id: str) -> list[str]:
        """Return what is wrong with a case."""
        return [fault.message for fault in self.faults if fault.case_id == case_id]


def open_set(path: Path) -> OpenedSet:
    """Return a set with its changes. Raises UsageError for a path that is none."""
    begun = begun_set(path)
    if begun:
        return OpenedSet(begun, (), sets.documents_of(begun.original))
    found = sets.eval_set(path)
    return OpenedSet(draft_of(found.eval_set), found.faults, sets.documents_of(found.eval_set))


def show_way_back(opened: OpenedSet, case_id: str) -> None:
    """Show where the page stands, and the way up."""
    path = str(opened.path)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All sets", key="set_all", icon=":material/arrow_back:", on_click=go, type="tertiary")
        if case_id:
            st.button(
                "All cases",
                key="set_cases",
                icon=":material/arrow_back:",
                on_click=go,
                kwargs={"set": path},
                type="tertiary",
            )
        name = shown(" › ".join([opened.draft.original.name, *([case_id] if case_id else [])]))
        st.html(f'<div style="font-size:1.2rem;font-weight:600" dir="auto">{name}</div>')
