"""The compare page: what it says of runs, which is what the command says."""

from collections.abc import Sequence

import orjson
import pytest
from streamlit.testing.v1 import AppTest

from evals.compare_commands import CompareRequest, compare
from evals.findings import MetricDifference
from evals.run import Run
from evals.verdicts import figure, interval, number, places_of, probability, signed
from rag.settings import Settings
from rag.terminal import Options
from tests.browser.conftest import texts
from tests.browser.saved_runs import measured, saved
from tests.unit.made_runs import HOSTILE, case, run, weighted

QUESTIONS = ["1. Is it real?", "2. How big?", "3. Where?", "4. At what cost?", "5. What breaks?"]


@pytest.fixture
def two(settings: Settings) -> tuple[Settings, list[str]]:
    base, new = measured("base", 4, bundle_content=weighted(0.5)), measured("new", 2, bundle_content=weighted(0.3))
    return settings, saved(settings, [base, new])


def shown_tables(page: AppTest) -> list[list[dict[str, object]]]:
    return [frame.value.to_dict("records") for frame in page.dataframe]


def table_with(page: AppTest, *columns: str) -> list[dict[str, object]]:
    return next(rows for rows in shown_tables(page) if rows and set(columns) <= set(rows[0]))


def test_without_runs_the_page_says_how_to_make_some(page_of, settings) -> None:
    page = page_of(settings, "compare")
    assert not page.exception
    assert "There are no runs yet" in page.info[0].value
    assert "plumbline eval run SET --bundle FILE.yaml" in [code.value for code in page.code]
    assert "experiment" in str(page.get("page_link")[0].proto)


def test_one_run_is_too_few(page_of, settings) -> None:
    saved(settings, [measured("base", 4)])
    page = page_of(settings, "compare")
    assert not page.exception
    assert "There is one run" in page.info[0].value


def test_runs_stand_in_a_table_with_their_interval_until_two_are_chosen(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare")
    assert not page.exception
    rows = table_with(page, "set", "interval")
    assert {row["id"] for row in rows} == set(ids)
    assert {(row["name"], row["mean"], row["interval"]) for row in rows} == {
        ("base", "0.250", "[0.240, 0.260]"),
        ("new", "0.500", "[0.490, 0.510]"),
    }
    assert "Choose two runs" in page.info[0].value
    assert "Choose another run" in page_of(settings, "compare", runs=ids[0]).info[0].value


def test_two_runs_are_told_in_the_order_of_tuning(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=",".join(ids))
    assert not page.exception
    assert [each.value for each in page.header][:5] == QUESTIONS
    assert "new is better than base by 0.250 [0.150, 0.367] recall@5" in texts(page)
    assert table_with(page, "field") == [{"field": "query.dense_weight", "base": "0.5", "new": "0.3"}]
    assert table_with(page, "ok", "timeout")[0]["ok"] == "60"


def test_the_figures_are_those_of_the_command_to_the_last_digit(
    page_of, two, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=",".join(ids), metric="recall@5,ndcg@10")
    request = CompareRequest(ids, metrics=["recall@5", "ndcg@10"])
    compare(Options(), request, as_json=True)
    said = orjson.loads(capsys.readouterr().out)
    assert_metrics(table_with(page, "metric", "A", "B"), said["pairs"][0]["metrics"])
    assert_slices(table_with(page, "slice"), said["pairs"][0]["slices"])
    means = {row["run"]: (row["mean"], row["interval"]) for row in table_with(page, "run", "mean")}
    for facts in said["runs"]:
        mean = facts["means"]["recall@5"]
        own = figure("recall@5", mean["mean"]), interval(mean["ci_low"], mean["ci_high"], 3)
        assert means[facts["label"]] == own
    spent = {row["run"]: (row["tokens, mean"], row["ms, p95"]) for row in table_with(page, "tokens, mean")}
    for facts in said["runs"]:
        tokens, took = facts["spent"]["context_tokens"], facts["spent"]["latency_ms.total"]
        assert spent[facts["label"]] == (
            figure("context_tokens", tokens["mean"]),
            figure("latency_ms.total", took["p95"]),
        )


def assert_metrics(rows: Sequence[dict[str, object]], metrics: dict[str, dict[str, float]]) -> None:
    assert {str(row["metric"]).removesuffix(" *") for row in rows} >= {"recall@5", "ndcg@10"}
    for row in rows:
        name = str(row["metric"]).removesuffix(" *")
        found = metrics[name]
        places = places_of(name, as_difference(found))
        assert row["A"] == number(found["a"], places)
        assert row["B"] == number(found["b"], places)
        assert row["B - A"] == signed(found["difference"], places)
        assert row["interval"] == interval(found["ci_low"], found["ci_high"], places)
        assert row["p (Holm)"] == probability(found["p_holm"])
        assert row["shows"] == number(found["minimum_detectable"], places)


def assert_slices(rows: Sequence[dict[str, object]], slices: Sequence[dict[str, float]]) -> None:
    known = {f"{each['kind']}: {each['name']}": each for each in slices}
    assert {row["slice"] for row in rows} == set(known)
    for row in rows:
        each = known[str(row["slice"])]
        assert (row["B - A"], row["p (Holm)"]) == (signed(each["difference"], 3), probability(each["p_holm"]))
        assert row["note"] == ("worse" if each["worse"] else "")


def as_difference(found: dict[str, float]) -> MetricDifference:
    return MetricDifference.model_validate(found)


def test_many_runs_are_compared_with_the_first_and_one_is_looked_at_closely(page_of, settings) -> None:
    ids = saved(settings, [measured(f"run{at}", 2 + at % 3) for at in range(9)])
    page = page_of(settings, "compare", runs=",".join(ids), pair=ids[4])
    assert not page.exception
    assert len(table_with(page, "p (Holm)", "more questions", "run")) == 8
    assert page.selectbox(key="compare_pair").value == ids[4]
    assert any("3 more are in the tables" in each.value for each in page.caption)
    page.selectbox(key="compare_pair").set_value(ids[2]).run()
    assert not page.exception
    assert page.query_params["pair"] == ids[2]


def test_another_baseline_stands_first_in_the_address(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=",".join(ids))
    page.selectbox(key="compare_baseline").set_value(ids[1]).run()
    assert page.query_params["runs"] == ",".join(ids[::-1])
    assert "base is worse than new" in texts(page)


def test_runs_that_cannot_be_compared_say_why_and_what_to_do(page_of, settings) -> None:
    ids = saved(settings, [measured("base", 4), measured("new", 2, code="other")])
    page = page_of(settings, "compare", runs=",".join(ids))
    assert not page.exception
    assert "cannot be compared" in page.error[0].value
    assert "new (other) has another version of the code than base" in texts(page)
    assert "experiment" in str(page.get("page_link")[0].proto)
    page.toggle(key="compare_across_code").set_value(True).run()
    assert not page.exception
    assert page.query_params["across"] == "code"
    assert "Compared in spite of this, as --across code asks" in texts(page)


def test_a_run_or_a_metric_that_is_not_there_is_told(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=f"{ids[0]},20260101-absent")
    assert not page.exception
    assert "no finished run '20260101-absent'" in texts(page)
    page = page_of(settings, "compare", runs=",".join(ids), metric="recal@5")
    assert not page.exception
    assert "No run has a metric 'recal@5'. The nearest first: recall@5" in texts(page)


def test_a_question_that_changed_is_shown_with_both_rankings(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=",".join(ids), case="case002")
    assert not page.exception
    assert page.selectbox(key="compare_case").value == "case002"
    shown = texts(page)
    assert "Question 2?" in shown
    assert shown.count("doc2.txt 1–10") == 2
    links = " ".join(str(link.proto) for link in page.get("page_link"))
    assert "case002" in links
    assert "Question+2" in links or "Question 2" in links or "Question%202" in links


def test_texts_of_runs_are_shown_as_text(page_of, settings) -> None:
    def of(name: str, value: float) -> Run:
        cases = [case(at, {"recall@5": value}, question=HOSTILE, tags=(HOSTILE,)) for at in range(9)]
        plain = [case(at, {"recall@5": 0.5}, docs=(HOSTILE,)) for at in range(9, 20)]
        return run(name, [*cases, *plain], set_name=HOSTILE, notes=(HOSTILE,))

    ids = saved(settings, [of(f"a {HOSTILE}", 0.0), of(f"b {HOSTILE}", 1.0)])
    page = page_of(settings, "compare", runs=",".join(ids))
    assert not page.exception
    assert not any("<script" in each.value or "<img" in each.value for each in page.get("html"))
    assert "\u202e" not in texts(page)


def test_without_an_index_no_bundle_can_serve(page_of, two) -> None:
    settings, ids = two
    page = page_of(settings, "compare", runs=",".join(ids))
    assert not [button for button in page.button if button.key == "compare_serve"]
    assert "Nothing is indexed yet" in page.info[-1].value


def test_documents_that_its_roles_may_not_read_are_not_named(page_of, two, monkeypatch) -> None:
    settings, ids = two
    monkeypatch.setenv("PLUMBLINE_WORKBENCH__ROLES", "public")
    page = page_of(settings, "compare", runs=",".join(ids), case="case002")
    assert not page.exception
    shown = texts(page)
    assert "doc2.txt" not in shown
    assert "a document that is not shown here 1–10" in shown
