"""Parts of a page that fail by themselves: the others are shown all the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rag.api.view import visible
from rag.errors import NoIndexError, RagError


@contextmanager
def section(title: str) -> Iterator[None]:
    """Show what is inside under a title, or why it cannot be shown. Raises NoIndexError: that concerns the page."""
    st.subheader(title)
    try:
        yield
    except NoIndexError:
        raise
    except RagError as error:
        show_failure(error)


def show_failure(error: RagError) -> None:
    """Show what went wrong and what to do, in the place of a part of the page."""
    st.error(error.title, icon=":material/error:")
    st.text(visible(str(error)))
