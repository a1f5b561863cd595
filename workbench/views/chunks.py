"""A document with its chunks drawn over it, under two index configs, and what they do to the spans of an eval set."""

import streamlit as st

from workbench import chunked
from workbench.widgets.chunk_choices import choose_document, choose_set
from workbench.widgets.chunk_settings import choose_index, halved
from workbench.widgets.chunk_sizes import show_sizes
from workbench.widgets.chunk_tables import show_chunks, show_figures, show_spans
from workbench.widgets.chunk_text import show_text
from workbench.widgets.chunk_words import no_spans, show_comparison_link, show_room, show_same

st.title("Chunks")
st.caption("How a document is cut under two index settings, before anything is indexed anew.")
serving = chunked.serving_index()
of_set, of_document = st.columns([1, 3])
with of_set:
    chosen_set = choose_set()
found = chunked.set_documents(chosen_set)
with of_document:
    chosen = choose_document(found)
if chosen is None:
    st.info("No document has these words in its title or place. Search for others.", icon=":material/search_off:")
    st.stop()

left, right = st.columns(2)
with left:
    index_a = choose_index("a", serving)
with right:
    index_b = choose_index("b", halved(serving))
if index_a is None or index_b is None:
    st.stop()

document = chunked.read_document(chosen)
a, b = chunked.chunks_of(document, index_a), chunked.chunks_of(document, index_b)
if a.figures is None or b.figures is None:
    st.info("This document has no text, so there is nothing to cut. Choose another one.", icon=":material/info:")
    st.stop()
named = found.spans.get(chosen.uri, ())
spans = chunked.drawn_spans(document.text, named, a, b)

show_same(index_a, index_b)
show_room(a, b)
show_figures(a.figures, b.figures, spans)
show_comparison_link(chosen_set, index_a, index_b)

st.subheader("The text")
no_spans(chosen_set, named, spans)
show_text(document, a, b, spans)

st.subheader("Split spans")
show_spans(spans)

sizes, of_a, of_b = st.tabs(["Sizes", "Chunks of A", "Chunks of B"], on_change="rerun", key="chunks_tables")
if sizes.open:
    with sizes:
        show_sizes(a, b)
if of_a.open:
    with of_a:
        show_chunks("a", a.chunks)
if of_b.open:
    with of_b:
        show_chunks("b", b.chunks)
