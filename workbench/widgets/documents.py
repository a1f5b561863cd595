"""The table of all documents: what is asked for, what is shown of it, and which one is opened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

import pyarrow as pa
import streamlit as st

from indexing.corpus_table import DocumentRow, Mark, Wanted, mark, read_rows, values_of
from rag.api.view import visible
from workbench import state
from workbench.widgets.charts import download
from workbench.widgets.tables import as_csv

_FILTERED = ("state", "type", "source", "reason", "roles")
_MOST_CHOICES = 200  # of a field, to choose from
_TABLE = "corpus_table"
_ROW_PX, _TABLE_PX = 35, 560
_NOTHING: dict[str, object] = {  # of each filter, by its name in the address
    **{"find": "", "state": [], "type": [], "source": [], "reason": [], "role": []},
    **{"after": None, "before": None},
}
_COLUMNS = {
    "title": st.column_config.TextColumn("Title", width=240),
    "uri": st.column_config.TextColumn("URI", width=200),
    "state": st.column_config.TextColumn("State", width="small"),
    "type": st.column_config.TextColumn("Type", width="small"),
    "reason": st.column_config.TextColumn("Reason", width=150),
    "chunks": st.column_config.NumberColumn("Chunks", format="localized", width="small"),
    "bytes": st.column_config.NumberColumn("Size", format="bytes", width="small"),
    "date": st.column_config.DateColumn("Dated", format="YYYY-MM-DD", width="small"),
    "roles": st.column_config.TextColumn("Roles", width="small"),
    "language": st.column_config.TextColumn("Language", width="small"),
    "indexed_at": st.column_config.DatetimeColumn("Indexed (UTC)", format="YYYY-MM-DD HH:mm"),
    "source": st.column_config.TextColumn("Source", width="small"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """All documents that the workbench may read: as rows, and as the columns that are sent to a browser."""

    rows: Sequence[DocumentRow]
    table: pa.Table
    choices: Mapping[str, Sequence[str]]  # what can be filtered by, by field; the most frequent first


def listed() -> Listed:
    """Return the documents as they are now; read again only where anything changed. Raises NoIndexError."""
    with state.ledger().read() as connection:
        now = mark(connection)
    return _listed(str(state.settings().home), now, tuple(sorted(state.caller().roles)))


@st.cache_resource(max_entries=2, show_spinner="Reading the documents")
def _listed(home: str, now: Mark, roles: tuple[str, ...]) -> Listed:  # noqa: ARG001  # read again where these differ
    with state.ledger().read() as connection:
        rows = read_rows(connection, frozenset(roles))
    return Listed(rows, as_table(rows), choices_of(rows))


def as_table(rows: Sequence[DocumentRow]) -> pa.Table:
    """Return rows as columns, with text that is safe to show."""
    return pa.table(
        {
            "title": _texts(row.title for row in rows),
            "uri": _texts(row.uri for row in rows),
            "state": _words(row.state for row in rows),
            "type": _words(row.type for row in rows),
            "reason": _words(row.reason for row in rows),
            "chunks": pa.array([row.chunks for row in rows], pa.int32()),
            "bytes": pa.array([row.bytes for row in rows], pa.int64()),
            "date": pa.array([row.date for row in rows], pa.date32()),
            "roles": _words(", ".join(row.roles) for row in rows),
            "language": _words(row.language for row in rows),
            "indexed_at": pa.array([_ms(row.indexed_at) for row in rows], pa.timestamp("ms")),
            "source": _words(row.source for row in rows),
        }
    )


def choices_of(rows: Sequence[DocumentRow]) -> dict[str, list[str]]:
    """Return what rows can be filtered by, by field."""
    return {field: values_of(rows, field)[:_MOST_CHOICES] for field in _FILTERED}


def ask_for(choices: Mapping[str, Sequence[str]]) -> Wanted:
    """Show the search field and the filters, which the address holds; return what is asked for."""
    found = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    with found[0]:
        text = st.text_input("Search", key="find", bind="query-params", placeholder="Words of title, URI or reason")
    with found[1]:
        states = _choice("State", "state", choices["state"])
    with found[2]:
        types = _choice("Type", "type", choices["type"])
    with found[3]:
        sources = _choice("Source", "source", choices["source"])
    more = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    with more[0]:
        reasons = _choice("Reason", "reason", choices["reason"])
    with more[1]:
        roles = _choice("Role", "role", choices["roles"])
    with more[2]:
        after = _day("Dated from", "after")
    with more[3]:
        before = _day("Dated until", "before")
    return Wanted(text.strip(), types, states, roles, sources, reasons, after, before)


def show_documents(found: Listed, places: Sequence[int]) -> None:
    """Show the rows at these places; one that is chosen is opened."""
    if not places:
        st.text(f"None of {len(found.rows):,} documents meets all of this.")
        st.button("Show all documents", key="corpus_clear", on_click=_clear)
        return
    all_shown = len(places) == len(found.rows)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(f"{len(places):,} of {len(found.rows):,} documents. Click one to open it.")
        download("corpus_csv", "CSV", lambda: _csv(found.rows, places), "documents.csv", "text/csv")
    st.dataframe(
        found.table if all_shown else found.table.take(places),
        column_config=_COLUMNS,
        hide_index=True,
        height=min((len(places) + 1) * _ROW_PX + 2, _TABLE_PX),
        key=_TABLE,
        on_select=partial(_open, [found.rows[place].id for place in places]),
        selection_mode=["single-row", "single-cell"],
        lazy=False,
    )


def _open(ids: Sequence[str]) -> None:
    """Put the document that was chosen into the address."""
    chosen = st.session_state[_TABLE].selection
    places = [*chosen.rows, *(row for row, _ in chosen.cells)]
    if places:
        st.query_params["document"] = ids[places[0]]


def _clear() -> None:
    st.session_state.update(_NOTHING)


def _choice(label: str, key: str, options: Sequence[str]) -> list[str]:
    return st.multiselect(
        label, options, key=key, bind="query-params", format_func=visible, placeholder="Any", disabled=not options
    )


def _day(label: str, key: str) -> date | None:
    return st.date_input(
        label, value=None, key=key, bind="query-params", format="YYYY-MM-DD", min_value=date(1900, 1, 1)
    )


def _csv(rows: Sequence[DocumentRow], places: Sequence[int]) -> bytes:
    return as_csv([_cells(rows[place]) for place in places])


def _cells(row: DocumentRow) -> dict[str, str | int]:
    at = datetime.fromtimestamp(row.indexed_at, UTC).isoformat(timespec="seconds") if row.indexed_at else ""
    exact = {"roles": " ".join(row.roles), "date": row.date.isoformat() if row.date else "", "indexed_at": at}
    return row._asdict() | exact


def _texts(values: Iterable[str]) -> pa.Array:
    # What `visible` names is never printable; asking first takes a tenth of the time.
    return pa.array([value if value.isprintable() else visible(value) for value in values], pa.string())


def _words(values: Iterable[str]) -> pa.Array:
    """Return texts of which few differ, each of them once: half of what is sent to the browser else."""
    return _texts(values).dictionary_encode()


def _ms(seconds: float | None) -> int | None:
    return int(seconds * 1000) if seconds else None
