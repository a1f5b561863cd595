"""Reports of a comparison: on the terminal, as Markdown, as a page that needs nothing and trusts nothing."""

import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from evals.charts import COLOURS, SHAPES, charts_of
from evals.compare_commands import CompareRequest, compare
from evals.findings import Comparison
from evals.report_content import coverage
from evals.report_html import page_of
from evals.report_markdown import markdown_of
from evals.report_text import print_comparison
from evals.run import Run
from evals.runs import RunBook
from evals.verdicts import decimals, number, probability, rounded, signed
from evals.written_files import write_file
from rag.database import schema
from rag.database.engine import Database
from rag.errors import NotFoundError, UsageError
from rag.terminal import Options
from tests.unit.made_runs import HOSTILE, case, compare_runs, run, weighted

VOID = {"meta", "br", "img", "link", "input"}


def measured(name: str, every: int, **facts: object) -> Run:
    """Return a run that finds the answer to one question of `every`."""
    rows = [
        {"recall@5": float(at % every == 0), "recall@250t": 0.3, "recall@500t": 0.6}
        | {"latency_ms.total": 5.0 + at % 4, "context_tokens": 600.0}
        for at in range(60)
    ]
    return run(name, [case(at, row, tags=("odd" if at % 2 else "even",)) for at, row in enumerate(rows)], **facts)


def found(*more: Run) -> Comparison:
    return compare_runs(
        [
            measured("base", 4, bundle_content=weighted(0.5)),
            measured("new", 2, bundle_content=weighted(0.3)),
            *more,
        ]
    )


def hostile() -> Comparison:
    def of(name: str, value: float) -> Run:
        cases = [case(at, {"recall@5": value}, question=HOSTILE, tags=(HOSTILE,)) for at in range(9)]
        plain = [case(at, {"recall@5": 0.5}, docs=(HOSTILE,)) for at in range(9, 20)]
        return run(name, [*cases, *plain], set_name=HOSTILE, notes=(HOSTILE,))

    return compare_runs([of(f"a {HOSTILE}", 0.0), of(f"b {HOSTILE}", 1.0)])


def on_terminal(comparison: Comparison, width: int = 80) -> str:
    drawn = StringIO()
    print_comparison(Console(file=drawn, width=width, no_color=True, highlight=False), comparison)
    return drawn.getvalue()


class Page(HTMLParser):
    """The elements and attributes of a page, in their order; every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def names(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


def test_the_terminal_has_what_decides_within_80_columns() -> None:
    said = on_terminal(found())
    assert max(map(len, said.splitlines())) <= 80
    assert "made: 60 questions, 2 runs that may be compared. Decided by recall@5;" in said
    assert re.search(r"^recall@5 \* +0\.250 +0\.500 \+0\.250 +\[0\.150, 0\.367\] 15/45/0 0\.\d{3}$", said, re.MULTILINE)
    assert re.search(r"^query\.dense_weight +0\.5 +0\.3 *$", said, re.MULTILINE)
    assert "new is better than base by 0.250" in said
    assert "Largest gains of recall@5" in said
    assert "index chunks" in said
    assert "\x1b" not in said


def test_many_runs_are_ranked_on_the_terminal_and_not_all_told() -> None:
    said = on_terminal(found(*(measured(f"run{at}", 3) for at in range(5))))
    assert "recall@5, each run B against A, base" in said
    assert said.count("What differs") == 0
    assert max(map(len, said.splitlines())) <= 80


def test_runs_that_cannot_be_compared_say_why_in_every_report() -> None:
    unlike = found(measured("far", 3, corpus="other"))
    for said in (on_terminal(unlike, 300), page_of(unlike)):
        assert "far (other) has other documents than base (corpus-diges)" in said
    assert "far (other) has other documents than base" in markdown_of(unlike)


def test_both_splits_stand_beside_each_other_in_every_report_with_a_warning() -> None:
    runs = [
        measured(name, every, split=split, id=f"{name}-{split}", bundle_content=weighted(every / 10))
        for split, gain in (("tune", 0), ("holdout", 1))
        for name, every in (("base", 4), ("new", 2 + gain))
    ]
    comparison = compare_runs(runs)
    said = on_terminal(comparison)
    assert max(map(len, said.splitlines())) <= 80
    assert "recall@5 on tune and on holdout" in said
    assert re.search(r"^new +0\.500 \[0\.490, 0\.510\] 60 +0\.333 \[0\.323, 0\.343\] 60$", said, re.MULTILINE)
    assert "recall@5, each run B against A, base on tune or base on holdout" in said
    for report in (said, markdown_of(comparison), page_of(comparison)):
        assert "The figure on tune flatters what was chosen on it" in report
    assert "| new | 0.500 | \\[0.490, 0.510\\] | 60 | 0.333 |" in markdown_of(comparison)
    assert Page(page_of(comparison)).open == []


def test_runs_that_found_nothing_are_marked_by_state() -> None:
    grid = coverage(found(measured("none", 3, coverage={"ok": 59, "empty": 1, "error": 0, "timeout": 0})))
    assert grid.marked == {2}


def test_markdown_has_the_same_content_as_tables() -> None:
    said = markdown_of(found())
    assert "## B new against A base" in said
    assert re.search(r"^\| recall@5 \\\* \| 0\.250 \| 0\.500 \| \+0\.250 \|", said, re.MULTILINE)
    assert "| metric | A | B | B - A | interval | +/=/- | shows | n | p | p (Holm) | more questions |" in said
    widths = [line.count(" | ") for line in said.splitlines() if line.startswith("| recall@5")]
    assert set(widths) == {10}


def test_markdown_shows_hostile_text_as_text() -> None:
    said = markdown_of(hostile())
    assert "<script" not in said.replace("\\<script", "")
    assert "\\[c\\](http" in said


def test_the_page_is_whole_and_needs_nothing_from_outside() -> None:
    text = page_of(found())
    page = Page(text)
    assert page.open == []
    assert page.names().isdisjoint({"script", "link", "img", "iframe", "object", "image"})
    assert not re.search(r"""(src|href)=["']?(?!#)|url\((?!#)|@import|@font-face""", text)
    assert "default-src 'none'" in text
    assert "prefers-color-scheme: dark" in text


def test_the_page_draws_all_charts_with_ids_of_their_own() -> None:
    page = Page(page_of(found()))
    assert sum(tag == "svg" for tag, _ in page.elements) == 4
    assert len(page.ids()) == len(set(page.ids()))


def test_the_page_shows_both_rankings_of_a_question_that_changed() -> None:
    text = page_of(found())
    assert "<summary>Question 2? <span" in text
    assert text.count("doc2.txt <span") >= 4


def test_the_page_shows_hostile_text_as_text() -> None:
    text = page_of(hostile())
    page = Page(text)
    assert page.open == []
    assert page.names().isdisjoint({"script", "img"})
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "&lt;script&gt;alert" in text
    assert "<script" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x0b", "\x0c", "\x1b", "\ufffe", "\uffff", "\r\n\t", '"', "\\", "\u2028"]
)
def test_charts_are_drawn_whatever_characters_names_hold(character: str) -> None:
    def of(name: str, value: float) -> Run:
        rows = {f"re{character}call": value, "recall@250t": value, "latency_ms.total": 1.0 + value}
        cases = [case(at, rows, tags=(f"t{character}g" if at % 2 else "even",)) for at in range(20)]
        return run(f"{name}{character}", cases, headline=f"re{character}call")

    drawn = charts_of(compare_runs([of("a", 0.0), of("b", 1.0)]))
    assert len(drawn) == 4
    assert not any(set("\x00\x01\x0b\x0c\x1b\ufffe\uffff") & set(svg) for svg in drawn.values())


def test_every_run_of_a_chart_has_its_own_colour_and_shape() -> None:
    assert len(set(COLOURS)) == len(set(SHAPES)) == len(COLOURS) == len(SHAPES)
    text = page_of(found(*(measured(f"run{at}", 3) for at in range(9))))
    assert "the best of the others; 5 more are in the tables" in text


def test_a_set_without_truth_for_budgets_has_fewer_charts() -> None:
    runs = [run(name, [case(at, {"recall@5": value}) for at in range(9)]) for name, value in (("a", 0.1), ("b", 0.9))]
    assert sum(tag == "svg" for tag, _ in Page(page_of(compare_runs(runs))).elements) == 1


def test_figures_have_sensible_digits() -> None:
    assert [decimals("recall@5", value) for value in (0.9, 0.05, 0.005, 0.0)] == [3, 4, 5, 3]
    assert [decimals("latency_ms.total", value) for value in (1234.0, 663.4, 9.83, 0.43)] == [0, 1, 3, 4]
    assert (number(-0.0001, 3), signed(0.0001, 3), signed(0.02, 3), number(None, 3)) == (
        "0.000",
        "0.000",
        "+0.020",
        "–",
    )
    assert [probability(p) for p in (0.0, 0.0001, 0.0123, 1.0, None)] == ["<0.0001", "0.0001", "0.012", "1.000", "–"]
    assert [rounded(count) for count in (7, 94, 1934, 13169)] == [7, 94, 1900, 13000]


def test_the_command_prints_json_writes_reports_and_returns_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = CompareRequest(files(tmp_path), html=tmp_path / "r.html", markdown=tmp_path / "r.md")
    assert compare(Options(), request, as_json=True) == 0
    said = orjson.loads(capsys.readouterr().out)
    assert said["comparable"] is True
    assert (said["pairs"][0]["a"], said["pairs"][0]["b"]) == ("id-a", "id-b")
    assert said["pairs"][0]["metrics"]["recall@5"]["difference"] == 0.25
    assert "<!doctype html>" in (tmp_path / "r.html").read_text()
    assert "# Comparison" in (tmp_path / "r.md").read_text()


def test_the_command_returns_1_where_runs_are_not_comparable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(Options(), CompareRequest(files(tmp_path, code="other")), as_json=True) == 1
    said = orjson.loads(capsys.readouterr().out)
    assert (said["comparable"], said["pairs"]) == (False, [])
    assert "another version of the code" in said["reason"]
    assert compare(Options(), CompareRequest(files(tmp_path, code="other"), across=["code"]), as_json=True) == 0


def test_runs_are_named_by_file_or_by_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    saved = saved_run(tmp_path, measured("b", 2))
    first, _ = files(tmp_path)
    assert compare(Options(), CompareRequest([first, saved.id]), as_json=True) == 0
    assert orjson.loads(capsys.readouterr().out)["pairs"][0]["b"] == saved.id
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        compare(Options(), CompareRequest([first, "absent.json"]), as_json=True)
    with pytest.raises(NotFoundError, match="no finished run '20260101-absent'"):
        compare(Options(), CompareRequest([first, "20260101-absent"]), as_json=True)


def test_a_run_named_by_id_is_compared_as_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    saved = saved_run(tmp_path, measured("b", 2))
    first, _ = files(tmp_path)
    (tmp_path / "file").write_bytes(orjson.dumps(saved.as_json(cases=True)))
    said = []
    for name in (saved.id, str(tmp_path / "file")):
        compare(Options(), CompareRequest([first, name]), as_json=True)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_a_report_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    request = CompareRequest(files(tmp_path), markdown=tmp_path / "absent" / "r.md")
    with pytest.raises(UsageError, match=r"^The report cannot be written to .*r\.md: No such file or directory\.$"):
        compare(Options(), request, as_json=True)
    with pytest.raises(UsageError, match=r"^The run cannot be written to .*: Is a directory\. It is saved as 7\.$"):
        write_file(tmp_path, b"", "The run", otherwise="It is saved as 7.")


def test_two_splits_return_0_and_two_runs_of_them_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for name, split in (("a", "tune"), ("b", "tune"), ("a", "holdout"), ("b", "holdout")):
        paths.append(str(tmp_path / f"{name}-{split}"))
        made = measured(name, 2 if name == "b" else 4, split=split, id=f"{name}-{split}")
        Path(paths[-1]).write_bytes(orjson.dumps(made.as_json(cases=True)))
    assert compare(Options(), CompareRequest(paths), as_json=True) == 0
    said = orjson.loads(capsys.readouterr().out)
    assert [(pair["a"], pair["b"]) for pair in said["pairs"]] == [("a-tune", "b-tune"), ("a-holdout", "b-holdout")]
    assert [(each["label"], each["tune"]["mean"]) for each in said["splits"]] == [("a", 0.25), ("b", 0.5)]
    assert compare(Options(), CompareRequest(paths[::2]), as_json=True) == 1
    assert "A_tune B_tune A_holdout B_holdout" in orjson.loads(capsys.readouterr().out)["reason"]


def saved_run(home: Path, made: Run) -> Run:
    """Return the run as it is saved in a new home."""
    database = Database(home / "truth.db")
    schema.upgrade(database, "truth")
    book = RunBook(database)
    facts = {"set_name": made.set_name, "set_digest": made.set, "bundle": made.bundle, "split": made.split}
    saved = made.model_copy(update={"id": book.begin("key", facts, len(made.cases))})
    book.save(saved)
    database.close()
    return saved


def files(folder: Path, **of_the_second: object) -> list[str]:
    for each in (measured("a", 4), measured("b", 2, **of_the_second)):
        (folder / each.name).write_bytes(orjson.dumps(each.as_json(cases=True)))
    return [str(folder / "a"), str(folder / "b")]
