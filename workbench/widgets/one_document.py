"""One document: what is known of it, its text and what was made of it, and what can be done with it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import streamlit as st

from indexing.corpus_table import DocumentFacts, DocumentRow
from indexing.types import because
from rag.api.view import shown, visible
from rag.database.jobs import Job
from rag.database.reader import ReadDocument
from rag.types import Block, Chunk
from workbench import beginnings, state
from workbench.widgets.jobs import show_job
from workbench.widgets.tables import show_table

PART_CHARS = 20_000  # of a long text, shown at a time
_EXCERPT_CHARS = 120
_JOBS = 20  # the latest, among which the one of a document is looked for
_RECENT_S = 120.0  # for so long it is told what a job has done
_STATES = {
    "indexed": ("Indexed", "green"),
    "flagged": ("Flagged", "orange"),
    "held": ("Held", "orange"),
    "rejected": ("Rejected", "red"),
    "excluded": ("Excluded", "grey"),
}
_ADVICE = {
    "flagged": "Answers use it, but look at it: its text may not be whole or not be right.",
    "held": "No answer uses it yet. Index it anew, or wait for the next refresh.",
    "rejected": "It has no text here, and no answer uses it. Mend the file at its source, then index it anew.",
    "excluded": "A person took it out: it has no text here, and no answer uses it. Take it back to index it again.",
}


def show_head(facts: DocumentFacts) -> None:
    """Show the title, where the document is from, its state, and what its state asks for."""
    row = facts.row
    label, colour = _STATES[row.state]
    st.html(f'<div style="font-size:1.6rem;font-weight:600" dir="auto">{shown(row.title)}</div>')
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(label, color=colour)  # type: ignore[arg-type]  # a Literal of Streamlit's
        st.text(visible(row.uri))
    if row.state in _ADVICE:
        with st.container(border=True):
            if row.reason:
                st.text(visible(row.reason))
            st.markdown(_ADVICE[row.state])


def show_links(row: DocumentRow, api_url: str) -> None:
    """Show where else the document can be looked at."""
    if not row.is_searchable:
        return
    with st.container(horizontal=True):
        question = {"q": f'What does "{row.title}" say?'}
        st.page_link("views/ask.py", label="Ask about it", icon=":material/search:", query_params=question)
        document = {"document": row.id}
        st.page_link("views/chunks.py", label="See its chunks", icon=":material/grid_view:", query_params=document)
        if api_url:
            address = f"{api_url}/v1/documents/{quote(row.id, safe='')}/view"
            st.link_button("Open as a page", address, icon=":material/open_in_new:", type="tertiary", key="corpus_view")


def show_actions(row: DocumentRow) -> None:
    """Show what can be done with a document, and the job that does it."""
    job = _job_of(row.id)
    if job:
        show_job(job)
    going = job is not None and not job.ended
    with st.container(horizontal=True):
        if row.state == "excluded":
            if st.button("Take it back", key="corpus_include", type="primary", disabled=going):
                _begun(beginnings.include(row.id, row.uri))
            return
        if st.button("Index it anew", key="corpus_reindex", disabled=going):
            _begun(beginnings.reindex(row.id, row.uri))
        with st.popover("Exclude it", disabled=going, key="corpus_exclude"):
            _confirm_exclusion(row)


def show_facts(facts: DocumentFacts) -> None:
    """Show all that the ledger knows, name by name."""
    inside = "".join(
        f'<div style="display:grid;grid-template-columns:6rem minmax(0,1fr)"><span style="opacity:.7">{name}</span>'
        f'<span style="overflow-wrap:anywhere" dir="auto">{shown(value)}</span></div>'
        for name, value in _facts(facts).items()
    )
    columns = "display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:.3rem 2rem"
    st.html(f'<div style="{columns}">{inside}</div>')


def show_content(read: ReadDocument) -> None:
    """Show text, outline and chunks."""
    document = read.document
    text, outline, chunks = st.tabs(
        ["Text", f"Outline ({len(document.blocks):,})", f"Chunks ({len(read.chunks):,})"], key="corpus_tabs"
    )
    with text:
        _show_text(document.text)
    with outline:
        show_table(
            [_block_cells(block, document.text) for block in document.blocks],
            "corpus_outline",
            labels={"heading_path": "Below the heading"},
            formats={"start": "%d", "end": "%d"},
            nothing="The parser named no blocks.",
        )
    with chunks:
        show_table(
            [_chunk_cells(number, chunk) for number, chunk in enumerate(read.chunks, 1)],
            "corpus_chunks",
            labels={"heading_path": "Below the heading", "context": "Context line"},
            formats={"start": "%d", "end": "%d"},
            nothing="It has no chunks in the generation that serves.",
        )


def _show_text(text: str) -> None:
    parts = max(-(-len(text) // PART_CHARS), 1)
    part = 1
    if parts > 1:
        label = f"Part of {parts}, {PART_CHARS:,} characters each"
        part = int(st.number_input(label, 1, parts, 1, key="part", bind="query-params", width=260))
    start = (part - 1) * PART_CHARS
    st.caption(f"Characters {start:,} to {min(start + PART_CHARS, len(text)):,} of {len(text):,}")
    style = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55"
    with st.container(height=520, key="corpus_text"):
        st.html(f'<div style="{style}" dir="auto">{shown(text[start : start + PART_CHARS])}</div>')


def _confirm_exclusion(row: DocumentRow) -> None:
    st.markdown("No answer will use it, and no refresh will bring it back, until it is taken back.")
    reason = st.text_input("Why", key="corpus_why", max_chars=200, placeholder="replaced in May")
    if st.button("Exclude this document", key="corpus_exclude_now", type="primary"):
        _begun(beginnings.exclude(row.id, row.uri, reason))


def _begun(_: str) -> None:
    st.rerun()


def _job_of(document_id: str) -> Job | None:
    """Return the latest job of a document: while it goes, where it did not end well, and shortly after it did."""
    for job in state.jobs().book.list("index", limit=_JOBS):
        if job.request.get("document") == document_id:
            age_s = datetime.now(UTC).timestamp() - (job.ended_at or 0.0)
            return job if job.state != "done" or age_s < _RECENT_S else None
    return None


def _facts(facts: DocumentFacts) -> Mapping[str, str]:
    row = facts.row
    at = datetime.fromtimestamp(row.indexed_at, UTC).strftime("%Y-%m-%d %H:%M UTC") if row.indexed_at else ""
    known = {
        "Source": row.source,
        "Path": facts.path,
        "Type": row.type,
        "Decided by": because(facts.type_rule),
        "Roles": ", ".join(row.roles),
        "Language": row.language,
        "Dated": row.date.isoformat() if row.date else "",
        "Owner": facts.owner,
        "Tags": ", ".join(facts.tags),
        "Size": f"{row.bytes:,} bytes",
        "Chunks": f"{row.chunks:,}",
        "Indexed": at,
        "Version": facts.version,
        "SHA-256": facts.content_hash,
        "Document": row.id,
    }
    return {name: value for name, value in known.items() if value}


def _block_cells(block: Block, text: str) -> dict[str, str | int | None]:
    excerpt = text[block.start : min(block.end, block.start + _EXCERPT_CHARS)].replace("\n", " ")
    return {
        "kind": block.kind.replace("_", " "),
        "heading_path": " › ".join(block.heading_path),
        "page": block.page,
        "start": block.start,
        "end": block.end,
        "text": excerpt + ("…" if block.end - block.start > _EXCERPT_CHARS else ""),
    }


def _chunk_cells(number: int, chunk: Chunk) -> dict[str, str | int | None]:
    return {
        "number": number,
        "tokens": chunk.tokens,
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "heading_path": " › ".join(chunk.heading_path),
        "context": chunk.context,
        "text": chunk.text,
    }
