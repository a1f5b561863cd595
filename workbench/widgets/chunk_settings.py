"""The settings that decide chunks, as fields: with their meaning, range and default."""

from typing import Literal, TypeAlias

import streamlit as st

from rag.config import STRATEGIES, IndexConfig

Side: TypeAlias = Literal["a", "b"]
_STRATEGY = (
    "How the text is cut. auto: sections, paragraphs, lists and rows stay whole where they fit, else sentences. "
    "sentences: whole sentences up to the limit. recursive: at blank lines, then lines, stops, blanks. "
    "tokens: after any word, as many as fit."
)
_TOKENS = "The most tokens of a chunk's text, without its context line."
_OVERLAP = "The most tokens that a chunk repeats of the one before it. Half of the chunk size is the most that counts."
_CONTEXT = "Title, headings and table header are put before each chunk for searching. They take room from its text."


def choose_index(side: Side, default: IndexConfig) -> IndexConfig | None:
    """Show the settings of one side, kept in the address; return what is chosen, None where it cannot be."""
    name, strategies = side.upper(), list(dict.fromkeys([*STRATEGIES, default.strategy]))
    with st.container(border=True, key=f"chunks_{side}"):
        strategy, tokens, overlap = st.columns(3)
        with strategy:
            cut = st.selectbox(
                f"Strategy of {name}",
                strategies,
                index=strategies.index(default.strategy),
                help=f"{_STRATEGY} Default: {_default('strategy')}.",
                key=f"{side}_strategy",
                bind="query-params",
            )
        with tokens:
            size = _number(f"Tokens of {name}", "chunk_tokens", f"{side}_tokens", default.chunk_tokens, _TOKENS)
        with overlap:
            repeated = _number(
                f"Overlap of {name}", "overlap_tokens", f"{side}_overlap", default.overlap_tokens, _OVERLAP
            )
        context = st.checkbox(
            f"Context line of {name}",
            default.context_line,
            help=f"{_CONTEXT} Default: {'on' if IndexConfig().context_line else 'off'}.",
            key=f"{side}_context",
            bind="query-params",
        )
        if repeated >= size:
            st.error("The overlap must be less than the tokens of a chunk.", icon=":material/error:")
            return None
    chosen = {"strategy": cut, "chunk_tokens": size, "overlap_tokens": repeated, "context_line": context}
    return IndexConfig.model_validate({**default.model_dump(), **chosen})


def halved(index: IndexConfig) -> IndexConfig:
    """Return a config with chunks of half the size: a difference that shows something."""
    smallest, _ = _range("chunk_tokens")
    size = max(smallest, index.chunk_tokens // 2)
    return index.model_copy(update={"chunk_tokens": size, "overlap_tokens": min(index.overlap_tokens, size // 2)})


def _number(label: str, field: str, key: str, default: int, meaning: str) -> int:
    smallest, largest = _range(field)
    said = f"{meaning} From {smallest} to {largest}; default {_default(field)}."
    return int(
        st.number_input(
            label, smallest, largest, default, step=1 if largest < 100 else 10, help=said, key=key, bind="query-params"
        )
    )


def _range(field: str) -> tuple[int, int]:
    schema = IndexConfig.model_json_schema()["properties"][field]
    return int(schema["minimum"]), int(schema["maximum"])


def _default(field: str) -> str:
    return str(IndexConfig.model_fields[field].default)
