"""What moved between two rankings, whether or not they cut the documents alike."""

from rag.answers import Citation, TracedHit
from rag.side_by_side import Ranked, moves, only_in_first
from rag.types import Chunk


def ranked(*places: tuple[str, int, int], kept: int = 1) -> list[Ranked]:
    return [
        (
            TracedHit(f"{doc}{start}:{end}", doc, "v", doc, f"h/{doc}", 0.5, {}, "kept" if at < kept else "below"),
            Chunk(f"{doc}{start}:{end}", doc, start, end, "x" * (end - start)),
        )
        for at, (doc, start, end) in enumerate(places)
    ]


def test_a_chunk_of_both_has_both_ranks_and_the_places_it_moved():
    found = moves(ranked(("a", 0, 9), ("b", 0, 9)), ranked(("b", 0, 9), ("a", 0, 9), kept=2))
    assert [(each.chunk.document_id, each.rank_a, each.rank_b, each.change) for each in found] == [
        ("a", 1, 2, -1),
        ("b", 2, 1, 1),
    ]
    assert [(each.kept_a, each.kept_b) for each in found] == [(True, True), (False, True)]


def test_what_one_of_them_alone_has_has_no_change():
    found = moves(ranked(("a", 0, 9)), ranked(("b", 0, 9)))
    assert [(each.rank_a, each.rank_b, each.change) for each in found] == [(1, None, None), (None, 1, None)]
    assert [(each.kept_a, each.kept_b) for each in found] == [(True, False), (False, True)]


def test_chunks_that_are_cut_in_other_places_are_paired_by_what_they_share():
    found = moves(ranked(("a", 0, 100), ("a", 100, 200)), ranked(("a", 90, 180), ("a", 0, 90), ("a", 180, 200)))
    assert [(each.rank_a, each.rank_b) for each in found] == [(1, 2), (2, 1), (None, 3)]


def test_a_quote_is_in_both_where_the_two_share_text():
    one, other, far = (
        Citation(1, "d", "v", "c", "D", "h/d", None, (), start, end, "x") for start, end in ((0, 9), (5, 20), (50, 60))
    )
    assert only_in_first([one, far], [other]) == [far]
    assert only_in_first([one], []) == [one]
