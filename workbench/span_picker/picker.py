"""A document's text on a page, in which a person finds and selects a stretch: by keyboard or by mouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_PICKER = st.components.v2.component(
    "plumbline_span_picker",
    js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("places.js", "picker.js")),
    css=(_HERE / "picker.css").read_text(encoding="utf-8"),
    isolate_styles=True,
)


@dataclass(frozen=True, slots=True)
class Picked:
    """A stretch of a text, in code points."""

    start: int
    end: int


def pick_span(text: str, *, key: str, marked: Sequence[Picked] = ()) -> Picked | None:
    """Show a text to select in; return what was picked since the last run of the page, if it lies in the text.

    marked: spans that are drawn in; the text is scrolled to the first.
    """
    found = _shown(text, key, marked, readonly=False)
    return picked_of(found, text)


def show_spans(text: str, *, key: str, marked: Sequence[Picked], first: Picked | None = None) -> None:
    """Show a text with spans drawn in, scrolled to one of them; it can be searched."""
    _shown(text, key, marked, first=first, readonly=True)


def picked_of(found: object, text: str) -> Picked | None:
    """Return what a browser sent as a span; None for what is none: blank, outside of the text, or no numbers."""
    if not isinstance(found, dict):
        return None
    start, end = (_whole(found.get(name)) for name in ("start", "end"))
    if start is None or end is None or not 0 <= start < end <= len(text) or not text[start:end].strip():
        return None
    return Picked(start, end)


def _shown(text: str, key: str, marked: Sequence[Picked], *, readonly: bool, first: Picked | None = None) -> object:
    spans = [[each.start, each.end] for each in marked]
    shown = [first.start, first.end] if first else spans[0] if spans else None
    data = {"text": text, "label": "Text of the document", "marked": spans, "shown": shown, "readonly": readonly}
    return _PICKER(key=key, data=data, on_picked_change=lambda: None).get("picked")


def _whole(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
