"""Tables as pictures and as figures: whole, inert, and drawn whatever they hold."""

import csv
from html.parser import HTMLParser
from io import StringIO

import pytest

from evals.report_content import Grid
from tests.unit.made_runs import HOSTILE
from workbench.widgets.grids import rows_of
from workbench.widgets.pictures import Drawn, table_picture
from workbench.widgets.tables import as_csv

TABLE = Drawn("Metrics", ("metric", "A", "B"), (("recall@5", "0.250", "+0.500"), ("ndcg@10", "0.1", "")))


class Words(HTMLParser):
    """The elements and the words of a drawing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the signature is the parser's
        self.elements.add(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_a_table_is_drawn_with_all_its_cells() -> None:
    said = Words(table_picture(TABLE, "svg").decode()).words
    assert [word for word in said if word] == [
        "Metrics", "metric", "A", "B", "recall@5", "0.250", "+0.500", "ndcg@10", "0.1",
    ]  # fmt: skip
    png = table_picture(TABLE, "png")
    assert png.startswith(b"\x89PNG")
    assert len(png) > 2000


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\u202e", "\ud800", "\n", "<", '"', "&"])
def test_whatever_a_cell_holds_the_picture_is_drawn(character: str) -> None:
    table = Drawn(f"t{character}", (f"a{character}", "b"), ((f"x{character}y", f"1{character}"),))
    assert table_picture(table, "png").startswith(b"\x89PNG")


def test_markup_in_a_cell_stays_text() -> None:
    svg = table_picture(Drawn(HOSTILE, (HOSTILE, "b"), ((HOSTILE, HOSTILE),)), "svg").decode()
    assert Words(svg).elements == {"svg", "rect", "text", "line"}
    assert "\u202e" not in svg


def test_a_long_cell_goes_on_in_the_next_line() -> None:
    svg = table_picture(Drawn("t", ("question",), (("word " * 40,),)), "svg").decode()
    assert sum("word" in each for each in Words(svg).words) > 2


def test_figures_stay_figures_in_csv_and_formulas_become_text() -> None:
    grid = Grid("t", ("run", "B - A", ""), (("=cmd()", "-0.040", "+1,200"), ("+evil", "+0.5", "-x")))
    found = list(csv.DictReader(StringIO(as_csv(rows_of(grid)).decode("utf-8-sig"))))
    assert [list(row.values()) for row in found] == [["'=cmd()", "-0.040", "+1,200"], ["'+evil", "+0.5", "'-x"]]
    assert list(found[0]) == ["run", "B - A", "note"]
