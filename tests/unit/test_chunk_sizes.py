"""The histogram of two chunkings: the same bins for both, and every chunk in one of them."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.widgets.chunk_sizes import bins

SIZES = st.lists(st.integers(1, 2048), min_size=1, max_size=60)


@given(SIZES, SIZES)
def test_every_chunk_is_counted_once_in_bins_that_both_sides_share(a, b):
    found = bins(a, b)
    edges = {side: [(each.start, each.end) for each in found if each.side == side] for side in "AB"}
    assert edges["A"] == edges["B"]
    assert all(end == start for (_, end), (start, _) in zip(edges["A"], edges["A"][1:], strict=False))
    assert [sum(each.chunks for each in found if each.side == side) for side in "AB"] == [len(a), len(b)]


def test_a_size_at_an_edge_belongs_to_the_bin_that_begins_there():
    found = bins([10, 11, 12], [12])
    assert [(each.side, each.start, each.chunks) for each in found if each.chunks] == [
        ("A", 10, 1),
        ("A", 11, 1),
        ("A", 12, 1),
        ("B", 12, 1),
    ]
