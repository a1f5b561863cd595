"""What is indexed: figures, documents by type and state, sources with their freshness."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt
import streamlit as st

from rag.api.view import visible
from rag.database.reader import DocumentCount, IndexFacts
from workbench.overview import SourceState
from workbench.widgets.charts import COLOURS, show_chart
from workbench.widgets.tables import Row, show_table
from workbench.widgets.times import ago, duration

_STATES = ("indexed", "flagged", "held", "rejected", "excluded")
_MEANINGS = {
    "indexed": "searchable",
    "flagged": "searchable, with something to look at",
    "held": "not searchable until a person accepts it",
    "rejected": "not searchable: it could not be read",
    "excluded": "not searchable: a person took it out",
}
_BAR_PX, _AXIS_PX = 26, 80  # heights of a row, and of axis and legend


@dataclass(frozen=True, slots=True)
class Bar:
    """How many documents of a type are in a state."""

    type: str
    state: str
    documents: int


def show_figures(facts: IndexFacts) -> None:
    """Show how much is indexed, and how long ago it was last looked at."""
    searchable = facts.documents.get("indexed", 0) + facts.documents.get("flagged", 0)
    columns = st.columns(4)
    columns[0].metric("Documents", f"{searchable:,}", border=True, help="Those that can be found.")
    columns[1].metric("Chunks", f"{facts.chunks:,}", border=True)
    columns[2].metric("Size", f"{facts.bytes / 1e6:,.1f} MB", border=True, help="Of the search index on disk.")
    columns[3].metric("Last refresh", ago_or_never(min(facts.lag_s.values(), default=None)), border=True)
    st.caption(f"revision {facts.revision} · generation {facts.generation} · bundle {facts.bundle}")


def show_documents(counts: Sequence[DocumentCount]) -> None:
    """Show documents by type, and by state with what it means."""
    by_type: Counter[tuple[str, str]] = Counter()
    by_state: Counter[str] = Counter()
    for each in counts:
        by_type[each.type or "not known", each.state] += each.documents
        by_state[each.state] += each.documents
    left, right = st.columns(2, gap="medium")
    with left:
        rows = [Bar(visible(type_), state, count) for (type_, state), count in sorted(by_type.items())]
        show_chart("Documents by type", _bars(rows), [asdict(row) for row in rows], "home_types")
    with right:
        st.markdown("**Documents by state**")
        present = [name for name in _STATES if by_state[name]]
        states: list[Row] = [
            {"state": name, "documents": by_state[name], "meaning": _MEANINGS[name]} for name in present
        ]
        show_table(states, "home_states")
        st.page_link(
            "views/corpus.py", label="All documents, and why one is not searchable", icon=":material/arrow_forward:"
        )


def show_sources(sources: Sequence[SourceState]) -> None:
    """Show each source with how fresh it is; a late one is said in words."""
    late = [each for each in sources if each.late]
    if late:
        st.warning(f"{len(late)} of {len(sources)} sources are late: *Refresh all sources* takes up what changed.")
    rows: list[Row] = [
        {
            "source": each.name,
            "documents": each.documents,
            "seen": ago_or_never(each.age_s),
            "wanted": f"within {duration(each.freshness_s)}" if each.freshness_s else "no limit",
            "state": _punctuality(each),
            "due": _due(each),
            "owner": each.owner or "",
        }
        for each in sources
    ]
    labels = {"seen": "Last seen whole", "wanted": "Wanted fresh", "due": "Next refresh"}
    show_table(rows, "home_sources", labels=labels, nothing="There is no source yet. *Add a folder* makes one.")


def ago_or_never(age_s: float | None) -> str:
    """Return how long ago, in words."""
    return f"{duration(age_s)} ago" if age_s is not None else "never"


def _punctuality(source: SourceState) -> str:
    if not source.late:
        return "on time" if source.freshness_s else "as it was seen"
    if source.age_s is None or source.freshness_s is None:
        return "LATE: never seen whole"
    return f"LATE by {duration(source.age_s - source.freshness_s)}"


def _due(source: SourceState) -> str:
    if source.due_at is None:
        return "when asked for"
    at = source.due_at.timestamp()
    return f"was due {ago(at)}" if ago(at) != "0 s ago" else source.due_at.strftime("%Y-%m-%d %H:%M UTC")


def _bars(rows: Sequence[Bar]) -> alt.Chart:
    states = {row.state for row in rows}
    legend = alt.Legend(orient="bottom", title=None) if len(states) > 1 else None
    scale = alt.Scale(domain=list(_STATES), range=list(COLOURS[: len(_STATES)]))
    chart = alt.Chart({"values": [asdict(row) for row in rows]}).mark_bar()
    encoded: alt.Chart = chart.encode(
        x=alt.X("sum(documents):Q", title="documents", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("type:N", title=None, sort="-x", axis=alt.Axis(labelOverlap=False)),
        color=alt.Color("state:N", sort=list(_STATES), scale=scale, legend=legend),
        tooltip=["type:N", "state:N", "documents:Q"],
    )
    types = len({row.type for row in rows})
    return encoded.properties(height=types * _BAR_PX + _AXIS_PX)
