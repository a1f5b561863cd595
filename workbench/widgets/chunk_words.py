"""What the page of chunks says beside its figures: what is the same, what is missing, and where to go on."""

from collections.abc import Sequence

import streamlit as st

from evals.set_spans import CaseSpan
from indexing.rechunking import Rechunked
from rag.config import IndexConfig
from workbench.chunked import DrawnSpan


def show_same(a: IndexConfig, b: IndexConfig) -> None:
    """Say so where A and B are the same."""
    if a == b:
        st.info("A and B are the same. Change a setting of one of them to see what it does.", icon=":material/info:")


def show_room(a: Rechunked, b: Rechunked) -> None:
    """Say where chunks may not be as long as it was wished, because the embedder reads no more."""
    for name, each in (("A", a), ("B", b)):
        if each.figures and each.figures.limit < each.config.chunk_tokens:
            st.caption(
                f"{name}: at most {each.figures.limit} tokens fit here, not {each.config.chunk_tokens}. "
                "Text and context line together must stay within what the embedder reads."
            )


def show_comparison_link(set_path: str, a: IndexConfig, b: IndexConfig) -> None:
    """Lead to an experiment with both settings on the set."""
    sizes_alone = a.model_copy(update={"chunk_tokens": b.chunk_tokens}) == b and a != b
    varied = {"vary": "index.chunk_tokens", "values": f"{a.chunk_tokens},{b.chunk_tokens}"} if sizes_alone else {}
    st.page_link(
        "views/experiment.py",
        label="Compare these two on an eval set",
        icon=":material/science:",
        query_params={**({"set": set_path} if set_path else {}), **varied},
    )


def no_spans(set_path: str, named: Sequence[CaseSpan], standing: Sequence[DrawnSpan]) -> None:
    """Say what to do where no span can be drawn, or not all of them."""
    if not named:
        said = "No case of this eval set has a span in this document." if set_path else "No eval set is chosen."
        st.info(f"{said} Choose another set or document, or make a case.", icon=":material/info:")
        st.page_link("views/eval_sets.py", label="Make a case", query_params={"set": set_path} if set_path else None)
    elif len(standing) < len(named):
        missing = len(named) - len(standing)
        st.warning(
            f"Spans whose text does not stand in this document: {missing} of {len(named)}. Mend the cases.",
            icon=":material/warning:",
        )
        st.page_link("views/eval_sets.py", label="Mend them", query_params={"set": set_path})
