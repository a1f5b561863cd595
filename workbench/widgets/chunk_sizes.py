"""The sizes of two chunkings as a histogram: A above the line, B below it, in the same bins."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt

from indexing.rechunking import Rechunked
from workbench.widgets.charts import COLOURS, show_chart

_BINS = 25


def show_sizes(a: Rechunked, b: Rechunked) -> None:
    """Show how many chunks of each have which size."""
    found = bins([chunk.tokens for chunk in a.chunks], [chunk.tokens for chunk in b.chunks])
    rows = [asdict(each) for each in found]
    drawn = [asdict(each) | {"drawn": each.chunks if each.side == "A" else -each.chunks} for each in found]
    counts = alt.Axis(labelExpr="format(abs(datum.value), ',d')", tickMinStep=1)
    chart = (
        alt.Chart({"values": drawn})
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("start:Q", bin="binned", title="Tokens of a chunk"),
            x2="end:Q",
            y=alt.Y("drawn:Q", title="Chunks: A above, B below", axis=counts),
            y2=alt.datum(0),
            color=alt.Color("side:N", title="", scale=alt.Scale(domain=["A", "B"], range=list(COLOURS[:2]))),
            tooltip=["side:N", "start:Q", "end:Q", "chunks:Q"],
        )
        .properties(height=260, width=760)
    )
    show_chart("Sizes of chunks", chart, rows, "chunk_sizes")


@dataclass(frozen=True, slots=True)
class Bin:
    """How many chunks of one side have at least `start` tokens, and fewer than `end`."""

    side: str
    start: int
    end: int
    chunks: int


def bins(a: Sequence[int], b: Sequence[int]) -> list[Bin]:
    """Return sizes counted in the same bins for both sides, A first."""
    smallest, largest = min([*a, *b]), max([*a, *b])
    width = max(1, -(-(largest - smallest + 1) // _BINS))
    return [
        Bin(side, start, start + width, sum(start <= size < start + width for size in sizes))
        for side, sizes in (("A", a), ("B", b))
        for start in range(smallest, largest + 1, width)
    ]
