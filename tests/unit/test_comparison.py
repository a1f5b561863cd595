"""Comparisons: what may be compared, what is real, where, and which questions changed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest

from evals.auroc import paired_auroc
from evals.bundle_diff import differences
from evals.comparison import compare_tables
from evals.findings import Comparison, Pair
from evals.run import Run
from evals.run_table import read_table, table_of_run
from evals.runs import load_file
from evals.significance import holm
from rag.config import Bundle, QueryConfig
from rag.errors import UsageError
from tests.unit.made_runs import case, compare_runs, run, scored, weighted

ZEROS = [0.0] * 40
BETTER = [1.0] * 30 + [0.0] * 10  # than zeros, beyond doubt
LUCKY = [1.0] * 4 + [0.0] * 36  # than zeros, perhaps


def on(split: str, name: str, found: int, asked: int = 40, **facts: object) -> Run:
    """Return a run of a split whose first questions are found."""
    first = {"tune": 0, "holdout": 100, "all": 0}[split]
    cases = [case(first + at, {"recall@5": float(at < found)}) for at in range(asked)]
    return run(name, cases, **{"split": split, "id": f"{name}-{split}", **facts})


def both_splits() -> list[Run]:
    return [on("tune", "a", 0), on("tune", "b", 30), on("holdout", "a", 0, 30), on("holdout", "b", 3, 30)]


def pair_of(*runs: Run, **named: object) -> Pair:
    found = compare_runs(runs, **named)
    assert found.comparable, found.reason
    return found.pairs[0]


def reason(*runs: Run, **named: object) -> str:
    found = compare_runs(runs, **named)
    assert (found.comparable, found.pairs) == (False, ())
    return found.reason


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"set": "other"}, "b (other) has another eval set than a (set-digest)."),
        ({"corpus": "other"}, "b (other) has other documents than a (corpus-diges). Run them over the same documents"),
        ({"split": "tune"}, "b (tune) has another split than a (all). Run them with the same --split."),
        ({"limit": 9}, "b (9) has another limit than a (none). Run them with the same --limit."),
        ({"scoring": "chroma"}, "b (chroma) has another scoring than a (strict)."),
        ({"code": "other"}, "or compare with --across code."),
        ({"model": "other"}, "or compare with --across model."),
    ],
)
def test_unlike_runs_are_not_compared_and_the_reason_says_which_and_what_to_do(
    facts: dict[str, object], words: str
) -> None:
    assert words in reason(scored("a", ZEROS), scored("b", BETTER, **facts))


def test_the_reason_names_all_runs_that_differ() -> None:
    runs = [scored(name, ZEROS, corpus=corpus) for name, corpus in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "z"))]
    assert reason(*runs).startswith("c (y) and d (z) have other documents than a (x).")


def test_runs_of_other_cases_are_not_compared() -> None:
    assert "b holds 0 questions that a lacks, and lacks 1 of its." in reason(scored("a", ZEROS), scored("b", ZEROS[1:]))


def test_other_code_is_compared_when_asked_for_and_said() -> None:
    runs = scored("a", ZEROS), scored("b", BETTER, code="other")
    found = compare_runs(runs, across=["code"])
    assert found.comparable
    assert "--across code asks: b (other) has another version of the code" in found.notes[0]
    assert "another embedding model" in reason(*runs, scored("c", ZEROS, model="x"), across=["code"])


def test_a_real_difference_is_said_in_a_sentence() -> None:
    found = pair_of(scored("a", ZEROS), scored("b", BETTER))
    assert found.verdicts == ("b is better than a by 0.750 [0.625, 0.875] recall@5 (p 0.0001 after Holm).",)
    worse = pair_of(scored("b", BETTER), scored("a", ZEROS))
    assert worse.verdicts == ("a is worse than b by 0.750 [0.625, 0.875] recall@5 (p 0.0001 after Holm).",)


def test_what_cannot_be_shown_says_what_could_be_and_how_many_more_questions_it_takes() -> None:
    found = pair_of(scored("a", ZEROS), scored("b", LUCKY))
    each = found.metrics["recall@5"]
    assert each.questions_needed is not None
    assert each.more_questions == each.questions_needed - 40
    assert found.verdicts[0].startswith(
        "No difference can be shown: 0.100 [0.025, 0.200] recall@5; p 0.125, though the interval leaves out 0; "
    )
    assert found.verdicts[0].endswith(
        f"this set shows differences from {each.minimum_detectable:.3f} up; "
        f"about {each.more_questions} more questions would settle one of this size."
    )


def test_runs_that_agree_on_every_question_have_no_difference() -> None:
    assert pair_of(scored("a", LUCKY), scored("b", LUCKY)).verdicts == (
        "No difference: a and b have the same recall@5 on all 40 questions.",
    )


def test_less_time_is_better() -> None:
    slow, fast = (
        run(name, [case(at, {"latency_ms.total": ms + at % 3}) for at in range(40)])
        for name, ms in (("slow", 20.0), ("fast", 10.0))
    )
    found = pair_of(slow, fast, metrics=["latency_ms.total"])
    assert found.verdicts == (
        "fast is better than slow by 10.00 [10.00, 10.00] latency_ms.total (p 0.0001 after Holm).",
    )
    assert len(found.gains) == 10
    assert found.losses == ()


def test_difference_and_means_are_over_questions_that_have_a_value_on_both_sides() -> None:
    found = pair_of(scored("a", [None, 0.0, 0.5, 1.0]), scored("b", [1.0, 1.0, 1.0, None])).metrics["recall@5"]
    assert (found.a, found.b, found.difference, found.n) == (0.25, 1.0, 0.75, 2)
    assert (found.wins, found.ties, found.losses) == (2, 0, 0)


def test_holm_counts_all_pairs_and_all_named_metrics_and_no_others() -> None:
    def of(name: str, values: list[float]) -> Run:
        rows = [{"recall@5": value, "ndcg@10": value / 2, "ap": value} for value in values]
        return run(name, [case(at, row) for at, row in enumerate(rows)])

    found = compare_runs([of("a", ZEROS), of("b", BETTER), of("c", LUCKY)], metrics=["recall@5", "ndcg@10"])
    named = [pair.metrics[name] for pair in found.pairs for name in ("recall@5", "ndcg@10")]
    assert found.tests == 4
    assert [each.p_holm for each in named] == holm([each.p for each in named])
    assert [each.significant for each in named] == [True, True, False, False]
    assert all(each.named for each in named)
    other = found.pairs[0].metrics["ap"]
    assert (other.named, other.p_holm, other.significant) == (False, None, None)
    assert other.p is not None


def test_a_metric_undefined_on_one_side_has_nulls() -> None:
    a = run("a", [case(at, {"recall@5": 1.0, "answer_f1": 0.5}) for at in range(9)])
    b = run("b", [case(at, {"recall@5": 1.0}) for at in range(9)], retrieval_only=True)
    found = pair_of(a, b, metrics=["answer_f1", "recall@5"])
    nothing = found.metrics["answer_f1"].model_dump(exclude={"named", "n", "left_out"})
    assert set(nothing.values()) == {None}
    assert (found.metrics["answer_f1"].n, found.metrics["answer_f1"].left_out) == (0, 9)
    assert found.verdicts[0] == "answer_f1 cannot be compared: no question with a value in both runs."
    assert found.metrics["recall@5"].ties == 9
    assert compare_runs([a, b]).notes[0].startswith("b has rankings without answers: metrics of answers cannot be")


def test_the_area_of_abstention_is_compared_by_its_own_test() -> None:
    kinds = [at % 3 > 0 for at in range(30)]
    left, right = [(at * 7 % 10) / 10 for at in range(30)], [(at * 3 % 11) / 10 for at in range(30)]
    runs = [
        run(name, [case(at, {"ap": 1.0}, answerable=kinds[at], answerability=scores[at]) for at in range(30)])
        for name, scores in (("a", left), ("b", right))
    ]
    found = pair_of(*runs, metrics=["abstention_auroc"]).metrics["abstention_auroc"]
    expected = paired_auroc(left, right, kinds)
    assert (found.difference, found.p, found.p_holm) == (expected.difference, expected.p, expected.p)
    assert found.b is not None
    assert found.b - (found.a or 0) == pytest.approx(expected.difference)


def test_an_unknown_metric_is_a_usage_error_that_lists_the_nearest_first() -> None:
    runs = [run(name, [case(0, {"recall@5": 1.0, "recall@10": 1.0, "ap": 1.0})]) for name in ("a", "b")]
    with pytest.raises(UsageError, match=r"No run has a metric 'recal@5'\. The nearest first: recall@5, recall@10, "):
        compare_runs(runs, metrics=["recal@5"])


def test_of_many_metrics_five_are_named_for_one_that_no_run_has() -> None:
    values = {f"recall@{k}": 1.0 for k in range(30)}
    with pytest.raises(UsageError) as caught:
        compare_runs([run(name, [case(0, values)]) for name in ("a", "b")], metrics=["nonsense"])
    assert str(caught.value).count(",") == 4


def minimal(path: Path, name: str, rows: Sequence[Mapping[str, object]], **facts: object) -> Path:
    """Write a run with no more than the contract's fields."""
    cases = [{"id": f"case{at}", "state": "ok", "metrics": row} for at, row in enumerate(rows)]
    content = {"id": name, "set": "s", "corpus": "c", "bundle": name, "metrics": {}, "stages": {}}
    coverage = {"ok": len(rows), "empty": 0, "error": 0, "timeout": 0}
    file = path / name
    file.write_text(json.dumps(content | {"coverage": coverage, "cases": cases} | facts))
    return file


@pytest.mark.parametrize(
    ("values", "deciding"),
    [
        ({"answer_f1": 0.5, "ndcg@10": 0.5, "recall@5": 0.5, "ap": 0.5}, "recall@5"),
        ({"answer_f1": 0.5, "ndcg@10": 0.5, "recall@5": None}, "ndcg@10"),
        ({"exact_match": 0.5, "answer_f1": 0.5, "ap": 0.5}, "answer_f1"),
        ({"mrr@10": 0.5, "ap": 0.5}, "ap"),
    ],
)
def test_runs_that_name_no_headline_are_decided_by_rankings_before_answers(
    tmp_path: Path, values: dict[str, object], deciding: str
) -> None:
    found = compare_tables([read_table(minimal(tmp_path, name, [values] * 9)) for name in ("a", "b")])
    assert (found.named, found.headline) == ((deciding,), deciding)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.5", "x", True, 1e10, -1e300, [1]])
@pytest.mark.parametrize("others", [{"ap": 1.0}, {}], ids=["same names", "other names"])
def test_a_figure_that_no_run_writes_is_a_usage_error_with_its_place(
    tmp_path: Path, value: object, others: dict[str, object]
) -> None:
    file = minimal(tmp_path, "a", [{"ap": 1.0, "recall@5": 1.0}, others | {"recall@5": value}])
    said = r"a is not what `plumbline eval run --out` writes: cases\.1\.metrics\.recall@5: Input should be "
    with pytest.raises(UsageError, match=said):
        read_table(file)


def test_a_state_or_a_mean_that_no_run_writes_is_a_usage_error_with_its_place(tmp_path: Path) -> None:
    cases = [{"id": "1", "state": "well", "metrics": {}}]
    with pytest.raises(UsageError, match=r"writes: cases\.0\.state: Input should be ok, empty, error, timeout\."):
        read_table(minimal(tmp_path, "a", [], cases=cases))
    mean = {"mean": float("nan"), "ci_low": 0, "ci_high": 1, "n": 1, "undefined": 0}
    with pytest.raises(UsageError, match=r"writes: metrics\.ap: Input should be"):
        read_table(minimal(tmp_path, "a", [], metrics={"ap": mean}))


def test_a_case_that_stands_twice_is_said() -> None:
    twice = scored("b", ZEROS).model_copy(update={"cases": (*scored("b", ZEROS).cases, case(3, {"recall@5": 1.0}))})
    assert reason(scored("a", ZEROS), twice).startswith("b holds the case case003 more than once. Run it again")
    assert reason(twice, scored("a", ZEROS)).startswith("b holds the case case003 more than once.")


def test_a_limit_beyond_the_set_is_no_difference() -> None:
    assert compare_runs([scored("a", ZEROS), scored("b", BETTER, limit=40), scored("c", BETTER, limit=99)]).comparable
    assert "another limit" in reason(scored("a", ZEROS), scored("b", ZEROS[1:], limit=39))
    cut = [on("tune", name, 3, 9, limit=9) for name in ("a", "b")]
    assert "another limit" in reason(*cut, *both_splits()[2:])
    assert compare_runs([*both_splits()[:2], *(on("holdout", name, 3, 9, limit=10) for name in ("a", "b"))]).comparable


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_few_questions_are_said_to_show_nothing(count: int) -> None:
    assert (
        pair_of(scored("a", ZEROS[:count]), scored("b", [1.0] * count))
        .verdicts[0]
        .endswith("; fewer than 6 questions can show none.")
    )


def test_differences_that_are_all_equal_are_not_said_to_be_shown_from_0_up() -> None:
    runs = [scored(name, [value] * 6) for name, value in (("a", 0.0), ("b", 1.0), ("c", 1.0))]
    found = compare_runs(runs).pairs[0]
    assert found.verdicts == (
        "No difference can be shown: 1.000 [1.000, 1.000] recall@5; p 0.031 alone, 0.062 after Holm.",
    )


def test_one_run_is_no_comparison() -> None:
    with pytest.raises(UsageError, match="at least two"):
        compare_runs([scored("a", ZEROS)])


def test_the_largest_flips_come_first_with_both_rankings() -> None:
    found = pair_of(scored("a", [0.0, 0.5, 1.0, 0.2]), scored("b", [1.0, 0.7, 0.0, None]))
    assert [each.id for each in found.gains] == ["case000", "case001"]
    assert [each.id for each in found.losses] == ["case002"]
    lost = found.losses[0]
    assert (lost.question, lost.a, lost.b, lost.difference) == ("Question 2?", 1.0, 0.0, -1.0)
    assert [place.id for place in lost.ranking_b] == ["chunk1", "chunk2"]


def test_a_slice_that_gets_worse_is_marked_even_where_the_mean_rises() -> None:
    def of(name: str, rare: float, common: float) -> Run:
        rows = [("rare", rare)] * 20 + [("common", common)] * 80
        return run(name, [case(at, {"recall@5": value}, tags=(tag,)) for at, (tag, value) in enumerate(rows)])

    runs = of("a", 1.0, 0.0), of("b", 0.0, 1.0)
    found = pair_of(*runs)
    assert compare_runs(runs).warnings == ("b is worse than a in tag rare (-1.000).",)
    assert found.metrics["recall@5"].difference == pytest.approx(0.6)
    tags = {each.name: each for each in found.slices if each.kind == "tag"}
    assert (tags["rare"].worse, tags["rare"].n, tags["rare"].difference) == (True, 20, -1.0)
    assert (tags["common"].worse, tags["common"].difference) == (False, 1.0)
    assert tags["rare"].p_holm >= tags["rare"].p


def test_questions_are_sliced_by_their_length() -> None:
    words = [6] * 10 + [7] * 11 + [12] * 5 + [13] * 12 + [0] * 6
    runs = [
        run(name, [case(at, {"recall@5": value}, question="word " * size) for at, size in enumerate(words)])
        for name, value in (("a", 0.0), ("b", 1.0))
    ]
    found = [(each.name, each.n) for each in pair_of(*runs).slices if each.kind == "length"]
    assert found == [("7 to 12 words", 16), ("13 words and more", 12), ("up to 6 words", 10)]


def test_small_slices_are_folded_and_said() -> None:
    tags = ["big"] * 30 + [f"small{at}" for at in range(6)]
    runs = [
        run(name, [case(at, {"recall@5": float(at % odd == 0)}, tags=(tag,)) for at, tag in enumerate(tags)])
        for name, odd in (("a", 2), ("b", 3))
    ]
    found = pair_of(*runs)
    assert {(each.name, each.n) for each in found.slices if each.kind == "tag"} == {("big", 30), ("other", 6)}
    assert 'tag: 6 with fewer than 5 questions that have a value folded into "other" (6 questions)' in found.slice_notes


def test_slices_of_every_question_tell_nothing_and_are_left_out() -> None:
    assert {each.kind for each in pair_of(scored("a", ZEROS), scored("b", BETTER)).slices} == {"document"}


def test_failures_are_warned_of_and_never_zeros() -> None:
    failed = {"ok": 38, "empty": 0, "error": 1, "timeout": 1}
    found = compare_runs([scored("a", BETTER), scored("b", [*BETTER[:38], None, None], coverage=failed)])
    assert found.warnings[0].startswith("b: 2 of 40 questions failed (errors 1, time-outs 1).")
    assert found.pairs[0].metrics["recall@5"].n == 38
    assert found.pairs[0].metrics["recall@5"].losses == 0


def test_what_found_nothing_is_warned_of_with_the_pairs_that_it_costs() -> None:
    empty = {"ok": 37, "empty": 3, "error": 0, "timeout": 0}
    found = compare_runs([scored("a", BETTER), scored("b", [*BETTER[:37], None, None, None], coverage=empty)])
    assert found.warnings == (
        "b: for 3 of 40 questions nothing was found. They are in no mean of rankings, which flatters it: "
        "only questions with a value in both runs are compared.",
        "recall@5, b against a: 3 questions left out of 40, as only one of the two runs has a value there.",
    )
    assert (found.pairs[0].metrics["recall@5"].n, found.pairs[0].metrics["recall@5"].left_out) == (37, 3)


def test_a_question_without_truth_is_not_said_to_be_left_out() -> None:
    found = compare_runs([scored("a", [None, *ZEROS]), scored("b", [None, *BETTER])])
    assert found.warnings == ()
    assert found.pairs[0].metrics["recall@5"].left_out == 0


def test_pairs_left_out_are_said_for_the_metrics_that_decide_alone() -> None:
    a = run("a", [case(at, {"recall@5": 1.0, "ap": 1.0}) for at in range(9)])
    b = run("b", [case(at, {"recall@5": 1.0, "ap": None if at else 1.0}) for at in range(9)])
    assert compare_runs([a, b]).warnings == ()
    assert compare_runs([a, b], metrics=["ap"]).warnings == (
        "ap, b against a: 8 questions left out of 9, as only one of the two runs has a value there.",
    )


def test_a_search_of_a_floor_is_told_from_a_bundle() -> None:
    found = compare_runs([scored("random", ZEROS), scored("random", BETTER, id="2", search="random")])
    assert [each.label for each in found.runs] == ["random", "floor random"]
    assert [each.search for each in found.runs] == ["", "random"]
    changes = [each.model_dump() for each in found.pairs[0].changes]
    assert changes == [{"field": "search", "a": "bundle", "b": "floor random"}]
    named = compare_runs([scored("a", ZEROS), scored("a", BETTER, search="random")])
    assert [each.label for each in named.runs] == ["a", "a, floor random"]


def test_runs_with_other_time_outs_are_not_compared() -> None:
    silent, patient, hasty = (scored(name, ZEROS, timeout_s=s) for name, s in (("x", None), ("a", 30.0), ("b", 5.0)))
    said = reason(silent, patient, hasty)
    assert said == "b (5.0) has another time-out than a (30.0). Run them with the same --timeout."
    assert compare_runs([silent, patient]).comparable


def test_runs_of_both_splits_are_compared_within_each() -> None:
    runs = both_splits()
    found = compare_runs([runs[at] for at in (0, 2, 1, 3)])
    assert found.comparable
    assert [(each.a, each.b, each.split) for each in found.pairs] == [
        ("a-tune", "b-tune", "tune"),
        ("a-holdout", "b-holdout", "holdout"),
    ]
    assert [each.metrics["recall@5"].difference for each in found.pairs] == [0.75, 0.1]
    assert [each.label for each in found.runs] == ["a on tune", "a on holdout", "b on tune", "b on holdout"]
    assert found.pairs[0].verdicts[0].startswith("b on tune is better than a on tune by 0.750")
    assert (found.tests, found.cases) == (2, 70)


def test_a_split_among_two_is_compared_as_it_is_alone() -> None:
    runs = both_splits()
    alone, among = compare_runs(runs[:2]).pairs[0], compare_runs(runs).pairs[0]
    own = {"p_holm": None}
    assert among.metrics["recall@5"].model_copy(update=own) == alone.metrics["recall@5"].model_copy(update=own)
    assert (among.slices, among.gains) == (alone.slices, alone.gains)


def test_holm_counts_the_pairs_of_both_splits() -> None:
    each = [pair.metrics["recall@5"] for pair in compare_runs(both_splits()).pairs]
    assert [found.p_holm for found in each] == holm([found.p for found in each])


def test_both_splits_of_a_bundle_stand_beside_each_other() -> None:
    found = compare_runs([*both_splits(), on("tune", "c", 20)])
    means = [(each.label, each.bundle, each.tune and each.tune.mean) for each in found.splits]
    assert means == [("a", "bundle-a", 0.0), ("b", "bundle-b", 0.75), ("c", "bundle-c", 0.5)]
    assert [each.holdout and each.holdout.mean for each in found.splits] == [0.0, 0.1, None]
    assert found.splits[1].tune is not None
    assert found.splits[1].tune.ci_low == pytest.approx(0.74)


def test_a_bundle_that_was_run_twice_stands_twice() -> None:
    found = compare_runs([*both_splits(), on("tune", "b", 31, id="again")])
    assert [(each.label, each.holdout is None) for each in found.splits] == [
        ("a", False),
        ("b (b-tune)", False),
        ("b (again)", True),
    ]


def test_runs_of_one_split_have_no_splits() -> None:
    assert compare_runs([scored("a", ZEROS), scored("b", BETTER)]).splits == ()


@pytest.mark.parametrize(
    "runs",
    [
        both_splits()[::2],
        both_splits()[1::2],
        both_splits()[:3],
        [*both_splits(), on("all", "a", 0)],
        [*both_splits()[:2], on("holdout", "x", 0), on("holdout", "y", 0)],
        [on("tune", "a", 0), on("tune", "b", 3), on("all", "a", 0), on("all", "b", 3)],
    ],
    ids=["one bundle", "another", "one alone", "all besides", "other bundles", "all instead"],
)
def test_other_runs_of_several_splits_are_not_compared_and_hear_how_they_could_be(runs: list[Run]) -> None:
    said = reason(*runs)
    assert "another split than" in said
    assert "at least two runs of each and of the same bundles: A_tune B_tune A_holdout B_holdout." in said


def test_runs_of_both_splits_must_share_all_else() -> None:
    assert "other documents than" in reason(*both_splits()[:3], on("holdout", "b", 3, 30, corpus="other"))
    said = reason(*both_splits()[:3], on("holdout", "b", 3, 29))
    assert said.startswith("b (b-holdout) holds 0 questions that a (a-holdout) lacks, and lacks 1 of its.")


def test_a_run_that_does_not_beat_bm25_is_marked() -> None:
    floors = {"bm25": {"run": "x", "mean": 0.8, "difference": -0.05, "ci_low": -0.1, "ci_high": 0.01}}
    found = compare_runs([scored("a", BETTER), scored("b", BETTER, beats_bm25=False, floors=floors)])
    assert found.warnings == (
        "b is not shown to beat plain BM25: recall@5 0.750 against 0.800, ahead by -0.050 [-0.100, 0.010].",
    )


def test_bundles_are_compared_field_by_field() -> None:
    found = pair_of(scored("a", ZEROS, bundle_content=weighted(0.5)), scored("b", ZEROS, bundle_content=weighted(0.25)))
    assert [each.model_dump() for each in found.changes] == [{"field": "query.dense_weight", "a": "0.5", "b": "0.25"}]


def test_fields_of_parts_are_named_by_their_path_and_keep_their_kind() -> None:
    one, other = Bundle(), Bundle(query=QueryConfig(legs=("lexical",), top_k=3))
    assert ("query.top_k", one.query.top_k, 3) in differences(one, other)
    assert ("query.legs", list(one.query.legs), ["lexical"]) in differences(one, other)
    assert differences(one, one) == []


def test_time_is_shown_with_its_mean_and_its_95th_percentile() -> None:
    cases = [case(at, {"recall@5": 1.0, "latency_ms.total": float(at)}) for at in range(101)]
    spent = compare_runs([run("a", cases), run("b", cases)]).runs[0].spent["latency_ms.total"]
    assert (spent.mean, spent.p95, spent.n) == (50.0, 95.0, 101)


def test_runs_of_one_name_are_told_apart() -> None:
    found = compare_runs([scored("a", ZEROS, id="1"), scored("a", ZEROS, id="2"), scored("a", ZEROS, id="2")])
    assert [each.label for each in found.runs] == ["a (1)", "a (2) #2", "a (2) #3"]


@pytest.mark.parametrize("cases", [0, 1, 9])
def test_runs_without_any_metric_are_compared_without_any_finding(cases: int) -> None:
    found = compare_runs([run(name, [case(at, {}) for at in range(cases)]) for name in ("a", "b")])
    assert (found.comparable, found.named, found.tests, found.pairs[0].verdicts) == (True, (), 0, ())


def test_one_question_decides_nothing() -> None:
    found = pair_of(scored("a", [1.0]), scored("b", [0.0]))
    assert found.verdicts == ("recall@5 cannot be compared: 1 question with a value in both runs.",)
    assert (found.metrics["recall@5"].a, found.metrics["recall@5"].difference) == (1.0, None)


def test_the_order_of_cases_does_not_matter() -> None:
    a, b = scored("a", LUCKY), scored("b", BETTER)
    turned = b.model_copy(update={"cases": b.cases[::-1]})
    assert compare_runs([a, turned]).pairs == compare_runs([a, b]).pairs


def test_files_compare_as_the_runs_that_they_hold(tmp_path: Path) -> None:
    runs = [scored("a", LUCKY), scored("b", [*BETTER[:39], None], bundle_content=weighted(0.3))]
    found = compare_tables([read_table(written(tmp_path / each.name, each)) for each in runs])
    assert found == compare_runs(runs)
    assert Comparison.model_validate_json(found.model_dump_json()) == found


def test_cases_of_a_file_may_leave_out_fields_and_differ_in_their_metrics(tmp_path: Path) -> None:
    bare = [{"id": "1", "state": "ok", "metrics": {"ap": 1}}, {"id": "2", "state": "ok", "metrics": {"mrr@5": 0.5}}]
    content = scored("a", []).as_json(cases=False) | {"cases": bare}
    (tmp_path / "run").write_bytes(orjson.dumps(content))
    table = read_table(tmp_path / "run")
    assert (table.names, table.cases.answerable, table.ranking(0, 5)) == (("ap", "mrr@5"), (True, True), ())
    assert table.values.tolist()[0][0] == 1.0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cases": 3}', '{"cases": [3]}', '{"cases": [{"id": "1", "metrics": {"ap": "x"}}]}']
)
def test_what_is_no_run_is_a_usage_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError, match="is not what `plumbline eval run --out` writes"):
        read_table(tmp_path / "run.json")


@pytest.mark.parametrize("name", ["absent", "folder", "text", "cases"])
def test_a_file_is_refused_in_the_same_words_by_either_reader(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_bytes(b"\xff{")
    (tmp_path / "cases").write_text('{"cases": [{"id": 1}]}')
    said = []
    for read in (read_table, load_file):
        with pytest.raises(UsageError) as caught:
            read(tmp_path / name)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_table_knows_its_run_without_the_cases() -> None:
    table = table_of_run(scored("a", LUCKY))
    assert table.run.cases == ()
    assert table.column("recall@5").tolist() == LUCKY


def written(path: Path, each: Run) -> Path:
    path.write_bytes(orjson.dumps(each.as_json(cases=True)))
    return path
