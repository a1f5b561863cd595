"""What is indexed, and what to do next."""

import streamlit as st

from workbench import state
from workbench.widgets.times import duration

st.title("Plumbline")
facts = state.service().index_facts()

st.markdown("Ask questions of your documents, and see how each answer was made.")
st.page_link("views/ask.py", label="Ask a question", icon=":material/search:")

st.subheader("The index")
searchable = facts.documents.get("indexed", 0) + facts.documents.get("flagged", 0)
columns = st.columns(4)
columns[0].metric("Documents", f"{searchable:,}", border=True)
columns[1].metric("Chunks", f"{facts.chunks:,}", border=True)
columns[2].metric("Size", f"{facts.bytes / 1e6:,.1f} MB", border=True)
columns[3].metric("Since the last publish", duration(facts.age_s), border=True)
st.caption(f"revision {facts.revision} · generation {facts.generation} · bundle {facts.bundle}")

unsearchable = [{"State": name, "Documents": count} for name, count in facts.documents.items() if name != "indexed"]
if unsearchable:
    st.markdown("Not every document is as it should be; `plumbline index documents` says why:")
    st.dataframe(unsearchable, hide_index=True, key="home_states")

st.subheader("Sources")
sources = [{"Source": name, "Last seen whole": f"{duration(lag_s)} ago"} for name, lag_s in facts.lag_s.items()]
st.dataframe(sources, hide_index=True, key="home_sources")
st.markdown("`plumbline index refresh` takes up what changed; `plumbline index build PATH` adds a folder.")
