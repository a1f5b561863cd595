"""Charts on a page, with downloads: as a picture for a report, and as the figures behind it."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Literal

import altair as alt
import streamlit as st

from rag.api.view import shown, visible
from workbench.widgets.tables import as_csv

# Okabe & Ito, 2008: told apart by people with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart
Form = Literal["png", "svg"]
_SCALE = 2.0  # pixels of a picture for one of the page


def show_chart(title: str, chart: Chart, rows: Sequence[Mapping[str, str | float | int | None]], key: str) -> None:
    """Show a chart under its title, with its figures as CSV and itself as PNG and SVG.

    rows: the figures that it draws.
    """
    show_title(title, key, lambda: as_csv(rows), lambda form: picture(chart, form))
    st.altair_chart(chart, key=f"{key}_chart", alt=visible(title))


def show_title(title: str, key: str, figures: Callable[[], bytes], draw: Callable[[Form], bytes]) -> None:
    """Show a title with what stands below it as CSV, PNG and SVG, each made when it is asked for."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<div style="font-weight:600" dir="auto">{shown(title)}</div>', width="stretch")
        download(f"{key}_csv", "CSV", figures, f"{key}.csv", "text/csv")
        download(f"{key}_png", "PNG", lambda: draw("png"), f"{key}.png", "image/png")
        download(f"{key}_svg", "SVG", lambda: draw("svg"), f"{key}.svg", "image/svg+xml")


def download(key: str, label: str, make: Callable[[], bytes], file_name: str, mime: str) -> None:
    """Show a button that makes a file when it is asked for, and not before."""
    st.download_button(label, make, file_name, mime, key=key, on_click="ignore", type="tertiary")


def picture(chart: Chart, form: Form) -> bytes:
    """Return a chart as "png" or "svg" on white, drawn here: no browser, no network."""
    styled = chart.configure(background="white", font="sans-serif").configure_view(stroke=None)
    if form == "svg":
        text = StringIO()
        styled.save(text, format="svg")
        return text.getvalue().encode()
    content = BytesIO()
    styled.save(content, format="png", scale_factor=_SCALE)
    return content.getvalue()
