"""Two answers to one question: what moved between them."""

from collections.abc import Mapping

import streamlit as st

from rag.side_by_side import Move, moves, only_in_first
from workbench.asking import Side
from workbench.widgets.tables import Cell, show_table

_SHOWN_CHARS = 160  # of a chunk


def show_moves(a: Side, b: Side) -> None:
    """Show every chunk that one of the two kept or moved, with its rank in both, and quotes that only one has."""
    found = moves(a.ranking, b.ranking)
    kept = [each for each in found if each.kept_a or each.kept_b]
    moved = [each for each in found if each.change != 0 and each not in kept]
    st.markdown(_said(kept, len(moved)))
    show_table(
        [_row(each) for each in [*kept, *moved]], "ask_moves", labels={"rank_a": "Rank in A", "rank_b": "Rank in B"}
    )
    _show_quotes("A", a, b)
    _show_quotes("B", b, a)


def _said(kept: list[Move], others: int) -> str:
    both = sum(each.kept_a and each.kept_b for each in kept)
    only_a, only_b = (sum(each.kept_a for each in kept) - both, sum(each.kept_b for each in kept) - both)
    same = f"{both} chunks are in both contexts, {only_a} in that of A alone, {only_b} in that of B alone."
    return f"{same} {others} more changed their rank."


def _row(move: Move) -> Mapping[str, Cell]:
    return {
        "rank_a": move.rank_a,
        "rank_b": move.rank_b,
        "change": _change(move),
        "kept": "both" if move.kept_a and move.kept_b else "A" if move.kept_a else "B" if move.kept_b else "",
        "document": move.hit.title,
        "text": " ".join(move.chunk.text.split())[:_SHOWN_CHARS],
        "uri": move.hit.uri,
    }


def _change(move: Move) -> str:
    if move.change is None:
        return "only in A" if move.rank_b is None else "only in B"
    return f"▲ {move.change}" if move.change > 0 else f"▼ {-move.change}" if move.change < 0 else "="


def _show_quotes(name: str, side: Side, other: Side) -> None:
    found = only_in_first(side.answered.answer.citations, other.answered.answer.citations)
    if not found:
        return
    st.markdown(f"Quoted by {name} alone:")
    rows: list[Mapping[str, Cell]] = [{"document": each.title, "text": each.quote, "uri": each.uri} for each in found]
    show_table(rows, f"ask_quotes_{name}")
