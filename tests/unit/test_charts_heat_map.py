"""Slices as a heat map: what gets worse stands first and is named so, and names are inert."""

from evals.charts import drawings_of
from evals.findings import Comparison
from evals.heat_map import SLICES, heat_map_of
from evals.run import Run
from tests.unit.made_runs import HOSTILE, case, compare_runs, run


def tagged(name: str, fall: float, tags: tuple[str, ...] = ("good", "bad")) -> Run:
    """Return a run that is better on the first tag and by `fall` worse on the others."""
    rows = [(tag, 0.5 + (0.2 if tag == tags[0] else -0.5) * fall) for tag in tags for _ in range(12)]
    return run(name, [case(at, {"recall@5": value}, tags=(tag,), docs=()) for at, (tag, value) in enumerate(rows)])


def compared(*tags: str) -> Comparison:
    return compare_runs([tagged("base", 0.0, tags), tagged("new", 1.0, tags)])


def test_what_gets_worse_stands_first_and_is_named_so() -> None:
    heat = heat_map_of(compared("good", "bad"))
    assert heat is not None
    said = {row["slice"]: (row["figure"], row["word"]) for row in heat.drawing.rows}
    assert said["tag: bad"] == ("-0.500", "worse")
    assert said["tag: good"] == ("+0.200", "")
    order = heat.drawing.chart.to_dict()["layer"][0]["encoding"]["y"]["sort"]
    assert order.index("tag: bad") < order.index("tag: good")


def test_slices_that_have_no_room_are_counted() -> None:
    heat = heat_map_of(compared(*(f"t{at}" for at in range(SLICES + 3))))
    assert heat is not None
    assert heat.slices_left_out == 3
    assert len({row["slice"] for row in heat.drawing.rows}) == SLICES


def test_runs_that_have_no_room_are_counted_and_the_best_stay() -> None:
    others = [tagged(f"run{at}", at / 20) for at in range(12)]
    heat = heat_map_of(compare_runs([tagged("base", 0.0), *others]))
    assert heat is not None
    assert heat.runs_left_out == 2
    assert {row["run"] for row in heat.drawing.rows} == {f"run{at}" for at in range(10)}


def test_without_slices_there_is_no_map() -> None:
    plain = {"tags": (), "type": "", "docs": ()}
    runs = [
        run(name, [case(at, {"recall@5": value}, **plain) for at in range(9)]) for name, value in (("a", 0), ("b", 1))
    ]
    assert heat_map_of(compare_runs(runs)) is None


def test_names_are_drawn_inert_everywhere() -> None:
    found = compared(HOSTILE, "\x00bad\n")
    heat, drawn = heat_map_of(found), drawings_of(found)
    assert heat is not None
    assert drawn.slices is not None
    for chart in (heat.drawing.chart, drawn.slices.chart):
        said = str(chart.to_dict())
        assert not any(character in said for character in ("\u202e", "\x00", "\\x00", "\\n"))
