"""All documents that were seen, and one of them: what it is, what was made of it, and what can be done with it."""

import streamlit as st

from workbench import state
from workbench.widgets.documents import ask_for, listed, show_documents
from workbench.widgets.one_document import show_actions, show_content, show_facts, show_head, show_links

st.title("Corpus")
document_id = st.query_params.get("document")
if document_id:
    if st.button("All documents", key="corpus_all", icon=":material/arrow_back:", type="tertiary"):
        del st.query_params["document"]
        st.rerun()
    facts = state.facts(document_id)
    show_head(facts)
    show_links(facts.row, state.api_url())
    show_actions(facts.row)
    show_facts(facts)
    if facts.row.is_searchable:
        show_content(state.read(document_id))
    st.stop()

found = listed()
if not found.rows:
    st.info("No document was found in any source, or none that may be read here.", icon=":material/folder_open:")
    st.markdown("Add files to a source and refresh, or add another source:")
    st.code("plumbline index sources\nplumbline index refresh\nplumbline index build PATH", language=None)
    st.stop()
wanted = ask_for(found.choices)
show_documents(found, wanted.among(found.rows))
