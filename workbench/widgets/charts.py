"""Charts on a page, with downloads: as a picture for a report, and as the figures behind it."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO, StringIO
from typing import Literal

import altair as alt
import streamlit as st

from workbench.widgets.tables import as_csv

# Okabe & Ito, 2008: told apart by people with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart
_SCALE = 2.0  # pixels of a picture for one of the page


def show_chart(title: str, chart: Chart, rows: Sequence[Mapping[str, str | float | int | None]], key: str) -> None:
    """Show a chart under its title, with its figures as CSV and itself as PNG and SVG.

    rows: the figures that it draws.
    """
    st.markdown(f"**{title}**")
    st.altair_chart(chart, key=f"{key}_chart", alt=title)
    with st.container(horizontal=True, horizontal_alignment="right"):
        download(f"{key}_csv", "CSV", lambda: as_csv(rows), f"{key}.csv", "text/csv")
        download(f"{key}_png", "PNG", lambda: picture(chart, "png"), f"{key}.png", "image/png")
        download(f"{key}_svg", "SVG", lambda: picture(chart, "svg"), f"{key}.svg", "image/svg+xml")


def download(key: str, label: str, make: Callable[[], bytes], file_name: str, mime: str) -> None:
    """Show a button that makes a file when it is asked for, and not before."""
    st.download_button(label, make, file_name, mime, key=key, on_click="ignore", type="tertiary")


def picture(chart: Chart, form: Literal["png", "svg"]) -> bytes:
    """Return a chart as "png" or "svg" on white, drawn here: no browser, no network."""
    styled = chart.configure(background="white", font="sans-serif").configure_view(stroke=None)
    if form == "svg":
        text = StringIO()
        styled.save(text, format="svg")
        return text.getvalue().encode()
    content = BytesIO()
    styled.save(content, format="png", scale_factor=_SCALE)
    return content.getvalue()
