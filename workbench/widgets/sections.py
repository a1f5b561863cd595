"""Parts of a page that fail by themselves: the others are shown all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rag.errors import NoIndexError, RagError
from workbench.widgets.errors import show_error


@contextmanager
def section(title: str) -> Iterator[None]:
    """Show what is inside under a title, or why it cannot be shown. Raises NoIndexError: that concerns the page."""
    st.subheader(title)
    try:
        yield
    except NoIndexError:
        raise
    except RagError as error:
        show_error(error)
