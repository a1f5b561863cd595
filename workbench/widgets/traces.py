"""Why this answer: every stage in order, what it gave, and what it dropped."""

from collections.abc import Callable, Mapping
from itertools import accumulate

import streamlit as st

from rag.answers import TracedHit
from rag.config import QueryConfig
from rag.explanation import Way, ways
from rag.reranking import compared_as
from workbench.asking import Side
from workbench.widgets.tables import Cell, Row, show_table

LEGS = {"dense": "By meaning", "lexical": "By words"}
_FUSED = {
    "weighted": "Scores are scaled to 0 to 1; what counts is {dense:.2f} × meaning + {lexical:.2f} × words.",
    "rrf": "Every leg gives 1 / ({k} + rank); what counts is the sum.",
    "dbsf": "Scores are scaled by mean and spread; what counts is {dense:.2f} × meaning + {lexical:.2f} × words.",
}
_RERANKED = {
    "none": "No reranker: the fused order stands.",
    "late_interaction": "The first 50 are compared word by word: half of the score is that, half the fused one.",
}
_COMPARED = {"none": "word_by_word", "late_interaction": "word_by_word", "cross_encoder": "cross_encoder"}
_CROSS_ENCODED = "A cross-encoder has read the first 20 together with the question: the score is its own."
_SHOWN_CHARS = 160  # of a chunk, in a table


def show_why(side: Side, key: str) -> None:
    """Show the stages of one answer, each under a tab."""
    trace, found = side.answered.trace, ways(side.answered.trace, side.bundle.query)
    tabs: dict[str, Callable[[], None]] = {"Times": lambda: _show_times(side, key)}
    for name in (name for name in LEGS if name in trace.legs):
        tabs[f"{LEGS[name]} ({len(trace.legs[name])})"] = lambda name=name: _show_leg(side, name, key)  # type: ignore[misc]  # bound now
    tabs |= {
        f"Fused ({len(found)})": lambda: _show_fused(side, found, key),
        "Reranked": lambda: _show_reranked(side, found, key),
        f"Context ({sum(each.hit.fate == 'kept' for each in found)})": lambda: _show_context(side, key),
        f"Sentences ({len(trace.sentences)})": lambda: _show_sentences(side, key),
    }
    for tab, show in zip(st.tabs(list(tabs), key=f"{key}_stages"), tabs.values(), strict=True):
        with tab:
            show()


def _show_times(side: Side, key: str) -> None:
    timings_ms = side.answered.trace.timings_ms or side.answered.answer.timings_ms
    stages = [{"stage": stage, "ms": took, "share": took} for stage, took in timings_ms.items() if stage != "total"]
    most = max((took for stage, took in timings_ms.items() if stage != "total"), default=1.0)
    columns = {
        "stage": st.column_config.TextColumn("Stage"),
        "ms": st.column_config.NumberColumn("Time (ms)", format="%.1f"),
        "share": st.column_config.ProgressColumn("", min_value=0, max_value=most, format=" "),
    }
    st.caption(f"{timings_ms.get('total', 0.0):.1f} ms in all, when it was asked.")
    st.dataframe(stages, column_config=columns, hide_index=True, key=f"{key}_times")


def _show_leg(side: Side, name: str, key: str) -> None:
    known = {hit.chunk_id: hit for hit in side.answered.trace.candidates}
    rows = [
        {"rank": rank, "score": score, **_what(side, known[chunk_id])}
        for rank, (chunk_id, score) in enumerate(side.answered.trace.legs[name], 1)
        if chunk_id in known
    ]
    st.caption(_LEG_SAYS[name])
    show_table(rows, f"{key}_leg_{name}", nothing="This leg found nothing.")


def _show_fused(side: Side, found: list[Way], key: str) -> None:
    query = side.bundle.query
    weights = {"dense": query.dense_weight, "lexical": 1 - query.dense_weight, "k": query.rrf_k}
    st.caption(_FUSED[query.fusion].format(**weights) if len(query.legs) > 1 else "One leg: its order stands.")
    rows = [_fused_row(side, way) for way in sorted(found, key=lambda each: each.fused_rank)]
    labels = {
        "meaning": "From meaning",
        "words": "From words",
        "meaning_rank": "Rank there",
        "words_rank": "Rank there ",
    }
    show_table(rows, f"{key}_fused", labels=labels, nothing="No candidate was left.")


def _fused_row(side: Side, way: Way) -> Mapping[str, Cell]:
    return {
        "rank": way.fused_rank,
        "fused": way.fused,
        "meaning": way.shares.get("dense"),
        "meaning_rank": way.leg_ranks.get("dense"),
        "words": way.shares.get("lexical"),
        "words_rank": way.leg_ranks.get("lexical"),
        **_what(side, way.hit),
    }


def _show_reranked(side: Side, found: list[Way], key: str) -> None:
    st.caption(_RERANKED.get(side.bundle.query.rerank, _CROSS_ENCODED))
    compared = compared_as(side.bundle.query)
    rows = [
        {
            "rank": way.rank,
            "moved": _moved(way.moved),
            "score": way.hit.score,
            "fused": way.fused,
            _COMPARED[compared]: way.hit.scores.get(compared),
            **_what(side, way.hit),
        }
        for way in found
    ]
    show_table(rows, f"{key}_reranked", labels={"fused": "Before"}, nothing="No candidate was left.")


def _show_context(side: Side, key: str) -> None:
    query = side.bundle.query
    st.caption(_limits(query))
    spent = list(accumulate(chunk.tokens for _, chunk in side.ranking[: query.top_k]))
    rows: list[Row] = [
        {
            "rank": rank,
            "fate": hit.fate,
            "tokens": chunk.tokens,
            "tokens_so_far": spent[rank - 1] if rank <= len(spent) else None,
            **_what(side, hit),
        }
        for rank, (hit, chunk) in enumerate(side.ranking, 1)
    ]
    show_table(rows, f"{key}_context", nothing="No candidate was left.")


def _show_sentences(side: Side, key: str) -> None:
    known = {hit.chunk_id: hit for hit in side.answered.trace.candidates}
    rows = [
        {
            "fit": each.score,
            "support": each.support,
            "fate": each.fate,
            "text": each.text,
            "document": known[each.chunk_id].title if each.chunk_id in known else "",
            "place": f"{each.start}:{each.end}",
        }
        for each in sorted(side.answered.trace.sentences, key=lambda each: (each.fate != "quoted", -each.score))
    ]
    st.caption("Sentences of the context, by how well they fit the question; a sentence without support is dropped.")
    show_table(rows, f"{key}_sentences", nothing="No sentence was read.")


def _what(side: Side, hit: TracedHit) -> dict[str, Cell]:
    chunk = side.chunks.get(hit.chunk_id)
    text = " ".join(chunk.text.split())[:_SHOWN_CHARS] if chunk else ""
    return {"document": hit.title, "text": text, "uri": hit.uri, "chunk": hit.chunk_id}


def _limits(query: QueryConfig) -> str:
    return f"The first {query.top_k} are kept, as far as they fit {query.context_tokens:,} tokens."


def _moved(places: int) -> str:
    return f"▲ {places}" if places > 0 else f"▼ {-places}" if places < 0 else "="


_LEG_SAYS = {
    "dense": "Chunks whose meaning is closest to the question's: the cosine of two vectors, 1 at most.",
    "lexical": "Chunks that share words with the question, rare words first: BM25.",
}
